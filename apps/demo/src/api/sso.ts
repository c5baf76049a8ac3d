import { randomBytes } from 'node:crypto'
import { parseCookie } from 'cookie'
import express, { type Router } from 'express'
import * as oauth from 'oauth4webapi'
import { env } from '../shared/env.ts'
import { userOf } from '../shared/users.ts'
import { welcome } from './licenses.ts'
import { deviceKeyIn, startSession } from './sessions.ts'

/** A sign-in that is under way at the identity provider. */
type Pending = Readonly<{ state: string; nonce: string; verifier: string; returnTo: string; jkt: string | undefined; expiresAt: number }>

const NAME = 'quarterly_sso'
const REDIRECT_URI = `${env.api}/api/sso/callback`
const CLIENT: oauth.Client = { client_id: 'quarterly' }
const PENDING_MS = 15 * 60_000
const MAX_PENDING = 1000
/** The identity provider of the demo is on this machine, without TLS. */
const INSECURE = { [oauth.allowInsecureRequests]: new URL(env.idp).protocol === 'http:' }

let discovered: oauth.AuthorizationServer | undefined

async function provider(): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(env.idp)
  discovered ??= await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { ...INSECURE, signal: AbortSignal.timeout(5000) }),
  )
  return discovered
}

/** Where the browser goes so that signing out here signs out at the identity provider, too. */
export function signOutUrl(idToken: string): string {
  const url = new URL('/session/end', env.idp)
  url.search = new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: `${env.web}/` }).toString()
  return url.href
}

/** "Sign in with Quarterly ID": OpenID Connect, authorization code flow with PKCE. */
export function createSso(): Router {
  const router = express.Router()
  const pending = new Map<string, Pending>()

  // our own page asks for it, never a link: somebody who chose the key in a link would get the login of the person who follows it
  router.post('/sign-in', async (request, response) => {
    const now = Date.now()
    for (const [key, { expiresAt }] of pending) if (expiresAt <= now || pending.size > MAX_PENDING) pending.delete(key)
    const begun: Pending = {
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      verifier: oauth.generateRandomCodeVerifier(),
      returnTo: request.body?.return === '/recover' ? '/recover' : '/',
      jkt: deviceKeyIn(request.body?.jkt),
      expiresAt: now + PENDING_MS,
    }
    const { authorization_endpoint: endpoint } = await provider().catch(() => ({ authorization_endpoint: undefined }))
    if (endpoint === undefined)
      return void response.status(503).json({ detail: 'Quarterly ID cannot be reached right now. Try again in a moment.' })
    const url = new URL(endpoint)
    url.search = new URLSearchParams({
      client_id: CLIENT.client_id,
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      scope: 'openid email profile',
      claims: JSON.stringify({ id_token: { sid: null } }),
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(begun.verifier),
      code_challenge_method: 'S256',
    }).toString()
    const secret = randomBytes(32).toString('base64url')
    pending.set(secret, begun)
    response.cookie(NAME, secret, { httpOnly: true, sameSite: 'lax', secure: env.api.startsWith('https:'), maxAge: PENDING_MS })
    response.json({ next: url.href })
  })

  router.get('/callback', async (request, response) => {
    const secret = parseCookie(request.headers.cookie ?? '')[NAME] ?? ''
    const begun = pending.get(secret)
    pending.delete(secret)
    response.clearCookie(NAME)
    if (!begun || begun.expiresAt <= Date.now()) return response.redirect(`${env.web}/?sign-in=expired`)
    try {
      const as = await provider()
      const parameters = oauth.validateAuthResponse(as, CLIENT, new URL(request.originalUrl, env.api), begun.state)
      const answer = await oauth.authorizationCodeGrantRequest(
        as,
        CLIENT,
        oauth.ClientSecretBasic(env.idpAppSecret),
        parameters,
        REDIRECT_URI,
        begun.verifier,
        { ...INSECURE, signal: AbortSignal.timeout(5000) },
      )
      const tokens = await oauth.processAuthorizationCodeResponse(as, CLIENT, answer, { expectedNonce: begun.nonce, requireIdToken: true })
      await oauth.validateApplicationLevelSignature(as, answer, INSECURE)
      const claims = oauth.getValidatedIdTokenClaims(tokens)
      const user = claims && userOf(claims.sub)
      if (!claims || !user || typeof claims.sid !== 'string' || claims.auth_time === undefined) throw new Error('incomplete ID token')
      if (!(await welcome(user))) throw new Error('no license to start with')
      startSession(response, {
        user,
        sid: claims.sid,
        jkt: begun.jkt,
        authTime: claims.auth_time,
        login: {
          issuer: 'sso',
          amr: Array.isArray(claims.amr) ? claims.amr.filter((each) => typeof each === 'string') : [],
          ...(typeof claims.acr === 'string' && { acr: claims.acr }),
          ...(tokens.id_token !== undefined && { idToken: tokens.id_token }),
        },
      })
      response.redirect(env.web + begun.returnTo)
    } catch (error) {
      const refused = error instanceof oauth.AuthorizationResponseError
      if (!refused) process.stderr.write(`Signing in with Quarterly ID failed: ${error instanceof Error ? error.message : 'unknown'}\n`)
      response.redirect(`${env.web}/?sign-in=${refused ? 'refused' : 'failed'}`)
    }
  })

  return router
}

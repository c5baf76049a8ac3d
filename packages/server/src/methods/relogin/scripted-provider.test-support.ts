import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { exportJWK, SignJWT } from 'jose'

export type ScriptedProvider = Awaited<ReturnType<typeof startScriptedProvider>>

/** What goes wrong at a place of the provider: a status, more than anybody sends, or no answer at all. */
export type Outage = number | 'huge' | 'silent'

/** What the provider puts into an answer, right or wrong. */
export type ScriptedLogin = Readonly<{
  /** Claims of the ID token; `undefined` leaves one out. */
  claims?: Readonly<Record<string, unknown>>
  header?: Readonly<Record<string, unknown>>
  /** Signs with a key that the provider does not publish. */
  foreignKey?: boolean
  /** Changes the ID token after it was signed. */
  change?: (idToken: string) => string
  /** The status and body of the token endpoint, if it refuses. */
  refuse?: Readonly<{ status: number; body: unknown; headers?: Readonly<Record<string, string>> }>
}>

/**
 * A login provider on a real port that answers what a test says: every wrong answer that a real one refuses to give. What is right is
 * checked as a real one would: client, code, redirect URI and PKCE verifier.
 */
export async function startScriptedProvider({
  now,
  clientId = 'stile',
  clientSecret,
  metadata = {},
}: Readonly<{ now: () => number; clientId?: string; clientSecret?: string; metadata?: Readonly<Record<string, unknown>> }>) {
  const keys = [0, 1].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }))
  const [own, foreign] = keys as [(typeof keys)[0], (typeof keys)[0]]
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'provider-1', alg: 'ES256', use: 'sig' }
  const codes = new Map<string, Readonly<{ asked: URLSearchParams; login: ScriptedLogin }>>()
  const outages = new Map<string, Outage>()
  const requests: string[] = []
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.writeHead(500).end(String(error)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', issuer).pathname
    requests.push(path)
    const outage = outages.get(path)
    if (outage === 'silent') return
    if (outage === 'huge')
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify('x'.repeat(300_000)))
    if (outage !== undefined) return json(response, outage, { error: 'temporarily_unavailable' })
    if (path === '/.well-known/openid-configuration')
      return json(response, 200, {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        id_token_signing_alg_values_supported: ['ES256', 'none'],
        authorization_response_iss_parameter_supported: true,
        ...metadata,
      })
    if (path === '/jwks') return json(response, 200, { keys: [jwk] })
    if (path === '/token') return token(request, response)
    json(response, 404, {})
  }

  async function token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(request))
    const found = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    if (found === undefined) return json(response, 400, { error: 'invalid_grant' })
    const { asked, login } = found
    if (login.refuse) return json(response, login.refuse.status, login.refuse.body, login.refuse.headers)
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (challenge !== asked.get('code_challenge') || asked.get('code_challenge_method') !== 'S256')
      return json(response, 400, { error: 'invalid_grant' })
    if (form.get('redirect_uri') !== asked.get('redirect_uri')) return json(response, 400, { error: 'invalid_grant' })
    if (!isClient(request, form)) return json(response, 401, { error: 'invalid_client' })
    json(response, 200, {
      access_token: randomBytes(16).toString('hex'),
      token_type: 'Bearer',
      expires_in: 60,
      id_token: await idToken(asked, login),
    })
  }

  function isClient({ headers }: IncomingMessage, form: URLSearchParams): boolean {
    if (clientSecret === undefined) return form.get('client_id') === clientId
    // RFC 6749 §2.3.1: both halves are form-encoded before they are joined
    const basic = `Basic ${Buffer.from([clientId, clientSecret].map((each) => new URLSearchParams({ each }).toString().slice(5)).join(':')).toString('base64')}`
    return headers.authorization === basic || (form.get('client_id') === clientId && form.get('client_secret') === clientSecret)
  }

  async function idToken(
    asked: URLSearchParams,
    { claims, header, foreignKey = false, change = (same) => same }: ScriptedLogin,
  ): Promise<string> {
    const payload = {
      iss: issuer,
      aud: clientId,
      sub: 'alice',
      iat: now(),
      exp: now() + 300,
      auth_time: now(),
      nonce: asked.get('nonce'),
      amr: ['pwd'],
      ...claims,
    }
    const key = foreignKey ? foreign.privateKey : own.privateKey
    return change(await new SignJWT(payload as never).setProtectedHeader({ alg: 'ES256', kid: 'provider-1', ...header } as never).sign(key))
  }

  return {
    issuer,
    clientId,
    /** The paths that were asked for. */
    requests,
    /** Somebody signs in on the page that a URL opens; answers what the provider then sends to the redirect page. */
    signIn(url: string, login: ScriptedLogin = {}): Readonly<{ code: string; state: string; iss: string }> {
      const asked = new URL(url).searchParams
      const code = randomBytes(24).toString('base64url')
      codes.set(code, { asked, login })
      return { code, state: asked.get('state') ?? '', iss: issuer }
    },
    /** Signs a token of the provider, such as a logout token. */
    sign: (payload: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}, key: 'own' | 'foreign' = 'own') =>
      new SignJWT(payload as never)
        .setProtectedHeader({ alg: 'ES256', kid: 'provider-1', ...header } as never)
        .sign(key === 'own' ? own.privateKey : foreign.privateKey),
    /** Makes a place go wrong, or right again. */
    outage(path: string, outage?: Outage): void {
      if (outage === undefined) outages.delete(path)
      else outages.set(path, outage)
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function json(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body))
}

import { createGuard } from '@stile/guard/express'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { env } from '../shared/env.ts'
import { policy } from '../shared/policy.ts'
import { authenticate } from '../shared/users.ts'
import { createInbox } from './inbox.ts'
import { approve, exportCsv, lines, months, payoutsOf } from './ledger.ts'
import { isTier, setTier, welcome } from './licenses.ts'
import type { SessionTokens } from './session-tokens.ts'
import { age, confirm, type DemoSession, deviceKeyIn, endSession, sessionOf, startSession } from './sessions.ts'
import { changeContact, changePayoutAccount, settingsOf } from './settings.ts'
import { createSso, signOutUrl } from './sso.ts'

const HOUR = 3600
const NO_KEY = 'Say for which device key: pass on the jkt that the SDK gives.'

/** The demo's API: its own login by cookie, and one guard in front of what the tiers and the policy protect. */
export function createApi(tokens: SessionTokens): { app: Express; close: () => Promise<void> } {
  const app = express()
  app.disable('x-powered-by')
  app.use(cors)
  app.use(express.json({ limit: '16kb' }))

  const guard = createGuard({
    service: { url: env.service, key: env.guardKey },
    audience: env.api,
    origin: env.api,
    policy,
    nonces: true,
    identify: (request) => {
      const session = sessionOf(request)
      return session && { issuer: session.login.issuer, sub: session.user.sub, account: session.user.account, sid: session.sid }
    },
  })

  // what the product would have without Stile: signing in
  app.get('/healthz', (_, response) => void response.json({ status: 'up' }))
  app.post('/api/login', async (request, response) => {
    const user = authenticate(request.body?.user, request.body?.password)
    if (!user) return void response.status(401).json({ detail: 'That user name and password do not match.' })
    if (!(await welcome(user))) return void response.status(503).json({ detail: 'Signing in is not possible right now. Try again.' })
    startSession(response, { user, login: { issuer: 'demo', amr: ['pwd'] }, jkt: deviceKeyIn(request.body?.jkt) })
    response.json({ user: user.sub, name: user.name, account: user.account })
  })
  app.use('/api/sso', createSso())
  app.post('/api/logout', (request, response) => {
    const idToken = sessionOf(request)?.login.idToken
    endSession(request, response)
    response.json(idToken === undefined ? {} : { next: signOutUrl(idToken) })
  })
  app.get('/api/me', signedIn, (_, response) => {
    const { user, login } = response.locals.session as DemoSession
    response.json({ user: user.sub, name: user.name, account: user.account, email: user.email, issuer: login.issuer })
  })

  // what Stile needs of it: a session token for the browser's key, and a way to ask for the password again
  app.get('/.well-known/jwks.json', (_, response) => void response.json(tokens.jwks('demo')))
  app.get('/sso/jwks.json', (_, response) => void response.json(tokens.jwks('sso')))
  app.post('/api/session-token', signedIn, async (request, response) => {
    const jkt = deviceKeyIn(request.body?.jkt)
    if (jkt === undefined) return void response.status(400).json({ detail: NO_KEY })
    response.set('cache-control', 'no-store').json({ token: await tokens.mint(response.locals.session, jkt) })
  })
  app.post('/api/confirm-password', signedIn, (request, response) => {
    const session = response.locals.session as DemoSession
    if (session.login.issuer !== 'demo' || authenticate(session.user.sub, request.body?.password) === undefined) {
      return void response.status(401).json({ detail: 'That password isn’t right.' })
    }
    const jkt = deviceKeyIn(request.body?.jkt)
    if (jkt === undefined) return void response.status(400).json({ detail: NO_KEY })
    confirm(session, jkt)
    response.status(204).end()
  })

  // what the tiers and the policy protect: one line each
  app.get('/api/reports', guard.require('reports.view'), (_, response) => void response.json({ months: months() }))
  app.get('/api/lines', guard.require('reports.export'), (_, response) => void response.json({ lines: lines() }))
  app.post('/api/exports', guard.require('reports.export'), (request, response) => {
    const note = typeof request.body?.note === 'string' ? request.body.note.slice(0, 200) : ''
    response.type('text/csv').attachment('lines.csv').send(exportCsv(note))
  })
  app.get('/api/payouts', guard.require('payouts.approve'), signedIn, (_, response) => {
    response.json({ payouts: payoutsOf(response.locals.session.user.account) })
  })
  app.post('/api/payouts/:id/approve', guard.require('payouts.approve'), signedIn, (request, response) => {
    const payout = approve(response.locals.session.user.account, String(request.params.id))
    if (!payout) return void response.status(404).json({ detail: 'There is no such payout.' })
    response.json({ payout })
  })

  app.get('/api/settings', signedIn, (_, response) => void response.json(settingsOf(response.locals.session.user.account)))
  app.put('/api/settings/contact', signedIn, guard.require('contact.change'), (request, response) => {
    const changed = changeContact(response.locals.session.user.account, request.body?.contact)
    if (!changed) return void response.status(400).json({ detail: 'Give a name or an address of at most 120 characters.' })
    response.json(changed)
  })
  app.put('/api/settings/payout-account', signedIn, guard.require('payouts.account'), (request, response) => {
    const changed = changePayoutAccount(response.locals.session.user.account, request.body?.iban)
    if (!changed) return void response.status(400).json({ detail: 'That is no IBAN. Check it for a missing character.' })
    response.json(changed)
  })

  // stands for the user's mail program
  app.use('/api/demo/inbox', createInbox(signedIn))
  // stands for time that passes
  app.post('/api/demo/age-sign-in', signedIn, (_, response) => {
    age(response.locals.session, HOUR)
    response.status(204).end()
  })
  // stands for the billing system of a real product, so that a plan can be changed while watching the page
  app.post('/api/demo/tier', signedIn, async (request, response) => {
    const tier: unknown = request.body?.tier
    if (!isTier(tier))
      return void response.status(400).json({ detail: `There is no such tier. Choose one of: ${policy.tiers.join(', ')}.` })
    await setTier(response.locals.session.user.account, tier)
    response.status(204).end()
  })

  app.use((_, response) => void response.status(404).json({ detail: 'There is nothing here.' }))
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error)
    const status = (error as { status?: number }).status ?? 500
    if (status >= 500) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    response.status(status).json({ detail: status >= 500 ? 'Something went wrong on our side.' : 'The request is malformed.' })
  })
  return { app, close: () => guard.close() }
}

function signedIn(request: Request, response: Response, next: NextFunction): void {
  const session = sessionOf(request)
  if (!session) return void response.status(401).json({ detail: 'Sign in first.' })
  response.locals.session = session
  next()
}

const PAGES: ReadonlySet<string> = new Set([env.web, ...env.moreWebs])

/** Lets the origins of the pages in, with their cookie and the headers that a step-up needs; a write from any other origin is refused. */
function cors(request: Request, response: Response, next: NextFunction): void {
  const { origin } = request.headers
  response.vary('Origin')
  if (origin !== undefined && PAGES.has(origin)) {
    response.set({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-ID',
    })
    if (request.method === 'OPTIONS') {
      response.set({
        'access-control-allow-methods': 'GET, POST, PUT',
        'access-control-allow-headers': 'Authorization, DPoP, Content-Type',
        'access-control-max-age': '600',
      })
      return void response.status(204).end()
    }
  } else if (origin !== undefined && request.method !== 'GET') {
    return void response.status(403).json({ detail: 'This origin may not write.' })
  }
  next()
}

import type { SessionIssuer } from '@stile/guard'
import { createGuard } from '@stile/guard/express'
import express from 'express'
import { listen, stop } from './listening.ts'
import { policy } from './policy.ts'

/** The person who is signed in to the API of the tests. */
export type TestUser = Readonly<{
  sub: string
  account: string
  sid: string
  /** Verified. */
  email?: string
  /** Seconds since the epoch. Default: a moment ago, always. */
  signedInAt?: number
  /** Whether session tokens name the device key. Default: true. */
  confirmed?: boolean
}>

/** How the API knows who is signed in: a header stands for a product's own session. */
export const USER_HEADER = 'x-test-user'

export type TestApi = Readonly<{
  url: string
  /** What handlers served, in order: what is not here was not let through. */
  served: string[]
  /** Resolves when the guard has keys and feed. */
  ready(): Promise<void>
  close(): Promise<void>
}>

export type TestApiOptions = Readonly<{
  port: number
  service: Readonly<{ url: string; key: string }>
  /** The `aud` of its tokens. Default: its URL. */
  audience?: string
  sessions: SessionIssuer
  staleSeconds?: number
  now: () => number
  /** Gets every line of the guard's log. */
  onLine: (line: string) => void
}>

/** Starts a small API with one guard in front of a feature of each tier. */
export async function startApi({ port, service, audience, sessions, staleSeconds, now, onLine }: TestApiOptions): Promise<TestApi> {
  const url = `http://127.0.0.1:${port}`
  const served: string[] = []
  const guard = createGuard({
    service,
    audience: audience ?? url,
    origin: url,
    policy,
    now,
    ...(staleSeconds === undefined ? {} : { staleSeconds }),
    log: (level, message, fields) => onLine(JSON.stringify({ from: 'guard', level, message, fields })),
    identify: (request) => {
      const user = request.get(USER_HEADER)
      return user === undefined ? null : { issuer: 'app', ...(JSON.parse(user) as TestUser) }
    },
  })
  const app = express()
  app.disable('x-powered-by')
  app.get('/.well-known/jwks.json', (_, response) => void response.json(sessions.jwks))
  const serve =
    (content: string): express.RequestHandler =>
    (_, response) => {
      served.push(content)
      response.json({ content })
    }
  app.get('/reports', guard.require('reports.view'), serve('the months'))
  app.get('/export', guard.require('reports.export'), serve('the lines'))
  app.post('/export', guard.require('reports.export'), serve('the lines, made again'))
  app.get('/lines', guard.require('reports.export'), serve('the lines, one by one'))
  app.post('/payouts', guard.require('payouts.approve'), serve('the payout'))

  const server = await listen(app, port)
  return {
    url,
    served,
    ready: guard.ready,
    async close() {
      await guard.close()
      await stop(server)
    },
  }
}

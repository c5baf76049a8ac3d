import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createSessionIssuer, generateSessionKey } from '@stile/guard'
import { createGuard } from '@stile/guard/express'
import { definePolicy } from '@stile/policy'
import { createApiKey, createService } from '@stile/server'
import { createSqliteStore } from '@stile/server/sqlite'
import express from 'express'
import { freePort } from '../../../scripts/demo.ts'
import { coseKey } from '../step-up/people.ts'

/** A passkey as the browser's virtual authenticator takes it (CDP `WebAuthn.addCredential`). */
export type Credential = Readonly<{
  credentialId: string
  isResidentCredential: true
  rpId: string
  privateKey: string
  userHandle: string
  signCount: number
}>

/** A request as it arrived. */
export type Arrived = Readonly<{ at: number; method: string; path: string }>

/** Pages, service and API in one server at one origin. */
export type App = Readonly<{
  origin: string
  /** The passkey of everybody here. */
  credential: Credential
  /** What arrived, in order; `at` is in milliseconds since the epoch. */
  arrived: readonly Arrived[]
  close: () => void
}>

const policy = definePolicy({
  format: 1,
  features: { 'reports.export': { requires: { level: 'phr', maxAge: '15m' } } },
  tiers: { pro: { features: ['reports.export'] } },
  license: { none: { tier: 'pro' } },
})

/** Starts the server with somebody who has a passkey. */
export async function startApp({ directory, pages }: Readonly<{ directory: string; pages: string }>): Promise<App> {
  const origin = `http://localhost:${await freePort()}`
  const url = `${origin}/stile`
  const now = () => Math.floor(Date.now() / 1000)
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))

  const store = createSqliteStore({ path: join(directory, 'stile.db') })
  const subject = 'app|ada'
  const passkey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const [credentialId, userHandle] = [randomBytes(32), randomBytes(32)]
  await store.authenticators.create({
    record: {
      id: 'auth_1',
      subject,
      level: 'phr',
      name: 'Passkey',
      createdAt: now(),
      boundBy: { method: 'login', level: 'session' },
      data: {
        method: 'passkey',
        credentialId: credentialId.toString('base64url'),
        publicKey: coseKey(passkey.publicKey).toString('base64url'),
        counter: 0,
        transports: ['internal'],
        aaguid: '00000000-0000-0000-0000-000000000000',
        backupEligible: false,
        backupState: false,
      },
    },
    limit: 10,
    change: { at: now(), type: 'authenticators', subject },
  })
  await store.subjects.userHandle(subject, userHandle.toString('base64url'))
  const { key } = await createApiKey({ store, now, random }, { name: 'guard', scope: 'guard', ttlSeconds: 3600, audience: origin })
  const sessions = createSessionIssuer({ issuer: origin, audience: url, privateKey: await generateSessionKey() })
  const service = createService({
    publicUrl: url,
    environment: 'test',
    secret: new Uint8Array(32).fill(1),
    policy,
    store,
    issuers: [{ id: 'app', issuer: origin, jwks: sessions.jwks as never, audience: url, claims: { account: 'account' } }],
    clients: [{ id: 'web', origins: [origin] }],
    audiences: [{ id: origin, issuers: ['app'], clients: ['web'] }],
    webauthn: { rpId: 'localhost', rpName: 'Bench', origins: [origin] },
    log: 'silent',
  })
  await service.ready
  const identify = () => ({ issuer: 'app', sub: 'ada', account: 'acme' })
  const guard = createGuard({ service: { url, key }, audience: origin, origin, policy, identify, log: () => {} })

  const arrived: Arrived[] = []
  const app = express()
  app.disable('x-powered-by')
  app.use((request, _, next) => {
    arrived.push({ at: performance.timeOrigin + performance.now(), method: request.method, path: request.path })
    next()
  })
  app.use('/stile', service.router)
  app.post('/api/session-token', async ({ query }, response) => {
    const [sid, jkt] = [String(query.sid), String(query.jkt)]
    response.json({ token: await sessions.mint({ sub: 'ada', account: 'acme', sid, jkt, login: { at: now(), jkt } }) })
  })
  app.get('/api/content', guard.require('reports.export'), (_, response) => void response.json({ content: 'premium '.repeat(50) }))
  app.get('/favicon.ico', (_, response) => void response.status(204).end())
  // every page is a first visit
  app.use(express.static(pages, { cacheControl: false, setHeaders: (response) => response.setHeader('Cache-Control', 'no-store') }))
  const server = createServer({ keepAliveTimeout: 60_000 }, app)
  await new Promise<void>((resolve) => server.listen(Number(new URL(origin).port), 'localhost', resolve))
  await guard.ready()
  return {
    origin,
    credential: {
      credentialId: credentialId.toString('base64'),
      isResidentCredential: true,
      rpId: 'localhost',
      privateKey: passkey.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
      userHandle: userHandle.toString('base64'),
      signCount: 0,
    },
    arrived,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

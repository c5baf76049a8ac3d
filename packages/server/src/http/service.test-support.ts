import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express, { type Express, type RequestHandler } from 'express'
import { pino } from 'pino'
import { createApiKey } from '../api-keys/api-keys.ts'
import { signJwt, TEST_POLICY } from '../domain.test-support.ts'
import type { ServiceOptions } from '../options/options.ts'
import { createService, type Service } from '../service.ts'
import { createSqliteStore } from '../stores/sqlite/index.ts'
import type { ApiKeyScope, Store } from '../stores/store.ts'
import { createTestClient, type TestClient } from './client.test-support.ts'

/** What the service of the tests calls itself: another host than it listens on, as behind a proxy. */
export const PUBLIC_URL = 'https://stile.example/stile'
export const ISSUER = 'https://login.example'
export const AUDIENCE = 'https://api.example'
export const ORIGIN = 'https://app.example.com'

export type TestServiceOptions = Readonly<{
  /** Where the router stands in the foreign app: before its body parser, or behind this one. */
  parser?: 'none' | RequestHandler
  options?: Partial<ServiceOptions>
  /** Of the one issuer. */
  issuer?: Partial<ServiceOptions['issuers'][number]>
  /** Wraps the store, to make it fail. */
  wrapStore?: (store: Store) => Store
  /** Another service whose database, issuer and clock it shares, as another process of the same service would. */
  beside?: TestService
}>

/** The key pair of the issuer. */
const makeIssuerKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** A service that runs. */
export type TestService = Readonly<{
  service: Service
  store: Store
  database: string
  issuerKeys: ReturnType<typeof makeIssuerKeys>
  clock: { offset: number }
  url: string
  host: string
  adminUrl: string
  now: () => number
  lines: string[]
  /** Moves the clock on. */
  advance(seconds: number): void
  /** Signs a session token of alice in the account acme; claims given replace those. */
  mint(claims?: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): string
  /** A browser of alice, or of whom the claims name, or with the session token that a function gives. */
  client(claims?: Readonly<Record<string, unknown>> | ((jkt: string) => string)): TestClient
  key(scope: ApiKeyScope, ttlSeconds?: number): Promise<string>
  close(): Promise<void>
}>

/**
 * The whole service in a foreign Express app on a real port and a real database file, with an issuer of its own. Time runs, and can be
 * moved on. Close it with `close`.
 */
export async function startTestService({
  parser = 'none',
  options = {},
  issuer = {},
  wrapStore = (store) => store,
  beside,
}: TestServiceOptions = {}): Promise<TestService> {
  const directory = mkdtempSync(join(tmpdir(), 'stile-http-'))
  const clock = beside?.clock ?? { offset: 0 }
  const now = (): number => Math.floor(Date.now() / 1000) + clock.offset
  const database = beside?.database ?? join(directory, 'stile.db')
  const store = createSqliteStore({ path: database, now })
  const issuerKeys = beside?.issuerKeys ?? makeIssuerKeys()
  const { privateKey, publicKey } = issuerKeys
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'login-1', alg: 'ES256', use: 'sig' }
  const lines: string[] = []
  const service = createService({
    publicUrl: PUBLIC_URL,
    environment: 'test',
    secret: new Uint8Array(32).fill(7),
    policy: TEST_POLICY,
    store: wrapStore(store),
    issuers: [{ id: 'main', issuer: ISSUER, jwks: { keys: [jwk] as never }, audience: 'stile', claims: { account: 'account' }, ...issuer }],
    clients: [{ id: 'web', origins: [ORIGIN] }],
    audiences: [{ id: AUDIENCE, issuers: ['main'], clients: ['web'] }],
    webauthn: { rpId: 'example.com', rpName: 'Example', origins: [ORIGIN] },
    log: pino({ level: 'trace' }, { write: (line: string) => lines.push(line) }),
    now,
    ...options,
  })
  await service.ready

  const app = foreignApp(parser === 'none' ? undefined : parser, service.router)
  const admin = express().use(service.adminRouter)
  const [url, adminUrl, stop] = await listen(app, admin)

  const running: TestService = {
    service,
    store,
    database,
    issuerKeys,
    clock,
    url: `${url}/stile`,
    host: url,
    adminUrl,
    now,
    lines,
    advance(seconds: number) {
      clock.offset += seconds
    },
    mint(claims: Readonly<Record<string, unknown>> = {}, header: Readonly<Record<string, unknown>> = {}): string {
      const time = now()
      const payload = { iss: ISSUER, aud: 'stile', sub: 'alice', sid: 's1', account: 'acme', auth_time: time, iat: time, exp: time + 300 }
      return signJwt({ typ: 'JWT', alg: 'ES256', kid: 'login-1', ...header }, { ...payload, ...claims }, privateKey)
    },
    /**
     * A browser of alice, or of whom the claims name, whose tokens name its device key unless `cnf` says otherwise; or with the session
     * token that a function gives.
     */
    client(claims: Readonly<Record<string, unknown>> | ((jkt: string) => string) = {}) {
      const session = typeof claims === 'function' ? claims : (jkt: string) => running.mint({ cnf: { jkt }, ...claims })
      return createTestClient({ url: `${url}/stile`, publicUrl: PUBLIC_URL, session, now, origin: ORIGIN })
    },
    async key(scope: ApiKeyScope, ttlSeconds = 3600): Promise<string> {
      const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes))
      const audience = scope === 'guard' ? { audience: AUDIENCE } : {}
      return (await createApiKey({ store, now, random }, { name: 'test', scope, ttlSeconds, ...audience })).key
    },
    async close() {
      await service.close()
      await stop()
      await store.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  return running
}

/** An app of somebody else, with a body parser, routes and error handling of its own. */
function foreignApp(parser: RequestHandler | undefined, router: RequestHandler): Express {
  const app = express()
  app.disable('x-powered-by')
  if (parser !== undefined) app.use(parser)
  app.use('/stile', router)
  app.use(express.json())
  app.post('/own', (request, response) => void response.json({ got: request.body }))
  app.use((_request, response) => void response.status(404).send('not found, says the host'))
  return app
}

async function listen(...apps: readonly Express[]): Promise<[string, string, () => Promise<void>]> {
  const servers = apps.map((app) => createServer(app))
  const urls = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    }),
  )
  const stop = async (): Promise<void> => {
    await Promise.all(
      servers.map((server) => {
        server.closeAllConnections()
        return new Promise<void>((resolve) => server.close(() => resolve()))
      }),
    )
  }
  return [urls[0] as string, urls[1] as string, stop]
}

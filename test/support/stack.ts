import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSessionIssuer, generateSessionKey } from '@stile/guard'
import { createApiKey, type Log, type ServiceOptions } from '@stile/server'
import { runCli } from '@stile/server/cli'
import { createSqliteStore } from '@stile/server/sqlite'
import { type RunningService, startService } from '@stile/service'
import { freePort } from '../../scripts/demo.ts'
import { startApi, type TestApi, type TestUser, USER_HEADER } from './api.ts'
import { type Answer, answerOf, createNodeClient, type NodeClient } from './node-client.ts'
import { policy } from './policy.ts'
import { until } from './until.ts'

/** The pages of the product, for WebAuthn. */
export const WEB_ORIGIN = 'http://localhost:5173'

/** What a service is made of; how it runs is up to the code that starts it. */
export type ServiceParts = Readonly<{
  options: Omit<ServiceOptions, 'store' | 'log' | 'secret'> & Readonly<{ secret: string }>
  database: string
  port: number
  adminPort: number
  log: Log
}>

export type StackOptions = Readonly<{
  /** Replaces options of the service. */
  service?: Partial<ServiceParts['options']>
  /** The path below which the service is reached, such as `/stile`. */
  path?: string
  /** Starts the service. Default: `startService`, as it is deployed. */
  run?: (parts: ServiceParts) => Promise<RunningService>
  /** If the service is not started at first, the guard has to find it later. Default: true. */
  started?: boolean
  /** For the guard; default: the most it allows, so that moving the clock does not silence the feed. */
  staleSeconds?: number
}>

/** A real service, a real API with a real guard, and people. */
export type Stack = Readonly<{
  urls: Readonly<{ service: string; admin: string; api: string }>
  keys: Readonly<{ guard: string; write: string; read: string }>
  api: TestApi
  /** Runs, and can be moved on for everybody at once: service, guard and people. */
  clock: Readonly<{ now(): number; advance(seconds: number): void }>
  /** Everything that service and guard logged. */
  lines: string[]
  /** Starts another guarded API for the same service. */
  anotherApi(options?: Readonly<{ staleSeconds?: number; audience?: string }>): Promise<TestApi>
  /** Writes a license through the admin API. */
  license(account: string, body: Readonly<Record<string, unknown>>): Promise<Answer>
  /** Somebody who is signed in, on a device of their own. */
  person(user: Partial<TestUser> & Readonly<{ account: string }>, options?: Readonly<{ api?: string }>): Promise<NodeClient>
  /** Waits until the guard has heard of the service by the clock as it is now. */
  heard(): Promise<void>
  /** Runs the `stile` command line with the secret and the database of the service. */
  stile(...args: string[]): Promise<Readonly<{ code: number; out: string; err: string }>>
  startService(changes?: StackOptions['service']): Promise<void>
  stopService(): Promise<void>
  close(): Promise<void>
}>

/** Starts everything in this process on free ports, with an empty database file. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { path = '', run = runAsDeployed, started = true, staleSeconds = 300 } = options
  const directory = mkdtempSync(join(tmpdir(), 'stile-faults-'))
  const database = join(directory, 'stile.db')
  const [port, adminPort, apiPort] = [await freePort(), await freePort(), await freePort()]
  const urls = {
    service: `http://127.0.0.1:${port}${path}`,
    admin: `http://127.0.0.1:${adminPort}`,
    api: `http://127.0.0.1:${apiPort}`,
  }
  const clock = createMovableClock()
  const { now } = clock
  const lines: string[] = []
  const keys = await makeKeys(database, urls.api, now)
  const sessions = createSessionIssuer({ issuer: urls.api, audience: urls.service, privateKey: await generateSessionKey(), now })
  const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')

  let service: RunningService | undefined
  const start = async (changes: StackOptions['service'] = {}): Promise<void> => {
    const parts: ServiceParts = {
      options: {
        publicUrl: urls.service,
        environment: 'test',
        secret,
        policy,
        issuers: [
          {
            id: 'app',
            issuer: urls.api,
            jwks: `${urls.api}/.well-known/jwks.json`,
            audience: urls.service,
            claims: { account: 'account', email: 'email' },
          },
        ],
        clients: [{ id: 'web', origins: [WEB_ORIGIN] }],
        audiences: [
          { id: urls.api, issuers: ['app'], clients: ['web'] },
          { id: 'https://another.example', issuers: ['app'], clients: ['web'] },
        ],
        webauthn: { rpId: 'localhost', rpName: 'Test', origins: [WEB_ORIGIN] },
        // checkpoints too come as often, so that nobody waits for one
        heartbeatSeconds: 0.2,
        now,
        ...options.service,
        ...changes,
      },
      database,
      port,
      adminPort,
      log: logInto(lines),
    }
    service = await run(parts)
  }

  const guardOptions = { service: { url: urls.service, key: keys.guard }, sessions, now, onLine: (line: string) => void lines.push(line) }
  const apis: TestApi[] = []
  const close = async (): Promise<void> => {
    await Promise.all(apis.map((each) => each.close()))
    await service?.close()
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    if (started) await start()
    const api = await startApi({ ...guardOptions, port: apiPort, staleSeconds })
    apis.push(api)
    if (started) await api.ready()

    const license: Stack['license'] = async (account, body) =>
      answerOf(
        await fetch(`${urls.admin}/v1/admin/licenses/${encodeURIComponent(account)}`, {
          method: 'PUT',
          headers: { authorization: `Bearer ${keys.write}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      )
    const person: Stack['person'] = (
      { sub = 'alice', account, sid = `sid-${sub}`, email, signedInAt, confirmed = true },
      { api: url = urls.api } = {},
    ) => {
      const login = { [USER_HEADER]: JSON.stringify({ sub, account, sid }) }
      const at = () => signedInAt ?? now()
      const session = (jkt: string) =>
        sessions.mint({
          ...{ sub, account, sid },
          ...(confirmed ? { jkt, login: { jkt, at: at() } } : { authTime: at() }),
          ...(email && { email, emailVerified: true }),
        })
      return createNodeClient({ service: urls.service, api: url, session, login, now })
    }
    return {
      urls,
      keys,
      api,
      clock,
      lines,
      async anotherApi(given = {}) {
        const another = await startApi({ ...guardOptions, port: await freePort(), audience: urls.api, staleSeconds, ...given })
        apis.push(another)
        return another
      },
      license,
      person,
      async heard() {
        await license('the-listener', { tier: 'pro', state: 'active' })
        const listener = await person({ sub: 'listener', account: 'the-listener' })
        await until(async () => (await listener.api('GET', '/export')).status === 401, 'a checkpoint that the guard takes')
      },
      async stile(...args) {
        let [out, err] = ['', '']
        const code = await runCli([...args, '--database', database], {
          out: (text) => {
            out += text
          },
          err: (text) => {
            err += text
          },
          workingDirectory: directory,
          environment: { STILE_SECRET: secret },
          now,
          random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
        })
        return { code, out, err }
      },
      startService: start,
      async stopService() {
        await service?.close()
        service = undefined
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The service as it is deployed: its configuration checked, two ports, security headers. */
function runAsDeployed({ options, database, port, adminPort, log }: ServiceParts): Promise<RunningService> {
  const config = { ...options, database, port, admin: { port: adminPort }, shutdownSeconds: 0 }
  return startService(config, { log })
}

async function makeKeys(database: string, audience: string, now: () => number): Promise<Stack['keys']> {
  const store = createSqliteStore({ path: database, now })
  const deps = { store, now, random: (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)) }
  const make = async (scope: 'licenses:write' | 'licenses:read') =>
    (await createApiKey(deps, { name: scope, scope, ttlSeconds: 90 * 86_400 })).key
  const guard = (await createApiKey(deps, { name: 'api', scope: 'guard', audience, ttlSeconds: 90 * 86_400 })).key
  const keys = { guard, write: await make('licenses:write'), read: await make('licenses:read') }
  await store.close()
  return keys
}

function createMovableClock(): Stack['clock'] {
  let offset = 0
  return {
    now: () => Math.floor(Date.now() / 1000) + offset,
    advance(seconds) {
      offset += seconds
    },
  }
}

/** A logger that remembers everything as text. */
function logInto(lines: string[]): Log {
  const write =
    (level: string) =>
    (fields: object, message = ''): void =>
      void lines.push(JSON.stringify({ from: 'service', level, message, ...fields }))
  const log = { level: 'trace', info: write('info'), warn: write('warn'), error: write('error'), debug: write('debug') }
  return log
}

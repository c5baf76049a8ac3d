import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { definePolicy } from '@stile/policy'
import type { AssuranceClaims, License } from '@stile/protocol'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { GuardOptions } from './options/options.ts'
import type { Identity } from './requests/identity.ts'
import type { GuardRequest } from './requests/request.ts'
import type { GuardResult } from './results/result.ts'

/** A policy with one feature of each kind. */
export const policy = definePolicy({
  format: 1,
  features: {
    'reports.view': {},
    'reports.export': { requires: { level: 'mfa', maxAge: '15m' } },
    'reports.try': { requires: { level: 'phr' }, enforce: 'observe' },
    'payouts.approve': { requires: { level: 'phr', maxAge: '2m' } },
    'payouts.ruled': { requires: { level: 'phr', maxAge: '2m' }, compliance: ['sca'] },
    'payouts.bound': { requires: { level: 'mfa', maxAge: '2m', bind: ['amount'] } },
    'notes.own': { actors: 'deny' },
  },
  tiers: {
    basic: { features: ['reports.view', 'notes.own'] },
    pro: { extends: 'basic', features: ['reports.export', 'reports.try'] },
    enterprise: { extends: 'pro', features: ['payouts.approve', 'payouts.ruled', 'payouts.bound'] },
  },
  compliance: { sca: { requires: { level: 'mfa' }, because: 'PSD2 RTS Art. 5' } },
})

export type Feature = (typeof policy.features)[number]

export const AUDIENCE = 'https://api.example.com'
export const ORIGIN = 'https://api.example.com'
export const ada: Identity = { issuer: 'demo', sub: 'ada', account: 'acme' }

/** A clock that stands still until it is moved; in seconds. */
export type Clock = { now: number }

/** A key pair of somebody. */
export type Keys = Readonly<{ privateKey: CryptoKey; jwk: JWK; kid: string }>

export async function makeKeys(kid?: string): Promise<Keys> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const { kty, crv, x, y } = await exportJWK(publicKey)
  const jwk = { kty, crv, x, y } as JWK
  return { privateKey, jwk, kid: kid ?? (await calculateJwkThumbprint(jwk)) }
}

/** What can be told of a token that is not as usual. */
export type TokenChange = Readonly<{ claims?: Readonly<Record<string, unknown>>; header?: Readonly<Record<string, unknown>>; keys?: Keys }>

/** A license as the service tells it. */
export function license(tier: string, epoch: number, more: Partial<License> = {}): License {
  return { id: 'lic_1', epoch, tier, features: [], state: 'active', ...more }
}

/** A verification service on the wire: real HTTP, real keys, real signatures; licenses and changes are set by the test. */
export type Wire = Readonly<{
  url: string
  clock: Clock
  keys: Keys
  /** Counts the requests per path. */
  hits: Map<string, number>
  licenses: Map<string, License | null>
  /** Publishes other keys. */
  publish(...keys: Keys[]): void
  /** Sends an event to every open feed and remembers it for those that resume. */
  tell(event: Readonly<Record<string, unknown>>): void
  checkpoint(change?: TokenChange): Promise<void>
  /** Sets a license and tells of it. */
  setLicense(account: string, license: License | null): void
  /** What the feed says when it is opened, beside what was missed. */
  opening: { jws?: string; first?: string; generation: string }
  /** Answers nothing any more: `down` closes every connection, `up` opens the doors again. */
  down(): void
  up(): void
  /** Holds every license answer back until it is released; the answer is made when the request comes in. */
  hold(): () => void
  feeds(): number
  token(
    proofs: readonly Readonly<{ method: string; acr: string; auth_time?: number; settles_at?: number }>[],
    change?: TokenChange,
  ): Promise<string>
  close(): Promise<void>
}>

export async function openWire(): Promise<Wire> {
  const clock: Clock = { now: 1_800_000_000 }
  const keys = await makeKeys('service-1')
  const device = await deviceOf()
  const hits = new Map<string, number>()
  const licenses = new Map<string, License | null>()
  const opening: Wire['opening'] = { generation: 'g1' }
  const log: { cursor: number; text: string }[] = []
  const feeds = new Set<ServerResponse>()
  let published: readonly Keys[] = [keys]
  let cursor = 10
  let isDown = false
  let held: Promise<void> | undefined

  const sign = (payload: object, typ: string, { header = {}, keys: by = keys }: TokenChange = {}): Promise<string> =>
    new SignJWT({ ...payload }).setProtectedHeader({ alg: 'ES256', typ, kid: by.kid, ...header }).sign(by.privateKey)
  const checkpointText = async (delivered: number, change: TokenChange = {}): Promise<string> => {
    const claims = {
      iss: wire.url,
      generation: opening.generation,
      seq: cursor,
      iat: clock.now,
      policy: { revision: 1, digest: policy.digest },
    }
    const jws = opening.jws ?? (await sign({ ...claims, ...change.claims }, 'stile-checkpoint+jwt', change))
    return message('checkpoint', delivered, { type: 'checkpoint', cursor: delivered, jws })
  }
  const message = (type: string, at: number, data: unknown): string =>
    `id: ${opening.generation}:${at}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://wire')
    hits.set(url.pathname, (hits.get(url.pathname) ?? 0) + 1)
    if (isDown) return void request.socket.destroy()
    const json = (body: unknown): void => {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify(body))
    }
    if (url.pathname === '/.well-known/jwks.json') {
      return json({ keys: published.map(({ jwk, kid }) => ({ ...jwk, kid, alg: 'ES256', use: 'sig' })) })
    }
    if (request.headers.authorization !== 'Bearer stile_g_test') {
      response.writeHead(401, { 'Content-Type': 'application/problem+json' })
      return void response.end('{"code":"unauthenticated"}')
    }
    if (url.pathname.startsWith('/v1/licenses/')) {
      const account = decodeURIComponent(url.pathname.slice('/v1/licenses/'.length))
      const body = { account, cursor, license: licenses.get(account) ?? null }
      await held
      return json(body)
    }
    if (url.pathname !== '/v1/feed') {
      response.statusCode = 404
      return void response.end()
    }
    response.setHeader('Content-Type', 'text/event-stream')
    const [generation, from] = String(request.headers['last-event-id'] ?? '').split(':')
    const resumed = generation === opening.generation ? Number(from) : cursor
    response.write(opening.first ?? (await checkpointText(resumed)))
    for (const { cursor: at, text } of log) if (at > resumed) response.write(text)
    feeds.add(response)
    response.on('close', () => feeds.delete(response))
  }

  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const wire: Wire = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clock,
    keys,
    hits,
    licenses,
    opening,
    publish(...next) {
      published = next
    },
    tell(event) {
      cursor += 1
      const text = message(String(event.type), cursor, { cursor, ...event })
      log.push({ cursor, text })
      for (const feed of feeds) feed.write(text)
    },
    async checkpoint(change) {
      const text = await checkpointText(cursor, change)
      for (const feed of feeds) feed.write(text)
    },
    setLicense(account, next) {
      licenses.set(account, next)
      wire.tell({ type: 'license', account, license: next })
    },
    down() {
      isDown = true
      for (const feed of feeds) feed.destroy()
      server.closeAllConnections()
    },
    up() {
      isDown = false
    },
    hold() {
      let release: () => void = () => undefined
      held = new Promise((resolve) => {
        release = resolve
      })
      return release
    },
    feeds: () => feeds.size,
    token(proofs, change = {}) {
      const { now } = clock
      const account = String(change.claims?.account ?? 'acme')
      const lic = licenses.get(account)
      const claims: AssuranceClaims = {
        iss: wire.url,
        aud: AUDIENCE,
        sub: 'demo|ada',
        exp: now + 300,
        iat: now,
        nbf: now,
        jti: crypto.randomUUID(),
        client_id: 'web',
        sid: 'sid-1',
        account,
        acr: proofs[0]?.acr ?? '',
        amr: [],
        auth_time: proofs[0]?.auth_time ?? now,
        proofs: proofs.map((proof) => ({ amr: [], auth_time: now, ...proof })),
        cnf: { jkt: device.kid },
        lic: lic ? { id: lic.id, epoch: lic.epoch, tier: lic.tier, features: lic.features, state: lic.state } : null,
        pol: { revision: 1, digest: policy.digest },
        risk: 'normal',
      }
      return sign({ ...claims, ...change.claims }, 'at+jwt', change)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return wire
}

let device: Promise<Keys> | undefined

/** The device key that tokens of the wire are bound to. */
export function deviceOf(): Promise<Keys> {
  device ??= makeKeys()
  return device
}

/** Makes a device proof for a request. */
export async function prove(clock: Clock, token: string, url: string, change: TokenChange & { method?: string } = {}): Promise<string> {
  const keys = change.keys ?? (await deviceOf())
  const ath = Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))).toString('base64url')
  const claims = { htm: change.method ?? 'GET', htu: url, iat: clock.now, jti: crypto.randomUUID(), ath, ...change.claims }
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: keys.jwk, ...change.header }).sign(keys.privateKey)
}

/** A request with these headers. */
export function get(url: string, headers: Readonly<Record<string, string | readonly string[]>> = {}): GuardRequest {
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return { method: 'GET', url, header: (name) => lower[name] }
}

/** A request with a token and a proof that is right for it. */
export async function withToken(clock: Clock, token: string, url = '/export'): Promise<GuardRequest> {
  return get(url, { Authorization: `DPoP ${token}`, DPoP: await prove(clock, token, ORIGIN + url) })
}

/** The options of a guard of this service. */
export function optionsFor(wire: Wire, more: Partial<GuardOptions<Feature>> = {}): GuardOptions<Feature> {
  return {
    service: { url: wire.url, key: 'stile_g_test' },
    audience: AUDIENCE,
    policy,
    identify: () => ada,
    origin: ORIGIN,
    now: () => wire.clock.now,
    log: () => undefined,
    ...more,
  }
}

/** Status and code of a result, for short assertions. */
export function brief(result: GuardResult): string {
  return result.ok ? `ok ${result.decision.outcome}` : `${result.status} ${result.problem.code}`
}

/** Waits until something holds; for what travels through sockets. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 6_000; tries++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`Waited in vain for: ${what}`)
}

export const mfa = { method: 'totp', acr: 'urn:stile:acr:mfa' } as const
export const phr = { method: 'passkey', acr: 'phr' } as const
export const login = { method: 'login', acr: 'urn:stile:acr:session' } as const

import { createHash, generateKeyPairSync, type JsonWebKey, randomBytes, sign } from 'node:crypto'
import { definePolicy, type Policy } from '@stile/policy'
import { openAttestationTrust } from './attestation/trust.ts'
import { createLoginProviders } from './login-providers/provider.ts'
import { createMail } from './mail/mail.ts'
import type { PublishedPolicy } from './options/domain.ts'
import { createInTurn } from './options/in-turn.ts'
import { parseOptions, type ServiceOptions } from './options/options.ts'
import { createSealer } from './secrets/seal.ts'
import type { Caller } from './sessions/caller.ts'
import { createServiceNonces } from './sessions/dpop-nonce.ts'
import { loginClaim } from './sessions/login.ts'
import { sessionKey } from './sessions/session-key.ts'
import { deviceSession } from './stores/session-names.ts'
import { createSqliteStore } from './stores/sqlite/index.ts'
import type { SessionStatus, Store } from './stores/store.ts'
import type { Domain } from './tokens/domain.ts'
import { createKeyring } from './tokens/keyring.ts'

/** A policy with three tiers: nothing, a second factor of 15 minutes, a passkey of 2 minutes. */
export const TEST_POLICY = definePolicy({
  format: 1,
  features: {
    'reports.view': {},
    'reports.export': { requires: { level: 'mfa', maxAge: '15m' } },
    'payouts.approve': { requires: { level: 'phr', maxAge: '2m' } },
  },
  tiers: {
    basic: { features: ['reports.view'] },
    pro: { extends: 'basic', features: ['reports.export'] },
    enterprise: { extends: 'pro', features: ['payouts.approve'] },
  },
  risk: { elevated: { level: 'mfa', maxAge: '5m' }, high: { level: 'phr', maxAge: '5m' }, critical: 'deny' },
  license: { none: { tier: 'basic' }, states: { past_due: { for: '7d', then: { tier: 'basic' } } } },
})

/** When the clock of a test domain starts, in seconds since the epoch. */
export const TEST_START = 1_800_000_000

/** The URL of the service, the one issuer and the one audience of a test domain. */
export const TEST_URL = 'https://stile.example'
export const TEST_ISSUER = 'https://login.example'
export const TEST_AUDIENCE = 'https://api.example'
export const TEST_CLIENT = 'web'

/** What a test may set apart from the usual. */
export type TestDomainOverrides = Readonly<{
  options?: Partial<ServiceOptions>
  /** Of the one issuer. */
  issuer?: Partial<ServiceOptions['issuers'][number]>
  policy?: Policy
  store?: Store
  random?: (bytes: number) => Uint8Array
}>

/** A device with a key of its own. */
export type TestDevice = Readonly<{
  jkt: string
  jwk: JsonWebKey
  /** Signs a proof; what is left out is right: the present nonce, time, `ath` of the token. `path` is below the service's URL. */
  proof(init: TestProof): Promise<string>
}>

export type TestProof = Readonly<{
  method: string
  path: string
  token?: string
  /** `null` leaves it out. */
  nonce?: string | null
  header?: Readonly<Record<string, unknown>>
  /** Replaces claims; `undefined` leaves one out. */
  claims?: Readonly<Record<string, unknown>>
}>

export type TestDomain = Awaited<ReturnType<typeof createTestDomain>>

/**
 * A whole domain with nothing standing in for a part: the embedded store in memory, a keyring, a sealer, an issuer that signs session
 * tokens and devices that sign proofs. Only the clock stands still until it is moved. Close it with `close`.
 */
export async function createTestDomain({
  options: changed = {},
  issuer: changedIssuer = {},
  policy = TEST_POLICY,
  store: given,
  random = randomBytes,
}: TestDomainOverrides = {}) {
  const clock = createClock()
  const store = given ?? createSqliteStore({ path: ':memory:', now: clock.now })
  const issuer = createIssuer(clock.now)
  const options = parseOptions({
    publicUrl: TEST_URL,
    environment: 'test',
    secret: new Uint8Array(32).fill(7),
    policy,
    store,
    issuers: [
      {
        id: 'main',
        issuer: TEST_ISSUER,
        jwks: { keys: [issuer.publicJwk] },
        audience: 'stile',
        claims: { account: 'account' },
        ...changedIssuer,
      },
    ],
    clients: [{ id: TEST_CLIENT, origins: ['https://app.example'] }],
    audiences: [{ id: TEST_AUDIENCE, issuers: ['main'], clients: [TEST_CLIENT] }],
    webauthn: { rpId: 'example', rpName: 'Example', origins: ['https://app.example'] },
    log: 'silent',
    now: clock.now,
    random,
    ...changed,
  })
  const sealer = createSealer({ secret: options.secret, random })
  const keyring = await createKeyring({ store, sealer, environment: options.environment, now: clock.now })
  const { revision, digest } = await store.policies.publish({ digest: policy.digest, document: policy.document, now: clock.now() })
  const published: PublishedPolicy = { policy, revision, digest }
  const logins = await createLoginProviders({ issuers: options.issuers, now: clock.now, fetch: globalThis.fetch, log: options.log })
  const mail = await createMail(options)
  const attestation = await openAttestationTrust(options.webauthn, {
    settings: store.settings,
    now: clock.now,
    log: options.log,
    fetch: globalThis.fetch,
  })
  const domain: Domain = {
    options,
    store,
    now: clock.now,
    random,
    sealer,
    inTurn: createInTurn(),
    keyring,
    attestation,
    logins,
    policy: () => published,
    ...(mail && { mail }),
  }
  const nonces = createServiceNonces({ secret: options.secret, now: clock.now })

  const unseen = (overrides: Partial<Caller> = {}): Caller => {
    const sub = overrides.sub ?? 'alice'
    const issuerId = overrides.issuer ?? 'main'
    return {
      issuer: issuerId,
      sub,
      subject: `${issuerId}|${sub}`,
      account: 'acme',
      sid: 's1',
      jkt: createHash('sha256').update('a device').digest('base64url'),
      client: TEST_CLIENT,
      login: { method: 'login', level: 'session', amr: ['pwd'], authTime: clock.now() },
      vouchedBy: 'issuer',
      expiresAt: clock.now() + 300,
      ...overrides,
    }
  }

  /** Lets the service see the session of a caller, as each of their requests does; answers what became of it. */
  const arrive = async (
    caller: Caller,
    { authTime = caller.login.authTime, issuedAt = clock.now() }: { authTime?: number | undefined; issuedAt?: number | undefined } = {},
  ): Promise<SessionStatus> => {
    const { sid, jkt, account, vouchedBy } = caller
    const { status } = await store.sessions.touch({
      key: sessionKey(caller),
      account,
      now: clock.now(),
      ...options.session,
      login: loginClaim({
        login: { method: 'login', level: 'session', amr: [], authTime },
        party: undefined,
        sid: sid === deviceSession(jkt) ? undefined : sid,
        issuedAt,
        confirmed: vouchedBy === 'issuer',
        isStored: vouchedBy === 'first',
      }),
      active: true,
      notices: [],
    })
    return status
  }

  return {
    domain,
    clock,
    issuer,
    /** A device that nobody has seen yet. */
    device: async (): Promise<TestDevice> => createDevice(options.publicUrl, clock.now, () => nonces.current()),
    /** A caller as authentication would answer it, whose session the service has seen: the login was just now. */
    async caller(overrides: Partial<Caller> = {}): Promise<Caller> {
      const caller = unseen(overrides)
      await arrive(caller)
      return caller
    },
    /** The same before the service has seen the session. */
    unseen,
    arrive,
    close: async () => {
      mail?.close()
      await store.close()
    },
  }
}

function createClock() {
  let time = TEST_START
  return {
    now: () => time,
    /** Moves the clock on. */
    advance(seconds: number) {
      time += seconds
    },
  }
}

function createIssuer(now: () => number) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    privateKey,
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid: 'login-1', alg: 'ES256', use: 'sig' },
    /** Signs a session token of alice in the account acme; claims given replace those, `undefined` leaves one out. */
    mint(claims: Readonly<Record<string, unknown>> = {}, header: Readonly<Record<string, unknown>> = {}): string {
      const payload = {
        iss: TEST_ISSUER,
        aud: 'stile',
        sub: 'alice',
        sid: 's1',
        account: 'acme',
        auth_time: now(),
        iat: now(),
        exp: now() + 300,
        ...claims,
      }
      return signJwt({ typ: 'JWT', alg: 'ES256', kid: 'login-1', ...header }, payload, privateKey)
    },
  }
}

function createDevice(publicUrl: string, now: () => number, currentNonce: () => string): TestDevice {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' })
  const { crv, kty, x, y } = jwk
  return {
    jkt: createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url'),
    jwk,
    async proof({ method, path, token, nonce = currentNonce(), header = {}, claims = {} }) {
      const payload = {
        jti: randomBytes(16).toString('base64url'),
        htm: method,
        htu: publicUrl + path,
        iat: now(),
        ...(nonce !== null && { nonce }),
        ...(token !== undefined && { ath: createHash('sha256').update(token).digest('base64url') }),
        ...claims,
      }
      return signJwt({ typ: 'dpop+jwt', alg: 'ES256', jwk, ...header }, payload, privateKey)
    },
  }
}

/** Signs a JWT with ES256, whatever its header says. */
export function signJwt(header: object, payload: object, privateKey: Parameters<typeof sign>[2]): string {
  const input = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signature = sign('sha256', Buffer.from(input), { key: privateKey as never, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

import { definePolicy, parsePolicy } from '@stile/policy'
import { decodeJwt } from 'jose'
import { describe, expect, onTestFinished, test } from 'vitest'
import { decideFor } from '../decisions/decide.ts'
import { stateOf } from '../decisions/state.ts'
import { createTestDomain, TEST_AUDIENCE, TEST_POLICY, type TestDomainOverrides } from '../domain.test-support.ts'
import { writeLicense } from '../licenses/licenses.ts'
import { recordProof } from '../proofs/record.ts'
import type { AuthenticatorRecord } from '../stores/store.ts'
import { publicAuthenticator } from './counted.ts'
import { loadStanding } from './standing.ts'

async function start(overrides: TestDomainOverrides = {}) {
  const world = await createTestDomain(overrides)
  onTestFinished(() => world.close())
  await writeLicense(world.domain, 'acme', { tier: 'enterprise', state: 'active' })
  return world
}

const totp = (change: Partial<AuthenticatorRecord> = {}): AuthenticatorRecord => ({
  id: 'auth_totp',
  subject: 'main|alice',
  level: 'mfa',
  name: 'Phone',
  createdAt: 1,
  boundBy: { method: 'login', level: 'session' },
  data: { method: 'totp', sealedSecret: 'sealed', lastStep: 7, failures: 0 },
  ...change,
})

const passkey: AuthenticatorRecord = totp({
  id: 'auth_key',
  level: 'phr',
  name: 'Laptop',
  lastUsedAt: 5,
  data: {
    method: 'passkey',
    credentialId: 'cred',
    publicKey: 'key',
    counter: 0,
    transports: [],
    aaguid: 'a',
    backupEligible: true,
    backupState: true,
  },
})

type World = Awaited<ReturnType<typeof start>>
const enrol = ({ domain }: World, record: AuthenticatorRecord) =>
  domain.store.authenticators.create({ record, limit: 10, change: { at: 1, type: 'authenticators', subject: record.subject } })

describe('where a caller stands', () => {
  test('is the login, what was proven here, what is enrolled, the license and the risk', async () => {
    const world = await start()
    await enrol(world, totp())
    const caller = await world.caller()
    await recordProof(world.domain, await loadStanding(world.domain, caller), {
      method: 'totp',
      level: 'mfa',
      amr: ['otp', 'mfa'],
      authTime: world.clock.now(),
      authenticatorId: 'auth_totp',
    })
    const standing = await loadStanding(world.domain, caller)
    expect(standing).toMatchObject({
      caller,
      license: { tier: 'enterprise', state: 'active', epoch: 1 },
      proofs: [
        caller.login,
        { method: 'totp', level: 'mfa', amr: ['otp', 'mfa'], authTime: world.clock.now(), authenticatorId: 'auth_totp' },
      ],
      authenticators: [{ id: 'auth_totp' }],
      risk: { band: 'normal', reasons: [] },
      now: world.clock.now(),
    })
  })

  test('a second key on one session starts with no proofs', async () => {
    const world = await start()
    await enrol(world, totp())
    const caller = await world.caller()
    await recordProof(world.domain, await loadStanding(world.domain, caller), {
      method: 'totp',
      level: 'mfa',
      amr: [],
      authTime: world.clock.now(),
      authenticatorId: 'auth_totp',
    })
    for (const other of [{ jkt: 'another-key' }, { sid: 's2' }, { sub: 'bob' }])
      expect((await loadStanding(world.domain, await world.caller(other))).proofs).toHaveLength(1)
  })

  test('a change that happens while it is read has a greater cursor than its revision', async () => {
    const world = await start()
    const { store } = world.domain
    // the last thing that is read appends a change first, as another instance could
    const slow = {
      ...store,
      authenticators: {
        ...store.authenticators,
        list: async (subject: string) => {
          await enrol(world, totp())
          return store.authenticators.list(subject)
        },
      },
    }
    const standing = await loadStanding({ ...world.domain, store: slow }, await world.caller())
    expect(standing.revision).toBeLessThan(await store.changes.head())
  })
})

describe('deciding', () => {
  test('steps up with what is enrolled, enrols what is missing, and permits what is proven', async () => {
    const world = await start()
    const caller = await world.caller()
    const decide = async (feature: string) => decideFor(await loadStanding(world.domain, caller), feature)
    expect(await decide('reports.view')).toMatchObject({ outcome: 'permit' })
    expect(await decide('reports.export')).toMatchObject({ outcome: 'enroll' })
    await enrol(world, totp())
    expect(await decide('reports.export')).toMatchObject({ outcome: 'step_up', next: { methods: ['totp'] } })
    expect(await decide('payouts.approve')).toMatchObject({ outcome: 'enroll' })
    await recordProof(world.domain, await loadStanding(world.domain, caller), {
      method: 'totp',
      level: 'mfa',
      amr: [],
      authTime: world.clock.now(),
      authenticatorId: 'auth_totp',
    })
    expect(await decide('reports.export')).toMatchObject({ outcome: 'permit', until: world.clock.now() + 900 })
    world.clock.advance(901)
    expect(await decide('reports.export')).toMatchObject({ outcome: 'step_up' })
    expect(await decide('unheard.of')).toMatchObject({ outcome: 'deny', reasons: [{ code: 'unknown_feature' }] })
  })

  const bound = definePolicy({
    ...TEST_POLICY.document,
    features: {
      ...TEST_POLICY.document.features,
      pay: { requires: { level: 'mfa', bind: ['amount'] } },
      own: { actors: 'deny' },
      strict: { requires: { level: 'session', maxAge: '1m' } },
    },
    tiers: { ...TEST_POLICY.document.tiers, enterprise: { extends: 'pro', features: ['payouts.approve', 'pay', 'own', 'strict'] } },
  })

  test('an operation is permitted only where a ceremony was completed for it', async () => {
    const world = await start({ policy: bound })
    await enrol(world, totp())
    const caller = await world.caller()
    await recordProof(world.domain, await loadStanding(world.domain, caller), {
      method: 'totp',
      level: 'mfa',
      amr: [],
      authTime: world.clock.now(),
      authenticatorId: 'auth_totp',
    })
    const standing = await loadStanding(world.domain, caller)
    expect(decideFor(standing, 'pay')).toMatchObject({ outcome: 'step_up', requirement: { bind: ['amount'] } })
    expect(decideFor(standing, 'pay', { digest: 'abc' })).toMatchObject({ outcome: 'permit' })
  })

  test('support staff cannot use, add or learn what the customer has enrolled or proven', async () => {
    const world = await start({ policy: bound })
    await enrol(world, totp())
    const own = await world.caller()
    await recordProof(world.domain, await loadStanding(world.domain, own), {
      method: 'totp',
      level: 'mfa',
      amr: [],
      authTime: world.clock.now(),
      authenticatorId: 'auth_totp',
    })
    // same session and same device on purpose
    const standing = await loadStanding(world.domain, await world.caller({ actor: 'support' }))
    expect(standing.proofs).toHaveLength(1)
    expect(standing.authenticators).toEqual([])
    expect((await stateOf(world.domain, standing, TEST_AUDIENCE)).authenticators).toEqual([])
    const refused = { outcome: 'deny', reasons: [{ code: 'actor_not_allowed' }] }
    expect(decideFor(standing, 'reports.view')).toMatchObject({ outcome: 'permit' })
    for (const feature of ['reports.export', 'payouts.approve', 'pay', 'own']) expect(decideFor(standing, feature)).toMatchObject(refused)
    expect(decideFor(standing, 'pay', { digest: 'abc' })).toMatchObject(refused)
    expect(decideFor(standing, 'strict')).toMatchObject({ outcome: 'permit' })
    world.clock.advance(61)
    expect(decideFor(await loadStanding(world.domain, standing.caller), 'strict')).toMatchObject({
      outcome: 'step_up',
      next: { methods: ['relogin'] },
    })
  })

  test('an acting party whose own login is strong may do what is not bound and does not refuse them', async () => {
    const world = await start({ policy: bound })
    const login = { method: 'login', level: 'phr', amr: [], authTime: world.clock.now() } as const
    const standing = await loadStanding(world.domain, await world.caller({ actor: 'support', login }))
    expect(decideFor(standing, 'payouts.approve')).toMatchObject({ outcome: 'permit' })
    expect(decideFor(standing, 'pay', { digest: 'abc' })).toMatchObject({ outcome: 'deny' })
    expect(decideFor(standing, 'own')).toMatchObject({ outcome: 'deny' })
  })

  test('an acting party does not get past a binding that only the tier or only compliance asks for', async () => {
    const parsed = parsePolicy({
      ...TEST_POLICY.document,
      features: { ...TEST_POLICY.document.features, byTier: {}, byRule: { compliance: ['sca'] } },
      tiers: {
        ...TEST_POLICY.document.tiers,
        enterprise: { extends: 'pro', features: ['byTier', 'byRule'], requires: { level: 'mfa', bind: ['amount'] } },
      },
      compliance: { sca: { requires: { level: 'mfa', bind: ['amount'] }, because: 'A rule' } },
    })
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues))
    const world = await start({ policy: parsed.policy })
    const login = { method: 'login', level: 'phr', amr: [], authTime: world.clock.now() } as const
    // as at the end of a ceremony for the operation; the login beside it proves none
    const proofs = [login, { ...login, method: 'totp', level: 'mfa' }] as const
    const own = { ...(await loadStanding(world.domain, await world.caller({ login }))), proofs }
    const acting = { ...(await loadStanding(world.domain, await world.caller({ login, actor: 'support' }))), proofs }
    expect(decideFor({ ...own, proofs: [login] }, 'byTier', { digest: 'abc' }).outcome).not.toBe('permit')
    for (const feature of ['byTier', 'byRule']) {
      expect(decideFor(own, feature, { digest: 'abc' })).toMatchObject({ outcome: 'permit' })
      expect(decideFor(acting, feature, { digest: 'abc' })).toMatchObject({ outcome: 'deny', reasons: [{ code: 'actor_not_allowed' }] })
    }
  })
})

describe('the state', () => {
  test('has a decision for every feature and a token for what is proven', async () => {
    const world = await start()
    await enrol(world, passkey)
    const standing = await loadStanding(world.domain, await world.caller())
    const state = await stateOf(world.domain, standing, TEST_AUDIENCE)
    expect(state).toMatchObject({
      revision: standing.revision,
      now: world.clock.now(),
      subject: 'main|alice',
      account: 'acme',
      license: { tier: 'enterprise' },
      tiers: ['enterprise', 'pro', 'basic'],
      risk: { band: 'normal', reasons: [] },
      authenticators: [{ id: 'auth_key', method: 'passkey', level: 'phr', name: 'Laptop', createdAt: 1, lastUsedAt: 5 }],
      token: { acr: 'urn:stile:acr:session', expiresAt: world.clock.now() + 300 },
    })
    expect(Object.keys(state.decisions)).toEqual(['reports.view', 'reports.export', 'payouts.approve'])
    expect(state).not.toHaveProperty('actor')
    expect(decodeJwt(state.token.token).aud).toBe(TEST_AUDIENCE)
  })

  test('names who acts', async () => {
    const world = await start()
    const state = await stateOf(world.domain, await loadStanding(world.domain, await world.caller({ actor: 'support' })), TEST_AUDIENCE)
    expect(state).toMatchObject({ subject: 'main|alice', actor: 'support' })
  })
})

test('an authenticator is shown without keys, secrets and counters', () => {
  expect(publicAuthenticator(totp())).toEqual({
    id: 'auth_totp',
    method: 'totp',
    level: 'mfa',
    name: 'Phone',
    createdAt: 1,
    boundBy: { method: 'login', level: 'session' },
  })
  expect(Object.keys(publicAuthenticator(passkey)).sort()).toEqual(['boundBy', 'createdAt', 'id', 'lastUsedAt', 'level', 'method', 'name'])
})

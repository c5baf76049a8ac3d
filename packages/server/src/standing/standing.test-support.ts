import { onTestFinished } from 'vitest'
import { createTestDomain, type TestDomain, type TestDomainOverrides } from '../domain.test-support.ts'
import { writeLicense } from '../licenses/licenses.ts'
import { recordProof } from '../proofs/record.ts'
import type { Caller } from '../sessions/caller.ts'
import type { AuthenticatorRecord } from '../stores/store.ts'
import { loadStanding } from './standing.ts'

/** A domain in which the account `acme` has the highest tier; it is closed when the test has finished. */
export async function start(overrides: TestDomainOverrides = {}) {
  const world = await createTestDomain(overrides)
  onTestFinished(() => world.close())
  await writeLicense(world.domain, 'acme', { tier: 'enterprise', state: 'active' })
  return world
}

/** An authenticator app of alice. */
export const totp = (change: Partial<AuthenticatorRecord> = {}): AuthenticatorRecord => ({
  id: 'auth_totp',
  subject: 'main|alice',
  level: 'mfa',
  name: 'Phone',
  createdAt: 1,
  boundBy: { method: 'login', level: 'session' },
  data: { method: 'totp', sealedSecret: 'sealed', lastStep: 7, failures: 0 },
  ...change,
})

/** A passkey of alice. */
export const passkey: AuthenticatorRecord = totp({
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

/** Writes an authenticator as an enrolment would. */
export const enrol = ({ domain }: Pick<TestDomain, 'domain'>, record: AuthenticatorRecord): Promise<boolean> =>
  domain.store.authenticators.create({ record, limit: 10, change: { at: 1, type: 'authenticators', subject: record.subject } })

/** Records a proof by the authenticator app of alice, as a step-up would. */
export async function proveTotp({ domain }: Pick<TestDomain, 'domain'>, caller: Caller): Promise<void> {
  await recordProof(domain, await loadStanding(domain, caller), {
    method: 'totp',
    level: 'mfa',
    amr: ['otp', 'mfa'],
    authTime: domain.now(),
    authenticatorId: 'auth_totp',
  })
}

/** A domain in which alice has an authenticator app and has just proven with it who she is. */
export async function startProven(overrides: TestDomainOverrides = {}) {
  const world = await start(overrides)
  await enrol(world, totp())
  const caller = await world.caller()
  await proveTotp(world, caller)
  return { world, caller }
}

import { onTestFinished } from 'vitest'
import { createTestDomain, type TestDomain, type TestDomainOverrides } from '../domain.test-support.ts'
import { writeLicense } from '../licenses/licenses.ts'
import type { AuthenticatorRecord } from '../stores/store.ts'

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

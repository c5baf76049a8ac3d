import { afterEach, beforeEach, expect, it } from 'vitest'
import type { AddressRecord, NewNotice, Store } from '../store.ts'
import {
  ALICE,
  ALL,
  authenticator,
  BURST,
  burst,
  enrol,
  license,
  licenseChange,
  proofsChange,
  registration,
  stepUp,
  T0,
  totp,
} from './fixtures.test-support.ts'

const ADDRESS: AddressRecord = { subject: ALICE.subject, version: 1, address: 'alice@example.com' }
const NOTICE: NewNotice = { id: 'no_1', subject: ALICE.subject, to: 'alice@example.com', kind: 'sessions_ended', data: {}, at: T0 }

/** Two instances on one place, and a restart. */
export function sharedContract(place: () => Promise<() => Promise<Store>>): void {
  let open: () => Promise<Store>
  let stores: readonly [Store, Store]
  beforeEach(async () => {
    open = await place()
    stores = [await open(), await open()]
  })
  afterEach(() => Promise.all(stores.map((store) => store.close())))

  /** Every other call goes to the other instance. */
  const race = <T>(call: (store: Store, index: number) => Promise<T>) =>
    burst((index) => call(index % 2 === 0 ? stores[0] : stores[1], index))

  it('has one winner among all instances for everything that may be used once', async () => {
    const [first] = stores
    await first.stepUps.create(stepUp('su_1'))
    await first.stepUps.start({ id: 'su_1', method: 'passkey', challenge: 'challenge' })
    await first.registrations.create(registration('reg_1'))
    await enrol(first, authenticator('auth_1'))
    await enrol(first, authenticator('auth_2', { level: 'mfa', data: totp() }))
    await first.addresses.write({ record: ADDRESS, notices: [NOTICE] })
    const verbs: readonly ((store: Store, index: number) => Promise<unknown>)[] = [
      (store) => store.stepUps.takeChallenge({ id: 'su_1', method: 'passkey' }),
      (store) => store.stepUps.take('su_1'),
      (store) => store.registrations.take('reg_1'),
      (store) => store.replay.once({ key: 'jti', now: T0, expiresAt: T0 + 300 }),
      (store) => store.authenticators.touch({ id: 'auth_1', expectedCounter: 7, counter: 8, backupState: false, now: T0 }),
      (store) => store.totp.accept({ subject: ALICE.subject, authenticatorId: 'auth_2', step: 101, now: T0 }),
      (store, index) =>
        store.licenses.write({ record: license('acme', { tier: `${index}` }), expectedEpoch: null, changes: [licenseChange('acme')] }),
      (store, index) =>
        store.signingKeys.create({ kid: `kid-${index}`, publicJwk: {}, sealedPrivateJwk: 'v1.sealed', createdAt: T0, activeFrom: T0 }),
      (store) => store.addresses.write({ record: { ...ADDRESS, version: 2 }, notices: [] }),
      async (store) => (await store.outbox.claim({ now: T0, leaseSeconds: 60, limit: 1 })).length > 0,
      (store) =>
        store.authenticators.remove({ subject: ALICE.subject, id: 'auth_1', keepDevice: ALICE.jkt, changes: [proofsChange(ALICE)] }),
    ]
    for (const verb of verbs) expect((await race(verb)).filter(Boolean)).toHaveLength(1)
  })

  it('counts exactly and agrees on pinned values over all instances', async () => {
    const hits = await race((store) => store.attempts.hit({ key: 'alice', now: T0, windowSeconds: 900, limit: BURST }))
    expect(new Set(hits.map(({ count }) => count)).size).toBe(BURST)
    expect(new Set(await race((store, index) => store.settings.pin({ name: 'rpId', value: `${index}` }))).size).toBe(1)
    expect(new Set(await race((store, index) => store.subjects.userHandle(ALICE.subject, `${index}`))).size).toBe(1)
    expect(
      new Set((await race((store) => store.policies.publish({ digest: 'one', document: {}, now: T0 }))).map((each) => each.revision)).size,
    ).toBe(1)
    expect(await stores[0].changes.generation()).toBe(await stores[1].changes.generation())
  })

  it('lets one instance read at once what another has committed', async () => {
    const [first, second] = stores
    await first.stepUps.create(stepUp('su_1'))
    expect(await second.stepUps.get('su_1')).toEqual(stepUp('su_1'))
  })

  it('tells a watcher of what another instance has changed', async () => {
    const [first, second] = stores
    const heard = new Promise<void>((resolve) => second.changes.watch(resolve))
    await first.licenses.write({ record: license('acme'), expectedEpoch: null, changes: [licenseChange('acme')] })
    await heard
    expect(await second.changes.after(ALL)).toHaveLength(1)
  })

  it('still has everything after a restart', async () => {
    const [first, second] = stores
    await first.stepUps.create(stepUp('su_1'))
    await first.replay.once({ key: 'jti', now: T0, expiresAt: T0 + 300 })
    await first.attempts.hit({ key: 'alice', now: T0, windowSeconds: 900, limit: BURST })
    await enrol(first, authenticator('auth_1'))
    await first.addresses.write({ record: ADDRESS, notices: [NOTICE] })
    await first.licenses.write({ record: license('acme'), expectedEpoch: null, changes: [licenseChange('acme')] })
    const [generation, head] = [await first.changes.generation(), await first.changes.head()]
    await Promise.all([first.close(), second.close()])

    const again = await open()
    try {
      expect(await again.stepUps.get('su_1')).toEqual(stepUp('su_1'))
      expect(await again.replay.once({ key: 'jti', now: T0, expiresAt: T0 + 300 })).toBe(false)
      expect((await again.attempts.count({ key: 'alice', now: T0 })).count).toBe(1)
      expect(await again.authenticators.list(ALICE.subject)).toEqual([authenticator('auth_1')])
      expect(await again.addresses.get(ALICE.subject)).toEqual(ADDRESS)
      expect(await again.outbox.claim({ now: T0, leaseSeconds: 60, limit: 9 })).toEqual([{ ...NOTICE, attempt: 1 }])
      expect(await again.licenses.get('acme')).toEqual(license('acme'))
      expect([await again.changes.generation(), await again.changes.head()]).toEqual([generation, head])
    } finally {
      await again.close()
    }
  })
}

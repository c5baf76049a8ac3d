import { describe, expect, it } from 'vitest'
import type { NewChange, Store } from '../store.ts'
import {
  ALICE,
  ALL,
  authenticator,
  authenticatorsChange,
  BOB,
  BURST,
  burst,
  enrol,
  login,
  passkey,
  T0,
  totp,
  touchSession,
} from './fixtures.test-support.ts'

const change = authenticatorsChange(ALICE)
const revoked = (before: number): NewChange => ({ at: T0, type: 'revoked', subject: ALICE.subject, before })

/** Authenticators and the codes they give. */
export function authenticatorsContract(store: () => Store): void {
  const totpOf = (id: string) => authenticator(id, { level: 'mfa', data: totp() })

  describe('authenticators', () => {
    it('gives back what was enrolled, oldest first, to its subject alone', async () => {
      const phone = { ...totpOf('auth_2'), createdAt: T0 + 5, lastUsedAt: T0 + 6, recovery: { at: T0 + 4, told: true } }
      await enrol(store(), phone)
      await enrol(store(), authenticator('auth_1'))
      expect(await store().authenticators.list(ALICE.subject)).toEqual([authenticator('auth_1'), phone])
      expect(await store().authenticators.list(BOB.subject)).toEqual([])
      expect(await store().authenticators.get({ subject: ALICE.subject, id: 'auth_1' })).toEqual(authenticator('auth_1'))
      expect(await store().authenticators.get({ subject: BOB.subject, id: 'auth_1' })).toBeNull()
      expect(await store().authenticators.findByCredentialId('credential-1')).toEqual(authenticator('auth_1'))
      expect(await store().authenticators.findByCredentialId('credential-2')).toBeNull()
    })

    it('threat: one credential would be enrolled for two subjects', async () => {
      const created = await burst((index) => {
        const subject = index % 2 === 0 ? ALICE.subject : BOB.subject
        return store().authenticators.create({ record: authenticator(`auth_${index}`, { subject }), limit: 10, change })
      })
      expect(created.filter(Boolean)).toHaveLength(1)
      const kept = [...(await store().authenticators.list(ALICE.subject)), ...(await store().authenticators.list(BOB.subject))]
      expect(kept).toHaveLength(1)
      expect(await store().changes.after(ALL)).toHaveLength(1)
    })

    it('holds the limit of a subject in a burst', async () => {
      const created = await burst((index) =>
        enrol(store(), authenticator(`auth_${index}`, { data: passkey({ credentialId: `credential-${index}` }) }), 3),
      )
      expect(created.filter(Boolean)).toHaveLength(3)
      expect(await store().authenticators.list(ALICE.subject)).toHaveLength(3)
      expect(await store().changes.after(ALL)).toMatchObject([change])
    })

    it('threat: of many first ones, each let in because nothing was enrolled, more than one would be', async () => {
      const first = (index: number, beside: readonly string[]) => {
        const record = authenticator(`auth_${index}`, { data: passkey({ credentialId: `credential-${index}` }) })
        return store().authenticators.create({ record, limit: 10, change, beside })
      }
      const created = await burst((index) => first(index, []))
      expect(created.filter(Boolean)).toHaveLength(1)
      const [only] = await store().authenticators.list(ALICE.subject)
      const cursor = await store().changes.head()
      expect([await first(100, ['auth_other']), await first(101, [only?.id ?? '', 'auth_other'])]).toEqual([false, true])
      expect(await store().changes.after({ ...ALL, cursor })).toHaveLength(1)
    })

    it('threat: one would be enrolled in a session that was ended since it was begun', async () => {
      const create = (id: string, at: number) =>
        store().authenticators.create({
          record: authenticator(id, { data: passkey({ credentialId: id }) }),
          limit: 10,
          change,
          begun: { key: ALICE, at },
        })
      await touchSession(store(), { key: ALICE })
      expect(await create('auth_1', T0)).toBe(true)
      const [, late] = await Promise.all([store().sessions.endAll({ ...ALICE, now: T0, change: revoked(T0) }), create('auth_2', T0)])
      expect(late).toBe(false)
      await touchSession(store(), { key: ALICE, now: T0 + 2, login: login({ sid: ALICE.sid, authTime: T0 + 1 }) })
      expect([await create('auth_3', T0), await create('auth_4', T0 + 2)]).toEqual([false, true])
    })

    it('threat: a subject would rename or remove what belongs to another', async () => {
      await enrol(store(), authenticator('auth_1'))
      const head = await store().changes.head()
      expect(await store().authenticators.rename({ subject: BOB.subject, id: 'auth_1', name: 'Mine', change })).toBe(false)
      expect(await store().authenticators.remove({ subject: BOB.subject, id: 'auth_1', keepDevice: BOB.jkt, changes: [change] })).toBe(
        false,
      )
      expect(await store().authenticators.list(ALICE.subject)).toEqual([authenticator('auth_1')])
      expect(await store().changes.head()).toBe(head)
    })

    it('renames, and says so', async () => {
      await enrol(store(), authenticator('auth_1'))
      const cursor = await store().changes.head()
      expect(await store().authenticators.rename({ subject: ALICE.subject, id: 'auth_1', name: 'Desk', change })).toBe(true)
      expect((await store().authenticators.list(ALICE.subject))[0]?.name).toBe('Desk')
      expect(await store().changes.after({ ...ALL, cursor })).toMatchObject([change])
    })

    it('is removed by one caller of a burst, together with all the changes', async () => {
      await enrol(store(), authenticator('auth_1'))
      const cursor = await store().changes.head()
      const removal = { subject: ALICE.subject, id: 'auth_1', keepDevice: ALICE.jkt, changes: [change, revoked(T0 + 5)] }
      const removed = await burst(() => store().authenticators.remove(removal))
      expect(removed.filter(Boolean)).toHaveLength(1)
      expect(await store().authenticators.list(ALICE.subject)).toEqual([])
      expect((await store().changes.after({ ...ALL, cursor })).map(({ cursor: _, ...each }) => each)).toEqual([change, revoked(T0 + 5)])
    })

    it('says up to when everything of a subject was revoked, also after a sweep', async () => {
      const ended: NewChange = { at: T0, type: 'revoked', subject: ALICE.subject, sid: ALICE.sid, before: T0 + 3 }
      const before = () => store().changes.revokedBefore(ALICE.subject)
      await enrol(store(), authenticator('auth_1'))
      await store().sessions.end({ ...ALICE, now: T0, change: ended })
      expect(await before()).toBe(0)
      await store().authenticators.remove({ subject: ALICE.subject, id: 'auth_1', keepDevice: ALICE.jkt, changes: [revoked(T0 + 5)] })
      await store().sweep(T0 + 10 * 86_400)
      expect(await before()).toBe(T0 + 5)
      expect(await store().changes.revokedBefore(BOB.subject)).toBe(0)
    })

    it('threat: a cloned passkey would use the same counter twice', async () => {
      await enrol(store(), authenticator('auth_1'))
      const moved = await burst(() =>
        store().authenticators.touch({ id: 'auth_1', expectedCounter: 7, counter: 8, backupState: true, now: T0 + 9 }),
      )
      expect(moved.filter(Boolean)).toHaveLength(1)
      expect(await store().authenticators.list(ALICE.subject)).toEqual([
        authenticator('auth_1', { lastUsedAt: T0 + 9, data: passkey({ counter: 8, backupState: true }) }),
      ])
    })

    it('notes the use of a passkey that does not count', async () => {
      await enrol(store(), authenticator('auth_1', { data: passkey({ counter: 0 }) }))
      const still = { id: 'auth_1', expectedCounter: 0, counter: 0, backupState: false, now: T0 + 1 }
      expect(await store().authenticators.touch(still)).toBe(true)
      expect(await store().authenticators.touch({ ...still, now: T0 + 2 })).toBe(true)
      expect((await store().authenticators.list(ALICE.subject))[0]?.lastUsedAt).toBe(T0 + 2)
    })

    it('moves no counter of what is no passkey or not there', async () => {
      await enrol(store(), totpOf('auth_1'))
      for (const id of ['auth_1', 'auth_2']) {
        expect(await store().authenticators.touch({ id, expectedCounter: 0, counter: 1, backupState: false, now: T0 })).toBe(false)
      }
    })
  })

  describe('totp', () => {
    const accept = (step: number, now = T0) => store().totp.accept({ subject: ALICE.subject, authenticatorId: 'auth_1', step, now })

    it('threat: a code would be accepted twice', async () => {
      await enrol(store(), totpOf('auth_1'))
      expect((await burst(() => accept(101, T0 + 3))).filter(Boolean)).toHaveLength(1)
      expect(await store().authenticators.list(ALICE.subject)).toEqual([
        { ...totpOf('auth_1'), lastUsedAt: T0 + 3, data: totp({ lastStep: 101 }) },
      ])
    })

    it('threat: an older code would be accepted after a newer one', async () => {
      await enrol(store(), totpOf('auth_1'))
      const accepted = await burst((index) => accept(100 + ((index * 17) % BURST)))
      expect(await accept(100)).toBe(false)
      expect(await accept(100 + BURST - 1)).toBe(false)
      expect(await accept(100 + BURST)).toBe(true)
      // each accepted step was greater than all before it
      const steps = accepted.flatMap((yes, index) => (yes ? [(index * 17) % BURST] : []))
      expect(steps).toEqual(steps.toSorted((one, other) => one - other))
    })

    it('threat: a step would be accepted once for each app of a subject', async () => {
      const both = ['auth_1', 'auth_2']
      for (const id of both) await enrol(store(), totpOf(id))
      const acceptBy = (authenticatorId: string, step: number) =>
        store().totp.accept({ subject: ALICE.subject, authenticatorId, step, now: T0 })
      expect((await burst((index) => acceptBy(both[index % 2] as string, 101))).filter(Boolean)).toHaveLength(1)
      for (const id of both) expect(await acceptBy(id, 101)).toBe(false)
      expect(await acceptBy('auth_2', 103)).toBe(true)
      for (const id of both) expect(await acceptBy(id, 102)).toBe(false)
      expect(await acceptBy('auth_1', 104)).toBe(true)
    })

    it('leaves the apps of another subject alone', async () => {
      await enrol(store(), totpOf('auth_1'))
      const other = { ...totpOf('auth_2'), subject: BOB.subject }
      await store().authenticators.create({ record: other, limit: 10, change: authenticatorsChange(BOB) })
      expect(await accept(101)).toBe(true)
      expect(await store().totp.accept({ subject: ALICE.subject, authenticatorId: 'auth_2', step: 102, now: T0 })).toBe(false)
      expect(await store().totp.accept({ subject: BOB.subject, authenticatorId: 'auth_2', step: 101, now: T0 })).toBe(true)
    })

    it('accepts nothing for a passkey or for what is not there', async () => {
      await enrol(store(), authenticator('auth_1'))
      expect(await accept(1000)).toBe(false)
      expect(await store().totp.accept({ subject: ALICE.subject, authenticatorId: 'auth_2', step: 1000, now: T0 })).toBe(false)
    })
  })
}

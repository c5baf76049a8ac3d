import { describe, expect, it } from 'vitest'
import { END_SECONDS } from '../retention.ts'
import { MOST_KEYS } from '../session-records.ts'
import type { NewNotice, Store } from '../store.ts'
import { createEnding, PHONE, TABLET } from './ending.test-support.ts'
import {
  ALICE,
  authenticator,
  BOB,
  burst,
  enrol,
  login,
  proofsChange,
  registration,
  stepUp,
  T0,
  touchSession,
} from './fixtures.test-support.ts'

/** The end of all sessions of a subject at once. */
export function endOfAllContract(store: () => Store): void {
  const { touch, prove, endAll, endNamed } = createEnding(store)

  describe('the end of all sessions of a subject', () => {
    it('drops what they had proven and begun, in one change, and leaves those of others', async () => {
      for (const key of [ALICE, PHONE, TABLET, BOB]) {
        await touch(key)
        await prove(key)
        await store().stepUps.create(stepUp(`su_${key.jkt}`, { key }))
        await store().registrations.create(registration(`reg_${key.jkt}`, { key }))
      }
      const before = await store().changes.head()
      await endAll(T0 + 5)
      for (const key of [ALICE, PHONE, TABLET]) {
        expect(await store().sessions.expiresAt(key)).toBeNull()
        expect(await touch(key, T0 + 6, { authTime: T0 + 5 })).toBe('ended')
        expect(await store().proofs.list(key)).toEqual([])
        expect(await store().stepUps.get(`su_${key.jkt}`)).toBeNull()
        expect(await store().registrations.get(`reg_${key.jkt}`)).toBeNull()
      }
      expect(await touch(BOB, T0 + 6)).toBe('known')
      expect(await store().proofs.list(BOB)).toHaveLength(1)
      expect(await store().stepUps.get(`su_${BOB.jkt}`)).not.toBeNull()
      const change = { cursor: expect.any(Number), at: T0 + 5, type: 'revoked', subject: ALICE.subject, before: T0 + 5 }
      expect(await store().changes.after({ cursor: before, limit: 10 })).toEqual([change])
      expect(await store().changes.revokedBefore(ALICE.subject)).toBe(T0 + 5)
    })

    it('spares one session on one device, with its proofs, and not another device that holds the same login', async () => {
      for (const key of [ALICE, PHONE, TABLET]) {
        await touch(key, T0, { authTime: T0 })
        await prove(key)
        await store().stepUps.create(stepUp(`su_${key.jkt}`, { key }))
      }
      await endAll(T0 + 5, ALICE)
      expect(await store().sessions.expiresAt(ALICE)).not.toBeNull()
      expect(await touch(ALICE, T0 + 6, { authTime: T0 })).toBe('known')
      expect(await store().proofs.list(ALICE)).toHaveLength(1)
      expect(await prove(ALICE, T0 + 6)).toBe(true)
      expect(await store().stepUps.get(`su_${ALICE.jkt}`)).not.toBeNull()
      for (const key of [PHONE, TABLET]) {
        expect(await store().sessions.expiresAt(key)).toBeNull()
        expect(await touch(key, T0 + 6, { authTime: T0 })).toBe('ended')
        expect(await store().proofs.list(key)).toEqual([])
        expect(await store().stepUps.get(`su_${key.jkt}`)).toBeNull()
      }
    })

    it('threat: somebody with as many sessions as can be fills the log, or keeps one of them', async () => {
      const keyOf = (index: number) => ({ ...ALICE, sid: `sid-${index}`, jkt: `jkt-${index}` })
      await Promise.all(Array.from({ length: MOST_KEYS }, (_, index) => touch(keyOf(index))))
      await endNamed('sid-7', T0 + 1)
      const before = await store().changes.head()
      await endAll(T0 + 5, keyOf(9))
      expect(await store().changes.head()).toBe(before + 1)
      expect((await store().sessions.list({ subject: ALICE.subject, now: T0 + 6 })).map(({ sid }) => sid)).toEqual(['sid-9'])
      // each is known by its name afterwards, also if its tokens do not say when the login was given
      for (const index of [0, 8, MOST_KEYS - 1]) {
        const key = { ...ALICE, sid: `sid-${index}`, jkt: 'unseen' }
        expect(await touch(key, T0 + 6)).toBe('ended')
        expect(await touch(key, T0 + 7, { authTime: T0 + 6 })).toBe('new')
      }
      // an end for good stays one
      expect(await touch({ ...ALICE, sid: 'sid-7' }, T0 + 7, { authTime: T0 + 6 })).toBe('ended')
    })

    it('forgets the devices if asked to, apart from the one that is spared, and never those of others', async () => {
      await enrol(store(), authenticator('auth_1'))
      await enrol(
        store(),
        authenticator('auth_2', { subject: BOB.subject, data: { method: 'totp', sealedSecret: 's', lastStep: 1, failures: 0 } }),
      )
      const { bind, find, see, list } = store().devices
      const { subject } = ALICE
      for (const key of [ALICE, PHONE, TABLET]) {
        await touch(key)
        await bind({ key, authenticatorId: 'auth_1', provenAt: T0, now: T0 })
        await see({ subject, jkt: key.jkt, name: key.jkt, now: T0 })
      }
      await touch(BOB)
      await bind({ key: BOB, authenticatorId: 'auth_2', provenAt: T0, now: T0 })
      await see({ ...BOB, name: 'bob', now: T0 })
      await endAll(T0 + 5, ALICE)
      expect(await list({ subject, now: T0 + 6 })).toHaveLength(3)
      await endAll(T0 + 5, ALICE, { forgetDevices: true })
      expect(await list({ subject, now: T0 + 6 })).toMatchObject([{ jkt: ALICE.jkt, name: ALICE.jkt, known: true }])
      for (const { jkt } of [PHONE, TABLET]) expect(await find({ subject, jkt })).toEqual({ any: true, bound: false })
      // also without one that is spared they do not count as the first ones
      await endAll(T0 + 7, undefined, { forgetDevices: true })
      expect(await find({ subject, jkt: ALICE.jkt })).toEqual({ any: true, bound: false })
      expect(await list({ subject, now: T0 + 8 })).toEqual([])
      await endAll(T0 + 9, undefined, { forgetDevices: true })
      expect(await find({ subject, jkt: ALICE.jkt })).toEqual({ any: true, bound: false })
      // what one of them was called is gone with it
      const later = { ...PHONE, sid: 'later' }
      await touchSession(store(), { key: later, now: T0 + 10, login: login({ sid: later.sid, authTime: T0 + 10 }) })
      await bind({ key: later, authenticatorId: 'auth_1', provenAt: T0 + 10, now: T0 + 10 })
      expect(await list({ subject, now: T0 + 10 })).toMatchObject([{ jkt: PHONE.jkt, known: true }])
      expect((await list({ subject, now: T0 + 10 }))[0]).not.toHaveProperty('name')
      expect(await list({ subject: BOB.subject, now: T0 + 9 })).toMatchObject([{ jkt: BOB.jkt, name: 'bob', known: true }])
    })

    it('is told if a notice comes with it, and not made if that cannot be written', async () => {
      const notice: NewNotice = { id: 'no_1', subject: ALICE.subject, to: 'a@example.com', kind: 'sessions_ended', data: {}, at: T0 }
      await touch(ALICE)
      await endAll(T0 + 5, undefined, { notices: [notice] })
      expect(await store().outbox.claim({ now: T0 + 5, leaseSeconds: 60, limit: 9 })).toEqual([{ ...notice, attempt: 1 }])
      await touch(BOB)
      const second = store().sessions.endAll({ subject: BOB.subject, now: T0, change: proofsChange(BOB), notices: [notice] })
      await expect(second).rejects.toThrow()
      expect(await touch(BOB)).toBe('known')
    })

    it('threat: a login that the service has not seen yet would begin a session after all were ended', async () => {
      await touch(ALICE, T0, { authTime: T0 })
      await endAll(T0 + 5, ALICE)
      for (const key of [
        { ...ALICE, sid: 'unseen' },
        { ...ALICE, jkt: 'unseen' },
      ]) {
        expect(await touch(key, T0 + 6, { authTime: T0 + 5 })).toBe('ended')
        expect(await touch(key, T0 + 6, { authTime: T0 + 6 })).toBe('new')
      }
      expect(await touch({ ...ALICE, subject: BOB.subject }, T0 + 6, { authTime: T0 })).toBe('new')
    })

    it('threat: a proof under way would outlive the end, in another session or on another device of the one that was spared', async () => {
      for (const key of [ALICE, PHONE, TABLET]) await touch(key)
      await endAll(T0 + 5, ALICE)
      for (const key of [PHONE, TABLET]) {
        expect(await prove(key, T0 + 6)).toBe(false)
        expect(await store().proofs.list(key)).toEqual([])
      }
    })

    it('threat: a session that begins while all are ended would survive with what it proves', async () => {
      await touch(ALICE, T0, { authTime: T0 })
      const keys = Array.from({ length: 16 }, (_, index) => ({ ...ALICE, sid: `begun-${index % 4}`, jkt: `begun-${index}` }))
      await Promise.all([
        ...keys.slice(0, 8).map(async (key) => {
          await touch(key, T0 + 5, { authTime: T0 + 4 })
          await prove(key, T0 + 5)
        }),
        burst(() => endAll(T0 + 5, ALICE), 4),
        ...keys.slice(8).map(async (key) => {
          await touch(key, T0 + 5, { authTime: T0 + 4 })
          await prove(key, T0 + 5)
        }),
      ])
      for (const key of keys) {
        expect(await touch(key, T0 + 5, { authTime: T0 + 4 })).toBe('ended')
        expect(await store().proofs.list(key)).toEqual([])
      }
      expect((await store().sessions.list({ subject: ALICE.subject, now: T0 + 5 })).map(({ jkt }) => jkt)).toEqual([ALICE.jkt])
    })

    it('begins again for a later login, without what was proven, and does not take back an end that is for good', async () => {
      await touch(ALICE, T0, { authTime: T0 })
      await prove(ALICE)
      await endNamed(TABLET.sid, T0 + 4)
      await endAll(T0 + 5)
      expect(await touch(ALICE, T0 + 9, { authTime: T0 + 6 })).toBe('new')
      expect(await store().proofs.list(ALICE)).toEqual([])
      expect(await prove(ALICE, T0 + 9)).toBe(true)
      expect(await touch(TABLET, T0 + 9, { authTime: T0 + 6 })).toBe('ended')
    })

    it('is remembered until its time, also over a sweep', async () => {
      await touch(ALICE, T0, { authTime: T0 })
      await endAll(T0 + 5)
      const endsAt = T0 + 5 + END_SECONDS
      await store().sweep(endsAt - 1)
      for (const key of [ALICE, TABLET]) expect(await touch(key, endsAt - 1, { authTime: T0 + 5 })).toBe('ended')
      await store().sweep(endsAt + END_SECONDS)
      for (const key of [ALICE, TABLET]) expect(await touch(key, endsAt + END_SECONDS, { authTime: T0 + 5 })).toBe('new')
    })

    it('threat: another device on the session that was spared goes on if its tokens do not say when the login was given', async () => {
      await touch(ALICE)
      await touch(PHONE)
      await endAll(T0 + 5, ALICE)
      for (const key of [PHONE, { ...ALICE, jkt: 'unseen' }]) expect(await touch(key, T0 + 6)).toBe('ended')
      expect(await touch(ALICE, T0 + 6)).toBe('known')
      expect(await prove(ALICE, T0 + 5)).toBe(true)
      // nor does a login of the spared device let another in
      const claim = { sid: ALICE.sid, confirmed: false, authTime: T0 + 10 }
      expect(await touch(PHONE, T0 + 11, claim)).toBe('ended')
      expect(await touch(ALICE, T0 + 11, claim)).toBe('known')
      await endAll(T0 + 20)
      expect(await touch(ALICE, T0 + 21)).toBe('ended')
    })

    it('threat: the former owner of the login of the session that was spared comes back with the next one', async () => {
      const claim = (authTime: number) => ({ sid: ALICE.sid, confirmed: false, authTime })
      await touch(PHONE, T0, claim(T0))
      await touch(ALICE, T0, claim(T0))
      await endAll(T0 + 5, ALICE)
      expect(await touch(PHONE, T0 + 11, claim(T0 + 10))).toBe('ended')
      expect(await touch(ALICE, T0 + 11, claim(T0 + 10))).toBe('known')
      expect(await touch(PHONE, T0 + 11, { ...claim(T0 + 10), confirmed: true })).toBe('new')
    })
  })
}

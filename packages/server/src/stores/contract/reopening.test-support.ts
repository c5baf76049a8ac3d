import { describe, expect, it } from 'vitest'
import { MOST_KEYS } from '../session-records.ts'
import type { LoginClaim, SessionKey, Store } from '../store.ts'
import { ABSOLUTE, ALICE, BOB, burst, IDLE, login, proofsChange, stepUp, T0, touchSession } from './fixtures.test-support.ts'

type Reopening = Parameters<Store['sessions']['reopen']>[0]

/** Sessions that were ended and begin again, after a sign-in that the service ran, for the one key that it was run for. */
export function reopeningContract(store: () => Store): void {
  /** A login that says nothing of this key, as a stolen token does. */
  const FOREIGN: Partial<LoginClaim> = { confirmed: false, sid: ALICE.sid, authTime: T0, mayOwn: false }
  const see = (key: SessionKey, now: number, more: Partial<LoginClaim> = FOREIGN) => touchSession(store(), { key, now, login: login(more) })
  const touch = async (key: SessionKey, now = T0, more?: Partial<LoginClaim>) => (await see(key, now, more)).status
  const prove = (key: SessionKey, authTime = T0) =>
    store().proofs.record({ key, proof: { method: 'totp', level: 'mfa', amr: ['otp'], authTime }, change: proofsChange(key) })
  const change = { at: T0, type: 'revoked', subject: ALICE.subject, before: T0 } as const
  /** Signed out for good, at T0 + 10. */
  const end = (reopensAfter?: number, sid = ALICE.sid, subject = ALICE.subject) =>
    store().sessions.end({ subject, sid, now: T0 + 10, ...(reopensAfter !== undefined && { reopensAfter }), change })
  const endAll = (now = T0 + 10, except?: SessionKey) =>
    store().sessions.endAll({ subject: ALICE.subject, ...(except && { except }), now, change })
  const endNamed = () => store().sessions.endNamed({ issuer: 'demo', sid: ALICE.sid, now: T0 + 10, change: () => change })
  const begin = (key: SessionKey = ALICE, now = T0 + 20, id = `su_${key.jkt}`) =>
    store().stepUps.create(stepUp(id, { key, createdAt: now, expiresAt: now + 300 }))
  const reopen = (key: SessionKey = ALICE, now = T0 + 30, { authTime = now, ...more }: Partial<Reopening> & { authTime?: number } = {}) =>
    store().sessions.reopen({
      key,
      account: 'acme',
      now,
      idleSeconds: IDLE,
      absoluteSeconds: ABSOLUTE,
      stepUpId: `su_${key.jkt}`,
      proof: { method: 'relogin', level: 'session', amr: ['pwd'], authTime },
      change: proofsChange(key),
      ...more,
    })
  const phone = { ...ALICE, jkt: 'phone' }
  const ENDS: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['was signed out for good', () => end()],
    ['was ended until a later login', () => end(T0 + 10)],
    ['was ended with all others', () => endAll()],
    ['was ended with all others but another key of it', () => endAll(T0 + 10, { ...ALICE, jkt: 'spared' })],
  ]

  describe('a session that begins again', () => {
    it.each(ENDS)('goes on for the one key if it %s, and has only what was proven then', async (_, ends) => {
      await touch(ALICE)
      await prove(ALICE)
      await touch(phone)
      await ends()
      expect(await see(ALICE, T0 + 20)).toEqual({ status: 'ended', login: 'none' })
      await begin()
      const before = await store().changes.head()
      expect(await reopen()).toBe('reopened')
      expect(await store().changes.head()).toBe(before + 1)
      expect(await see(ALICE, T0 + 40)).toEqual({ status: 'known', login: 'none', expiresAt: T0 + 630 })
      expect(await store().sessions.expiresAt(ALICE)).toBe(T0 + 630)
      expect(await store().proofs.list(ALICE)).toEqual([{ method: 'relogin', level: 'session', amr: ['pwd'], authTime: T0 + 30 }])
      for (const key of [phone, { ...ALICE, jkt: 'never seen' }]) expect(await touch(key, T0 + 41)).toBe('ended')
      expect(await prove(ALICE, T0 + 29), 'what was proven before it began again').toBe(false)
      expect(await prove(ALICE, T0 + 41)).toBe(true)
      expect(await prove(phone, T0 + 41)).toBe(false)
    })

    it('threat: a login of before, of the owner or confirmed by its issuer, counts in it again', async () => {
      const mine = { confirmed: false, sid: ALICE.sid, authTime: T0 }
      expect(await see(ALICE, T0, mine)).toMatchObject({ login: 'first' })
      await end(T0 + 10)
      await begin()
      await reopen()
      expect(await see(ALICE, T0 + 40, mine)).toMatchObject({ status: 'known', login: 'none' })
      expect(await see(ALICE, T0 + 40, { ...mine, authTime: T0 + 30 })).toMatchObject({ status: 'known', login: 'first' })
      const confirmed = { confirmed: true, sid: ALICE.sid }
      expect(await see(ALICE, T0 + 40, { ...confirmed, authTime: T0 + 29 })).toMatchObject({ status: 'known', login: 'none' })
      expect(await see(ALICE, T0 + 40, confirmed), 'of an unknown time').toMatchObject({ status: 'known', login: 'none' })
      expect(await see(ALICE, T0 + 40, { ...confirmed, authTime: T0 + 30 })).toMatchObject({ status: 'known', login: 'issuer' })
    })

    it('begins for a key that was forgotten in it, after a sign-in that was given since', async () => {
      await touch(ALICE)
      await touch(phone)
      const { subject, jkt } = ALICE
      expect(await store().devices.forget({ subject, jkt, except: phone, now: T0 + 10, change })).toBe(true)
      await begin()
      expect(await reopen(ALICE, T0 + 30, { authTime: T0 + 10 })).toBe('too_early')
      expect(await touch(ALICE, T0 + 30)).toBe('ended')
      expect(await reopen(ALICE, T0 + 30, { authTime: T0 + 11 })).toBe('reopened')
      expect(await touch(ALICE, T0 + 40)).toBe('known')
      expect([await prove(ALICE, T0 + 10), await prove(ALICE, T0 + 11)]).toEqual([false, true])
      expect(await touch(phone, T0 + 40)).toBe('known')
    })

    it('begins if it has expired, and another key that has expired stays out', async () => {
      await touch(ALICE)
      await prove(ALICE)
      await touch(phone)
      expect(await see(ALICE, T0 + 700)).toEqual({ status: 'expired', login: 'none' })
      await begin(ALICE, T0 + 700)
      expect(await reopen(ALICE, T0 + 710)).toBe('reopened')
      expect(await touch(ALICE, T0 + 720)).toBe('known')
      expect(await touch(phone, T0 + 720)).toBe('ended')
      expect(await store().proofs.list(ALICE)).toMatchObject([{ method: 'relogin' }])
    })

    it('threat: a key that nobody has seen joins it with a stolen token', async () => {
      await touch(ALICE)
      await begin(ALICE, T0 + 700)
      expect(await reopen(ALICE, T0 + 710)).toBe('reopened')
      expect(await touch(phone, T0 + 720)).toBe('ended')
      expect(await touch(phone, T0 + 720, { sid: ALICE.sid, authTime: T0 + 715 }), 'a login that was given since').toBe('new')
    })

    it('leaves another life of the same session alone', async () => {
      await touch(ALICE)
      await touch(phone, T0 + 700, { sid: ALICE.sid, authTime: T0 + 690 })
      await begin(ALICE, T0 + 700)
      expect(await reopen(ALICE, T0 + 710)).toBe('reopened')
      expect(await touch(phone, T0 + 720)).toBe('known')
    })

    it('begins for a key for which there was no room', async () => {
      const vouched = { confirmed: true, sid: ALICE.sid, authTime: T0 } as const
      for (let index = 0; index < MOST_KEYS; index++) {
        const key = { ...ALICE, jkt: `key-${index}` }
        await touch(key, T0, vouched)
        await prove(key)
      }
      expect(await see(ALICE, T0 + 20)).toEqual({ status: 'crowded', login: 'none' })
      await begin()
      expect(await reopen()).toBe('reopened')
      expect(await touch(ALICE, T0 + 40)).toBe('known')
    })

    it('threat: two keys and many requests begin it again at once: each key once, and nobody else', async () => {
      await touch(ALICE)
      await endAll()
      for (const key of [ALICE, phone]) await begin(key)
      const answers = await burst((index) => reopen(index % 2 === 0 ? ALICE : phone))
      expect(answers.filter((answer) => answer === 'reopened')).toHaveLength(2)
      expect(answers.filter((answer) => answer === 'gone')).toHaveLength(answers.length - 2)
      expect([await touch(ALICE, T0 + 31), await touch(phone, T0 + 31)]).toEqual(['known', 'known'])
      expect(await touch({ ...ALICE, jkt: 'third' }, T0 + 31)).toBe('ended')
    })

    it('threat: a sign-in of before the end begins it again', async () => {
      for (const [sid, ends] of [
        ['one', (sid: string) => end(T0 + 10, sid)],
        ['good', (sid: string) => end(undefined, sid)],
        ['all', () => endAll()],
      ] as const) {
        const key = { ...ALICE, sid, jkt: `key-${sid}` }
        await touch(key)
        await ends(sid)
        await begin(key)
        expect(await reopen(key, T0 + 30, { authTime: T0 + 10 }), sid).toBe('too_early')
        expect(await store().sessions.expiresAt(key)).toBeNull()
        expect(await store().proofs.list(key)).toEqual([])
        expect(await reopen(key, T0 + 30, { authTime: T0 + 29 }), 'the step-up stays').toBe('reopened')
      }
    })

    it('threat: a sign-in of before the end of all begins one that nobody was seen in', async () => {
      await endAll()
      await begin()
      expect(await reopen(ALICE, T0 + 30, { authTime: T0 + 10 })).toBe('too_early')
    })

    it('threat: a session that was ended meanwhile begins again with the step-up of before', async () => {
      for (const ends of [() => end(), () => endAll(T0 + 25), () => endNamed()]) {
        await touch(ALICE)
        await end(T0 + 10)
        await begin()
        await ends()
        expect(await reopen()).not.toBe('reopened')
        expect(await store().sessions.expiresAt(ALICE)).toBeNull()
      }
    })

    it('threat: a session that its issuer has ended begins again', async () => {
      await touch(ALICE)
      await endNamed()
      for (const key of [ALICE, phone]) {
        expect(await see(key, T0 + 20)).toEqual({ status: 'ended', login: 'none' })
        expect(await store().sessions.isEndedByIssuer(key)).toBe(true)
        await begin(key)
        expect(await reopen(key)).toBe('too_early')
        expect(await touch(key, T0 + 40)).toBe('ended')
      }
    })

    it('threat: the step-up of another key, subject or session, or one that is used or over, begins it again', async () => {
      await touch(ALICE)
      await end()
      await begin()
      for (const key of [phone, { ...ALICE, sid: 'other' }, { ...BOB, sid: ALICE.sid, jkt: ALICE.jkt }])
        expect(await reopen(key, T0 + 30, { stepUpId: `su_${ALICE.jkt}` })).toBe('gone')
      expect(await reopen(ALICE, T0 + 320), 'expired').toBe('gone')
      expect(await reopen()).toBe('reopened')
      await end()
      expect(await reopen(), 'used').toBe('gone')
      expect(await touch(ALICE, T0 + 40)).toBe('ended')
    })

    it('ends again as every other session does', async () => {
      const ends = [() => end(T0 + 35), () => endAll(T0 + 75), () => endAll(T0 + 115, phone), () => endNamed()]
      for (const [index, again] of ends.entries()) {
        const key = { ...ALICE, jkt: `key-${index}` }
        const now = T0 + 30 + index * 40
        await touch(key)
        await end(T0 + 10)
        await begin(key, now)
        expect(await reopen(key, now + 1)).toBe('reopened')
        await again()
        expect(await touch(key, T0 + 300)).toBe('ended')
        expect(await prove(key, T0 + 300)).toBe(false)
      }
    })

    it('expires as every other session does, and is not drawn out by the tokens of before', async () => {
      await touch(ALICE)
      await endAll()
      await begin()
      await reopen()
      expect(await touch(ALICE, T0 + 629)).toBe('known')
      expect(await touch(ALICE, T0 + 629 + 600)).toBe('expired')
    })
  })
}

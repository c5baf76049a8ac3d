import { describe, expect, it } from 'vitest'
import { LOGIN_SECONDS, OWNER_SLACK_SECONDS } from '../retention.ts'
import type { LoginClaim, SessionKey, Store } from '../store.ts'
import { ALICE, BOB, burst, login, T0, touchSession } from './fixtures.test-support.ts'

/** What a token says otherwise than usual; `undefined` leaves it out. */
type Over = Readonly<{ [K in keyof LoginClaim]?: LoginClaim[K] | undefined }>

const given = (over: Over): Partial<LoginClaim> => Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined))

/** To which device key a login belongs. */
export function loginsContract(store: () => Store): void {
  const touch = (key: SessionKey, over: Over = {}, { now = T0, active = true } = {}) =>
    touchSession(store(), {
      key,
      now,
      idleSeconds: 3 * LOGIN_SECONDS,
      absoluteSeconds: 3 * LOGIN_SECONDS,
      login: login(given({ sid: key.sid, authTime: T0, confirmed: false, ...over })),
      active,
    })
  const whose = async (...input: Parameters<typeof touch>) => (await touch(...input)).login
  const thief = { ...ALICE, jkt: 'thief' }
  /** Sessions of an issuer that names none. */
  const deviceOf = (jkt: string): SessionKey => ({ ...ALICE, sid: `dev-${jkt}`, jkt })
  const unnamed: Over = { sid: undefined }

  describe('the owner of a login', () => {
    it('is the first key that brings it, and exactly one of sixteen at once', async () => {
      const keys = Array.from({ length: 16 }, (_, index) => ({ ...ALICE, jkt: `jkt-${index}` }))
      const found = await Promise.all(keys.map((key) => whose(key)))
      expect(found.filter((each) => each === 'first')).toHaveLength(1)
      expect(found.filter((each) => each === 'none')).toHaveLength(15)
      expect(await Promise.all(keys.map((key) => whose(key)))).toEqual(found)
      const unnamedOnes = await burst((index) => whose(deviceOf(`key-${index}`), unnamed), 16)
      expect(unnamedOnes.filter((each) => each === 'first')).toHaveLength(1)
    })

    it('stays the owner of later logins of a session with a name', async () => {
      expect(await whose(ALICE)).toBe('first')
      for (const authTime of [T0 - 5, T0, T0 + 60]) {
        expect(await whose(thief, { authTime })).toBe('none')
        expect(await whose(ALICE, { authTime })).toBe('first')
      }
    })

    it('without a name of the session, is asked for each login', async () => {
      expect(await whose(deviceOf('a'), unnamed)).toBe('first')
      expect(await whose(deviceOf('b'), unnamed)).toBe('none')
      expect(await whose(deviceOf('b'), { ...unnamed, authTime: T0 + 1 })).toBe('first')
      expect(await whose(deviceOf('a'), { ...unnamed, authTime: T0 + 1 })).toBe('none')
      expect(await whose(deviceOf('a'), unnamed)).toBe('first')
    })

    it('is another one for another subject, acting party, session or party that the token was given to', async () => {
      expect(await whose(ALICE, { party: 'web' })).toBe('first')
      expect(await whose(thief, { party: 'web' })).toBe('none')
      for (const [key, over] of [
        [{ ...thief, subject: BOB.subject }, { party: 'web' }],
        [{ ...thief, subject: `${ALICE.subject}\u0000act:staff` }, { party: 'web' }],
        [{ ...thief, sid: 'another' }, { party: 'web' }],
        [thief, { party: 'admin' }],
        [{ ...thief, jkt: 'third' }, {}],
      ] as const)
        expect(await whose(key, over)).toBe('first')
    })

    it('is nobody if nothing says when the login was given, or if that is more than a year ago', async () => {
      for (const over of [{ authTime: undefined }, { authTime: T0 - LOGIN_SECONDS }]) {
        expect(await whose(ALICE, over)).toBe('none')
        expect(await whose(deviceOf('a'), { ...over, ...unnamed })).toBe('none')
      }
      // and none of it was remembered
      expect(await whose(thief)).toBe('first')
    })

    it('is never a key that is gone with its page, which keeps out no other', async () => {
      expect(await whose(ALICE, { mayOwn: false })).toBe('none')
      expect(await whose(thief)).toBe('first')
    })

    it('is the key that the issuer confirms; from then on a token that names none counts for nobody', async () => {
      expect(await whose(thief)).toBe('first')
      expect(await whose(ALICE, { confirmed: true })).toBe('issuer')
      for (const key of [ALICE, thief]) for (const party of ['web', 'admin']) expect(await whose(key, { party })).toBe('none')
      expect(await whose(thief, { confirmed: true, authTime: undefined })).toBe('issuer')
      // a session that was first seen with a confirmed key
      expect(await whose({ ...ALICE, sid: 'confirmed' }, { confirmed: true, authTime: undefined })).toBe('issuer')
      expect(await whose({ ...thief, sid: 'confirmed' })).toBe('none')
      expect(await whose(deviceOf('a'), { ...unnamed, confirmed: true })).toBe('issuer')
      expect(await whose(deviceOf('b'), unnamed)).toBe('none')
    })

    it('is nobody if a token that its issuer confirms says nothing of it, and from then on no token without a key counts either', async () => {
      const silent: Over = { confirmed: true, silent: true, authTime: undefined }
      expect(await whose(ALICE, silent)).toBe('none')
      expect(await whose(thief)).toBe('none')
      expect(await whose(ALICE, { confirmed: true })).toBe('issuer')
      expect(await whose(deviceOf('a'), { ...unnamed, ...silent })).toBe('none')
    })

    it('threat: a session that was ended, or a sweep, would let the next key own the login', async () => {
      expect(await whose(ALICE)).toBe('first')
      expect(await whose(deviceOf('a'), unnamed)).toBe('first')
      const { subject, sid } = ALICE
      const change = { at: T0, type: 'revoked', subject, before: T0 } as const
      await store().sessions.end({ subject, sid, now: T0, reopensAfter: T0, change })
      expect(await touch(thief, { authTime: T0 + 9 }, { now: T0 + 9 })).toEqual({ status: 'ended', login: 'none' })
      expect(await touch(ALICE, { authTime: T0 + 9 }, { now: T0 + 9 })).toMatchObject({ status: 'new', login: 'first' })
      await store().sweep(T0 + LOGIN_SECONDS)
      const now = T0 + LOGIN_SECONDS - 1
      expect(await whose(thief, { authTime: T0 + 9 }, { now })).toBe('none')
      expect(await whose(deviceOf('b'), unnamed, { now })).toBe('none')
    })

    it('threat: a later login would be anybody’s once the first is forgotten', async () => {
      const authTime = T0 + LOGIN_SECONDS - 60
      expect(await whose(ALICE)).toBe('first')
      expect(await whose(thief, { authTime }, { now: authTime })).toBe('none')
      const now = T0 + LOGIN_SECONDS + OWNER_SLACK_SECONDS + 60
      await store().sweep(now)
      expect(await whose(thief, { authTime }, { now })).toBe('none')
      expect(await whose(ALICE, { authTime }, { now })).toBe('first')
    })

    it('is not written where the session has ended: nobody owns what never began', async () => {
      const { subject, sid } = ALICE
      const change = { at: T0, type: 'revoked', subject, before: T0 } as const
      await store().sessions.end({ subject, sid, now: T0, reopensAfter: T0, change })
      expect(await touch(thief)).toEqual({ status: 'ended', login: 'none' })
      expect(await whose(ALICE, { authTime: T0 + 1 }, { now: T0 + 1 })).toBe('first')
    })
  })

  describe('a session that is not used', () => {
    it('is drawn out by what its subject does, not by what a page asks by itself', async () => {
      const look = (now: number, active: boolean) =>
        touchSession(store(), { key: ALICE, now, idleSeconds: 600, login: login({ authTime: T0 }), active })
      expect(await look(T0, false)).toMatchObject({ status: 'new', expiresAt: T0 + 600 })
      expect(await look(T0 + 500, false)).toMatchObject({ status: 'known', expiresAt: T0 + 600 })
      expect(await store().sessions.expiresAt(ALICE)).toBe(T0 + 600)
      expect(await look(T0 + 599, true)).toMatchObject({ status: 'known', expiresAt: T0 + 1199 })
      expect(await look(T0 + 1198, false)).toMatchObject({ status: 'known', expiresAt: T0 + 1199 })
      expect(await store().sessions.expiresAt(ALICE)).toBe(T0 + 1199)
      expect(await look(T0 + 1199, true)).toEqual({ status: 'expired', login: 'none' })
    })
  })
}

import { describe, expect, it } from 'vitest'
import { MOST_KEYS } from '../session-records.ts'
import type { LoginClaim, NewChange, SessionKey, Store } from '../store.ts'
import {
  ALICE,
  authenticator,
  burst,
  enrol,
  login,
  operation,
  proofsChange,
  registration,
  stepUp,
  T0,
  touchSession,
} from './fixtures.test-support.ts'

const DAY = 86_400

/** A device that was lost and forgotten, and comes back with a login of before in any session at all. */
export function forgottenDevicesContract(store: () => Store): void {
  const { subject, sid } = ALICE
  const DESK: SessionKey = { ...ALICE, jkt: 'desk' }
  const LAPTOP: SessionKey = { ...ALICE, jkt: 'laptop' }
  const change: NewChange = { at: T0, type: 'revoked', subject, before: T0 }
  const LIFE = { idleSeconds: 600, absoluteSeconds: 90 * DAY }
  const touch = (key: SessionKey, now: number, claim: Partial<LoginClaim> = {}) =>
    touchSession(store(), { key, now, ...LIFE, login: login({ sid: key.sid, authTime: T0, ...claim }), notices: [] })
  const come = async (key: SessionKey, now: number, claim: Partial<LoginClaim> = {}) => (await touch(key, now, claim)).status
  const forget = (now: number, over: object = {}) => store().devices.forget({ subject, jkt: LAPTOP.jkt, now, change, ...over })
  const reopen = async (key: SessionKey, now: number, authTime: number) =>
    store().sessions.reopen({
      key,
      account: 'acme',
      now,
      ...LIFE,
      stepUpId: 'su_back',
      proof: { method: 'relogin', level: 'session', amr: [], authTime },
      change: proofsChange(key),
    })
  const WAYS = [
    ['on another one of its session', { except: DESK }],
    ['by support', {}],
    ['on another one of another session', { except: { sid: 'elsewhere', jkt: 'desk' } }],
  ] as const

  describe('a device that was forgotten', () => {
    it.each(WAYS)('threat: %s, begins a session that it was not seen in with a login of before', async (_, over) => {
      for (const key of [LAPTOP, DESK]) await come(key, T0)
      await come({ ...DESK, sid: 'of the owner' }, T0)
      expect(await forget(T0 + 10, over)).toBe(true)
      const unnamed = { ...LAPTOP, sid: 'dev-laptop' }
      for (const key of [LAPTOP, { ...LAPTOP, sid: 'of the owner' }, { ...LAPTOP, sid: 'unseen' }])
        expect(await come(key, T0 + 11, { authTime: T0 + 10 }), key.sid).toBe('ended')
      for (const old of [{ authTime: T0 + 10 }, { issuedAt: T0 + 10 }])
        expect((await touchSession(store(), { key: unnamed, now: T0 + 11, login: login(old) })).status).toBe('ended')
      // with a login that was given since it is a device like any other, and others never were anything else
      expect(await come({ ...LAPTOP, sid: 'unseen' }, T0 + 11, { authTime: T0 + 11 })).toBe('new')
      expect(await come({ ...LAPTOP, sid: 'unseen' }, T0 + 12, { authTime: T0 + 11 })).toBe('known')
      expect(await come({ ...LAPTOP, sid: 'unseen too', jkt: 'phone' }, T0 + 12)).toBe('new')
    })

    it('threat: comes back into the session of its owner after it had made room there for another key', async () => {
      for (const key of [LAPTOP, DESK]) await come(key, T0)
      for (let at = T0; at < T0 + 1500; at += 300) await come(DESK, at)
      await burst((index) => come({ ...ALICE, sid: `s-${index}`, jkt: `k-${index}` }, T0 + 1500), MOST_KEYS - 1)
      expect(await store().sessions.expiresAt(LAPTOP)).toBeNull()
      await come(DESK, T0 + 1600)
      expect(await forget(T0 + 1700, { except: DESK })).toBe(true)
      expect(await come(LAPTOP, T0 + 1800)).toBe('ended')
      // nor with a later login of that session, which is its owner's
      expect(await come(LAPTOP, T0 + 1800, { authTime: T0 + 1750, confirmed: false })).toBe('ended')
    })

    it.each([
      ['that it owned', true],
      ['that another key owned', false],
    ])('threat: owns a later login of the session %s by bringing it with another party', async (_, isFirst) => {
      for (const key of isFirst ? [LAPTOP, DESK] : [DESK, LAPTOP]) await come(key, T0, { confirmed: false, party: 'one' })
      await forget(T0 + 5, { except: DESK })
      const later = { confirmed: false, authTime: T0 + 6 }
      expect(await touch(DESK, T0 + 7, { ...later, party: 'one' })).toMatchObject({ status: 'known', login: 'first' })
      expect(await come(LAPTOP, T0 + 7, { ...later, party: 'two' })).toBe('ended')
      expect(await come(LAPTOP, T0 + 7, { authTime: T0 + 6 })).toBe('new')
    })

    it.each(WAYS)('threat: %s, begins its session again with a sign-in of before', async (_, over) => {
      await come(LAPTOP, T0)
      await store().sessions.end({ subject, sid, now: T0 + 10, reopensAfter: T0 + 10, change })
      const start = (at: number) => store().stepUps.create(stepUp('su_back', { key: LAPTOP, createdAt: at, expiresAt: at + 300 }))
      await start(T0 + 20)
      expect(await forget(T0 + 40, over)).toBe(true)
      expect(await reopen(LAPTOP, T0 + 50, T0 + 45)).toBe('gone')
      await start(T0 + 50)
      expect(await reopen(LAPTOP, T0 + 50, T0 + 40)).toBe('too_early')
      expect(await reopen(LAPTOP, T0 + 50, T0 + 41)).toBe('reopened')
      expect(await come(LAPTOP, T0 + 51)).toBe('known')
      expect(await come({ ...LAPTOP, sid: 'unseen' }, T0 + 51)).toBe('ended')
    })

    it('threat: keeps what was begun with it in sessions that are over', async () => {
      await store().stepUps.create(stepUp('su_1', { key: LAPTOP }))
      await store().registrations.create(registration('reg_1', { key: LAPTOP }))
      await store().operations.begin({ record: operation('op_1', { key: LAPTOP }), limit: 8 })
      await store().stepUps.create(stepUp('su_2', { key: DESK }))
      expect(await forget(T0 + 1)).toBe(true)
      expect([await store().stepUps.get('su_1'), await store().registrations.get('reg_1')]).toEqual([null, null])
      expect(await store().operations.list(LAPTOP)).toEqual([])
      expect(await store().stepUps.get('su_2')).not.toBeNull()
    })

    it('by itself, is kept out of sessions that it was not seen in if it was known', async () => {
      await enrol(store(), authenticator('auth_1'))
      const signedOut = { signedOut: { sid, confirmed: true } }
      await come(LAPTOP, T0)
      await store().devices.bind({ key: LAPTOP, authenticatorId: 'auth_1', provenAt: T0, now: T0 })
      expect(await forget(T0 + 10, signedOut)).toBe(true)
      expect(await come({ ...LAPTOP, sid: 'unseen' }, T0 + 11)).toBe('ended')
      expect(await come({ ...LAPTOP, sid: 'unseen' }, T0 + 11, { authTime: T0 + 11 })).toBe('new')
    })

    it('threat: becomes known by a proof that was on its way when it signed itself out, though nothing is remembered of it', async () => {
      await enrol(store(), authenticator('auth_1'))
      const unnamed = { ...LAPTOP, sid: 'dev-laptop' }
      await touchSession(store(), { key: unnamed, login: login({ confirmed: false }) })
      const prove = () =>
        store().proofs.record({
          key: unnamed,
          proof: { method: 'totp', level: 'mfa', amr: [], authTime: T0 + 4, authenticatorId: 'auth_1' },
          change: proofsChange(unnamed),
        })
      const bind = () => store().devices.bind({ key: unnamed, authenticatorId: 'auth_1', provenAt: T0 + 4, now: T0 + 6 })
      await forget(T0 + 5, { signedOut: { sid: unnamed.sid, confirmed: false, reopensAfter: T0 + 5 } })
      await bind()
      expect([await prove(), (await store().devices.find(LAPTOP)).bound]).toEqual([false, false])
      // the same token begins another session, and what is proven there counts
      await touchSession(store(), { key: unnamed, now: T0 + 6, login: login({ confirmed: false }) })
      await bind()
      expect([await prove(), (await store().devices.find(LAPTOP)).bound]).toEqual([true, true])
    })
  })
}

import { describe, expect, it } from 'vitest'
import { END_SECONDS } from '../retention.ts'
import { MOST_SIGNED_OUT } from '../session-records.ts'
import type { LoginClaim, SessionKey, Store } from '../store.ts'
import { ALICE, authenticator, burst, enrol, login, proofsChange, stepUp, T0, touchSession } from './fixtures.test-support.ts'

/** What a key ends that signs itself out: its session on all devices if it is its owner's, or else what concerns it alone. */
export function signOutContract(store: () => Store): void {
  const { subject } = ALICE
  const OWNER: SessionKey = { ...ALICE, jkt: 'owner' }
  const STRANGER: SessionKey = { ...ALICE, jkt: 'stranger' }
  const change = { at: T0, type: 'revoked', subject, before: T0 } as const
  const unnamed = (jkt: string): SessionKey => ({ subject, sid: `dev-${jkt}`, jkt })
  const isUnnamed = ({ sid, jkt }: SessionKey) => sid === `dev-${jkt}`
  const touch = (key: SessionKey, now: number, claim: Partial<LoginClaim> = {}) =>
    touchSession(store(), {
      key,
      now,
      login: login({ confirmed: false, authTime: T0, ...(!isUnnamed(key) && { sid: key.sid }), ...claim }),
      notices: [],
    })
  const come = async (key: SessionKey, now: number, claim: Partial<LoginClaim> = {}) => (await touch(key, now, claim)).status
  /** A token that names its key and says nothing of a login. */
  const SILENT = { confirmed: true, silent: true, authTime: undefined } as unknown as Partial<LoginClaim>
  const prove = (key: SessionKey, method: 'totp' | 'relogin' = 'totp') =>
    store().proofs.record({ key, proof: { method, level: 'session', amr: [], authTime: T0 }, change: proofsChange(key) })

  const WAYS = [
    [
      'its session',
      ({ sid, jkt }: SessionKey, confirmed = false, now = T0 + 5) =>
        store().sessions.end({
          subject,
          sid,
          signedOut: { jkt, confirmed },
          now,
          ...(isUnnamed({ subject, sid, jkt }) && { reopensAfter: now }),
          change,
        }),
    ],
    [
      'its device',
      ({ sid, jkt }: SessionKey, confirmed = false, now = T0 + 5) =>
        store().devices.forget({
          subject,
          jkt,
          signedOut: { sid, confirmed, ...(isUnnamed({ subject, sid, jkt }) && { reopensAfter: now }) },
          now,
          change,
        }),
    ],
  ] as const

  describe.each(WAYS)('a key that ends %s', (_, signOut) => {
    it('threat: with a stolen token, signs the owner of the login out', async () => {
      expect(await touch(OWNER, T0)).toMatchObject({ login: 'first' })
      expect(await touch(STRANGER, T0)).toMatchObject({ login: 'none' })
      await store().stepUps.create(stepUp('su_1', { key: STRANGER }))
      await signOut(STRANGER)
      expect(await store().sessions.expiresAt(STRANGER)).toBeNull()
      expect(await store().stepUps.get('su_1')).toBeNull()
      expect(await come(OWNER, T0 + 6)).toBe('known')
      // of that key nothing is left, because with the same token any other one could come
      expect(await come(STRANGER, T0 + 6)).toBe('new')
    })

    it('is out of it alone if it has proven something and is not its owner', async () => {
      for (const key of [OWNER, STRANGER]) await come(key, T0)
      await prove(STRANGER)
      await signOut(STRANGER)
      expect(await come(OWNER, T0 + 6)).toBe('known')
      expect(await come(STRANGER, T0 + 6)).toBe('ended')
      expect(await come(STRANGER, T0 + 7, { confirmed: true, authTime: T0 + 6 })).toBe('new')
    })

    it.each([
      ['a login belongs to', async () => undefined],
      ['somebody has signed in on', async (key: SessionKey) => void (await prove(key, 'relogin'))],
      [
        'is known',
        async (key: SessionKey) => {
          await enrol(store(), authenticator('auth_1'))
          await store().devices.bind({ key, authenticatorId: 'auth_1', provenAt: T0, now: T0 })
        },
      ],
    ])('ends it for all of them if it is one that %s', async (why, earn) => {
      const [own, other] = why === 'a login belongs to' ? [OWNER, STRANGER] : [STRANGER, OWNER]
      for (const key of [OWNER, STRANGER]) await come(key, T0)
      await earn(own)
      await signOut(own)
      for (const key of [own, other]) expect(await come(key, T0 + 7, { authTime: T0 + 6 }), key.jkt).toBe('ended')
    })

    it.each([
      ['a named session', STRANGER],
      ['one without a name', unnamed('stranger')],
    ])('threat: comes back to %s with the same token, which names it and no login', async (_, key) => {
      await come(OWNER, T0)
      expect(await touch(key, T0, SILENT)).toMatchObject({ status: 'new', login: 'none' })
      await signOut(key, true)
      expect(await come(key, T0 + 6, SILENT)).toBe('ended')
      expect(await come(OWNER, T0 + 6)).toBe('known')
    })

    it('threat: one after another, each of which the issuer names, fills the store', async () => {
      const keys = Array.from({ length: MOST_SIGNED_OUT + 20 }, (_, index) => unnamed(`k-${index}`))
      for (const [index, key] of keys.entries()) {
        const now = T0 + index
        expect(await come(key, now, { confirmed: true, authTime: now })).toBe('new')
        await signOut(key, true, now)
      }
      const at = T0 + keys.length
      // those that are forgotten are kept out all the same, by one end for all of them
      for (const index of [0, 19, 20, keys.length - 1])
        expect(await come(keys[index] as SessionKey, at, { confirmed: true, authTime: T0 + index }), `${index}`).toBe('ended')
      expect(await come(unnamed('another'), at, { authTime: T0 + 19 })).toBe('ended')
      expect(await come(unnamed('another'), at, { authTime: T0 + 20 })).toBe('new')
    }, 30_000)
  })

  it('threat: keys without end that sign out push the end of a device that was forgotten out', async () => {
    await come(OWNER, T0)
    await come(STRANGER, T0, { confirmed: true })
    await store().devices.forget({ subject, jkt: STRANGER.jkt, except: OWNER, now: T0 + 1, change })
    await burst(async (index) => {
      const key = unnamed(`k-${index}`)
      await touch(key, T0 + 2, { confirmed: true })
      const end = { subject, sid: key.sid, signedOut: { jkt: key.jkt, confirmed: true }, now: T0 + 2, reopensAfter: T0 + 2, change }
      await store().sessions.end(end)
    }, MOST_SIGNED_OUT + 5)
    // nor does a later login of the session let it in, unless its issuer says that it was given to this key
    expect(await come(STRANGER, T0 + 3, { authTime: T0 + 2, party: 'another' })).toBe('ended')
    expect(await come({ ...STRANGER, sid: 'unseen' }, T0 + 3, { authTime: T0 + 1, confirmed: true })).toBe('ended')
  }, 30_000)

  it('threat: an end by the issuer lapses while somebody goes on coming with it', async () => {
    await come(ALICE, T0)
    await store().sessions.endNamed({ issuer: 'demo', sid: ALICE.sid, now: T0 + 10, change: () => change })
    const step = 20 * 86_400
    for (let now = T0 + step; now < T0 + END_SECONDS + 3 * step; now += step) {
      await store().sweep(now)
      expect(await come(ALICE, now, { authTime: now - 5 })).toBe('ended')
      expect(await store().sessions.isEndedByIssuer(ALICE), `after ${(now - T0) / 86_400} days`).toBe(true)
    }
  })
}

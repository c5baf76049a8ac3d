import { describe, expect, it } from 'vitest'
import type { LoginClaim, SessionKey, Store } from '../store.ts'
import { ALICE, login, proofsChange, stepUp, T0, touchSession } from './fixtures.test-support.ts'

/** When the issuer says that the login was given: its clock is ahead by twenty seconds. */
const GIVEN = T0 + 20

/** Ends of sessions whose issuer has a fast clock: a login that was brought before the end is never a later one. */
export function fastClocksContract(store: () => Store): void {
  const { subject } = ALICE
  const now = T0 + 5
  const change = { at: now, type: 'revoked', subject, before: now } as const
  const spared: SessionKey = { ...ALICE, sid: 'spared', jkt: 'spared' }
  const beside: SessionKey = { ...ALICE, jkt: 'beside' }
  const NAMED = ALICE
  const UNNAMED: SessionKey = { ...ALICE, sid: `dev-${ALICE.jkt}` }
  const come = async (key: SessionKey, at: number, claim: Partial<LoginClaim>) =>
    (await touchSession(store(), { key, now: at, login: login({ ...(key.sid === ALICE.sid && { sid: key.sid }), ...claim }) })).status

  const end = ({ sid }: SessionKey) => store().sessions.end({ subject, sid, now, reopensAfter: now, change })
  const signOut = ({ sid, jkt }: SessionKey) =>
    store().sessions.end({ subject, sid, signedOut: { jkt, confirmed: true }, now, reopensAfter: now, change })
  const endAll = () => store().sessions.endAll({ subject, now, change })
  const endOthers = () => store().sessions.endAll({ subject, except: spared, now, change })
  const forget = () => store().devices.forget({ subject, jkt: ALICE.jkt, now, change })
  const forgetBeside = () => store().devices.forget({ subject, jkt: ALICE.jkt, except: beside, now, change })
  const endNamed = () => store().sessions.endNamed({ issuer: 'demo', sid: 'of the provider', subject, now, change: () => change })
  const DATED = (given: number) => ({ authTime: given })
  const UNDATED = (given: number) => ({ issuedAt: given })

  type Ends = (key: SessionKey) => Promise<unknown>
  const CASES: readonly (readonly [string, Ends, SessionKey, (given: number) => Partial<LoginClaim>])[] = [
    ['a named session that was ended', end, NAMED, DATED],
    ['a named session that was ended with all', endAll, NAMED, DATED],
    ['a named session that was ended with all others', endOthers, NAMED, DATED],
    ['a named session of a device that was forgotten', forget, NAMED, DATED],
    ['a named session of a device that was forgotten on another one of it', forgetBeside, NAMED, DATED],
    ['a session without a name that was ended', end, UNNAMED, DATED],
    ['a session without a name that was signed out', signOut, UNNAMED, DATED],
    ['a session without a name that was ended with all', endAll, UNNAMED, DATED],
    ['a session without a name that was ended with a named one', endNamed, UNNAMED, DATED],
    ['a session without a name or a time that was ended', end, UNNAMED, UNDATED],
    ['a session without a name or a time that was ended with all', endAll, UNNAMED, UNDATED],
    ['a session without a name or a time that was ended with a named one', endNamed, UNNAMED, UNDATED],
  ]

  describe('the end of sessions if the clock of their issuer is fast', () => {
    it.each(CASES)('threat: the token of %s begins it again a second later', async (_, ends, key, given) => {
      for (const each of [key, spared]) await come(each, T0, given(GIVEN))
      if (key === NAMED) await come(beside, T0, given(GIVEN))
      expect(await come(key, T0 + 1, given(GIVEN))).toBe('known')
      await ends(key)
      for (const at of [T0 + 6, GIVEN + 1, GIVEN + 400]) expect(await come(key, at, given(GIVEN)), `at ${at - T0}`).toBe('ended')
      expect(await come(key, GIVEN + 1, given(GIVEN + 1)), 'a later login').toBe('new')
    })

    it.each([
      ['with all', endAll],
      ['with a named one', endNamed],
    ])('threat: the token of one that was ended %s begins a session with another key', async (_, ends) => {
      await come(UNNAMED, T0, DATED(GIVEN))
      await ends()
      const another = { ...ALICE, sid: 'dev-another', jkt: 'another' }
      expect(await come(another, T0 + 6, DATED(GIVEN))).toBe('ended')
      expect(await come(another, GIVEN + 1, DATED(GIVEN + 1))).toBe('new')
    })

    it('threat: a session that it was brought to later forgets it', async () => {
      await come(NAMED, T0 - 100, DATED(T0 - 100))
      expect(await come(NAMED, T0, DATED(GIVEN))).toBe('known')
      expect(await come(NAMED, T0 + 1, DATED(T0 - 100))).toBe('known')
      await end(NAMED)
      expect(await come(NAMED, T0 + 6, DATED(GIVEN))).toBe('ended')
    })

    it('threat: a login that was brought before counts in full in a session that began again since', async () => {
      await come(NAMED, T0, DATED(GIVEN))
      await end(NAMED)
      await store().stepUps.create(stepUp('su_back', { key: NAMED, createdAt: T0 + 6 }))
      const back = (authTime: number) => {
        const proof = { method: 'relogin', level: 'session', amr: [], authTime } as const
        const lifetimes = { idleSeconds: 600, absoluteSeconds: 600 }
        const input = { key: NAMED, account: 'acme', now: T0 + 8, ...lifetimes, stepUpId: 'su_back', proof, change: proofsChange(NAMED) }
        return store().sessions.reopen(input)
      }
      expect([await back(GIVEN), await back(GIVEN + 1)]).toEqual(['too_early', 'reopened'])
      const bring = (given: number) => touchSession(store(), { key: NAMED, now: T0 + 9, login: login({ sid: NAMED.sid, authTime: given }) })
      expect(await bring(GIVEN)).toMatchObject({ status: 'known', login: 'none' })
      expect(await bring(GIVEN + 1)).toMatchObject({ status: 'known', login: 'issuer' })
    })

    it('threat: a session that began again with a sign-in forgets it', async () => {
      await come(NAMED, T0, DATED(GIVEN))
      await store().stepUps.create(stepUp('su_back', { key: NAMED, createdAt: T0 + 1 }))
      const proof = { method: 'relogin', level: 'session', amr: [], authTime: T0 + 2 } as const
      const lifetimes = { idleSeconds: 600, absoluteSeconds: 600 }
      const input = { key: NAMED, account: 'acme', now: T0 + 2, ...lifetimes, stepUpId: 'su_back', proof, change: proofsChange(NAMED) }
      expect(await store().sessions.reopen(input)).toBe('reopened')
      await end(NAMED)
      expect(await come(NAMED, T0 + 6, DATED(GIVEN))).toBe('ended')
    })
  })
}

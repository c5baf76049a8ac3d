import { describe, expect, it } from 'vitest'
import { MOST_KEYS } from '../session-records.ts'
import type { LoginClaim, NewNotice, SessionKey, Store } from '../store.ts'
import { ABSOLUTE, ALICE, authenticator, BOB, burst, enrol, IDLE, login, proofsChange, T0, touchSession } from './fixtures.test-support.ts'

/** How many keys one subject may have, and which of them go. */
export function crowdContract(store: () => Store): void {
  const touch = (key: SessionKey, { now = T0, ...over }: Partial<LoginClaim> & { now?: number } = {}) =>
    touchSession(store(), {
      key,
      now,
      login: login({ confirmed: false, ...(key.sid.startsWith('dev-') ? {} : { sid: key.sid }), ...over }),
      notices: [],
    })
  const stranger = (index: number, sid = ALICE.sid): SessionKey => ({ ...ALICE, sid, jkt: `stranger-${index}` })
  const deviceOf = (jkt: string): SessionKey => ({ ...ALICE, sid: `dev-${jkt}`, jkt })
  const keys = async (now = T0) => (await store().sessions.list({ subject: ALICE.subject, now })).map(({ jkt }) => jkt)

  describe('the keys of a subject', () => {
    it('threat: ten thousand of them would fill the store, and put out the owner, a known device or one that has proven something', async () => {
      const [proven, bound] = [stranger(-1), stranger(-2)]
      expect(await touch(ALICE, { authTime: T0 })).toMatchObject({ status: 'new', login: 'first' })
      for (const key of [proven, bound]) expect(await touch(key, { authTime: T0 })).toMatchObject({ status: 'new', login: 'none' })
      const proof = { method: 'totp', level: 'mfa', amr: ['otp'], authTime: T0 } as const
      await store().proofs.record({ key: proven, proof, change: proofsChange(proven) })
      await enrol(store(), authenticator('auth_1'))
      await store().devices.bind({ key: bound, authenticatorId: 'auth_1', provenAt: T0, now: T0 })
      for (let round = 0; round < 20; round++) {
        const sid = round % 2 === 0 ? ALICE.sid : undefined
        const seen = await burst((index) => {
          const jkt = `k-${round}-${index}`
          return touch(sid === undefined ? deviceOf(jkt) : { ...ALICE, jkt }, { authTime: T0, now: T0 + 1 })
        }, 500)
        expect(new Set(seen.map(({ status }) => status))).toEqual(new Set(['new']))
      }
      const left = await keys()
      expect(left).toHaveLength(MOST_KEYS)
      expect(left).toEqual(expect.arrayContaining([ALICE.jkt, proven.jkt, bound.jkt]))
      expect(await touch(ALICE, { authTime: T0, now: T0 + 2 })).toMatchObject({ status: 'known', login: 'first' })
      expect(await store().proofs.list(proven)).toHaveLength(1)
      // another person has room
      expect(await touch(BOB, { now: T0 + 2 })).toMatchObject({ status: 'new' })
    }, 60_000)

    it('make room only for who says what is told of it, in the same transaction, and not if it had expired', async () => {
      for (let index = 0; index < MOST_KEYS; index++) await touch(stranger(index), { now: T0 + 1 })
      const notice = (id: string): NewNotice => ({
        id,
        subject: ALICE.subject,
        to: 'a@example.com',
        kind: 'device_crowded_out',
        data: {},
        at: T0,
      })
      const come = (now: number, notices?: readonly NewNotice[], jkt = ALICE.jkt) =>
        store().sessions.touch({
          key: { ...ALICE, sid: 'another', jkt },
          account: 'acme',
          now,
          idleSeconds: IDLE,
          absoluteSeconds: ABSOLUTE,
          login: login({ sid: 'another', confirmed: true }),
          active: true,
          ...(notices && { notices }),
        })
      const waiting = async () => (await store().outbox.claim({ now: T0 + ABSOLUTE, leaseSeconds: 1, limit: 10 })).map(({ id }) => id)
      expect(await come(T0 + 2)).toEqual({ status: 'full', login: 'none' })
      expect(await keys()).toHaveLength(MOST_KEYS)
      expect(await keys()).not.toContain(ALICE.jkt)
      expect(await come(T0 + 2, [notice('no_1')])).toMatchObject({ status: 'new', login: 'issuer' })
      expect(await keys()).toHaveLength(MOST_KEYS)
      expect(await waiting()).toEqual(['no_1'])
      // it is known now
      expect(await come(T0 + 3)).toMatchObject({ status: 'known' })
      expect(await come(T0 + IDLE + 1, [notice('no_2')], 'another')).toMatchObject({ status: 'new' })
      expect(await keys()).toHaveLength(MOST_KEYS)
      expect(await waiting()).toEqual([])
    })

    it('go of the same session first, the one unseen longest before others', async () => {
      const elsewhere = stranger(0, 'other')
      await touch(elsewhere, { now: T0 - 9 })
      for (let index = 1; index < MOST_KEYS; index++) await touch(stranger(index), { now: T0 + index })
      await touch(stranger(1000), { now: T0 + MOST_KEYS })
      const left = await keys(T0)
      expect(left).toHaveLength(MOST_KEYS)
      expect(left).toContain(elsewhere.jkt)
      expect(left).not.toContain('stranger-1')
      // in another session there is none, so that the one unseen longest goes; it was the last, so its session has ended
      await touch(stranger(2000, 'third'), { now: T0 + MOST_KEYS })
      expect(await keys(T0)).not.toContain(elsewhere.jkt)
      expect(await touch(elsewhere, { now: T0 + MOST_KEYS })).toEqual({ status: 'ended', login: 'none' })
    })

    it('threat: a key that went and comes back would draw out the life of its session', async () => {
      await touch(stranger(0), { now: T0 })
      for (let index = 1; index <= MOST_KEYS; index++) await touch(stranger(index), { now: T0 + 500 })
      expect(await keys(T0)).not.toContain('stranger-0')
      expect(await touch(stranger(0), { now: T0 + 501 })).toMatchObject({ status: 'new', expiresAt: T0 + 501 + IDLE })
      for (let now = T0 + 1000; now < T0 + ABSOLUTE; now += 500) await touch(stranger(0), { now })
      expect(await touch(stranger(5000), { now: T0 + ABSOLUTE })).toMatchObject({ status: 'expired' })
    })

    it('go if they have expired before any that has not, and one that no login belongs to finds no room after that', async () => {
      const owner = (index: number): SessionKey => ({ ...ALICE, sid: `sid-${index}`, jkt: `owner-${index}` })
      for (let index = 0; index < MOST_KEYS; index++)
        expect(await touch(owner(index), { authTime: T0, now: T0 + (index === 7 ? 0 : IDLE) })).toMatchObject({ login: 'first' })
      const now = T0 + IDLE
      expect(await touch(stranger(1), { now })).toMatchObject({ status: 'new' })
      // what has expired does not begin again with the same login
      expect(await touch(owner(7), { authTime: T0, now })).toMatchObject({ status: 'ended' })
      const all = await keys(now)
      expect(await touch(owner(7), { authTime: now, now })).toMatchObject({ status: 'new', login: 'first' })
      expect(await keys(now)).toHaveLength(all.length)
      const refused = await burst((index) => touch(stranger(10 + index), { now }))
      expect(new Set(refused.map(({ status }) => status))).toEqual(new Set(['crowded']))
      expect(await keys(now)).toHaveLength(MOST_KEYS)
      // signed in again, there is room for it
      expect(await touch({ ...stranger(10), sid: 'new' }, { authTime: now, now })).toMatchObject({ status: 'new', login: 'first' })
    })

    it('threat: the spared key begins an expired session with its old login, after it was crowded out', async () => {
      const { subject } = ALICE
      await touch(ALICE, { authTime: T0 })
      await store().sessions.endAll({
        subject,
        except: ALICE,
        now: T0 + 5,
        change: { at: T0 + 5, type: 'revoked', subject, before: T0 + 5 },
      })
      expect(await touch(ALICE, { authTime: T0 + 10, now: T0 + 20 })).toMatchObject({ status: 'known', login: 'first' })
      const now = T0 + 20 + IDLE
      for (let index = 0; index < MOST_KEYS; index++) {
        const key = { ...ALICE, sid: `other-${index}`, jkt: `owner-${index}` }
        expect(await touch(key, { authTime: now, now })).toMatchObject({ status: 'new', login: 'first' })
      }
      expect(await store().sessions.expiresAt(ALICE)).toBeNull()
      expect(await touch(ALICE, { authTime: T0 + 10, now })).toMatchObject({ status: 'ended' })
      expect(await touch(ALICE, { authTime: now, now })).toMatchObject({ status: 'new' })
    })

    it('threat: keys that an issuer confirms for anybody would put out the first key of a login', async () => {
      await touch(ALICE, { authTime: T0 })
      const confirmed = (index: number) => ({ ...ALICE, sid: 'cookie', jkt: `confirmed-${index}` })
      for (let round = 0; round < 3; round++)
        await burst((index) => touch(confirmed(round * 200 + index), { confirmed: true, now: T0 + 1 }), 200)
      const left = await keys()
      expect(left).toHaveLength(MOST_KEYS)
      expect(left).toContain(ALICE.jkt)
      expect(await touch(confirmed(0), { confirmed: true, now: T0 + 1 })).toMatchObject({ status: 'new', login: 'issuer' })
    })

    it('threat: keys that an issuer confirms without a login, for whoever has a cookie, would put out a key that it vouches for', async () => {
      expect(await touch(ALICE, { confirmed: true, authTime: T0 })).toMatchObject({ status: 'new', login: 'issuer' })
      const silent = (index: number) => ({ ...ALICE, sid: index % 2 === 0 ? 'cookie' : ALICE.sid, jkt: `silent-${index}` })
      const bring = (index: number) => touch(silent(index), { confirmed: true, silent: true, now: T0 + 1 })
      const found = await burst(bring, 2 * MOST_KEYS)
      expect(new Set(found.map(({ login }) => login))).toEqual(new Set(['none']))
      expect(await keys()).toHaveLength(MOST_KEYS)
      expect(await touch(ALICE, { confirmed: true, authTime: T0, now: T0 + 2 })).toMatchObject({ status: 'known', login: 'issuer' })
      // if there are none but such that are vouched for, there is no room for one that is not
      const other = (index: number) => ({ ...BOB, sid: `sid-${index}`, jkt: `jkt-${index}` })
      await burst((index) => touch(other(index), { confirmed: true, authTime: T0 }), MOST_KEYS)
      expect(await touch({ ...BOB, sid: 'cookie', jkt: 'silent' }, { confirmed: true, silent: true })).toMatchObject({ status: 'crowded' })
    })

    it('stay that of a login when a later token says nothing of it', async () => {
      await touch(ALICE, { confirmed: true })
      await touch(ALICE, { authTime: T0 })
      await touch(ALICE, { confirmed: true, silent: true })
      for (let index = 0; index < MOST_KEYS; index++) await touch(stranger(index), { now: T0 + 1 })
      expect(await keys()).toContain(ALICE.jkt)
    })

    it('become that of a login if it is given to them later', async () => {
      await touch(ALICE)
      await touch(ALICE, { confirmed: true })
      for (let index = 0; index < MOST_KEYS; index++) await touch(stranger(index), { now: T0 + 1 })
      expect(await keys()).toContain(ALICE.jkt)
    })
  })
}

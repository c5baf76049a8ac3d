import { describe, expect, it } from 'vitest'
import { END_SECONDS } from '../retention.ts'
import type { SessionKey, Store } from '../store.ts'
import {
  ALICE,
  ALL,
  burst,
  license,
  licenseChange,
  login,
  proofsChange,
  registration,
  stepUp,
  T0,
  touchSession,
} from './fixtures.test-support.ts'

/** What the sweep deletes, and what it must leave. */
export function sweepContract(store: () => Store): void {
  const touch = async (now: number, authTime?: number) =>
    (await touchSession(store(), { key: ALICE, now, login: login(authTime === undefined ? {} : { authTime }) })).status

  describe('sweep', () => {
    it('deletes step-ups, registrations and windows when they have expired, and not a second before', async () => {
      await store().stepUps.create(stepUp('su_1'))
      await store().registrations.create(registration('reg_1', { expiresAt: T0 + 300 }))
      await store().attempts.hit({ key: 'alice', now: T0, windowSeconds: 300, limit: 5 })
      await store().sweep(T0 + 299)
      expect(await store().stepUps.get('su_1')).not.toBeNull()
      expect(await store().registrations.get('reg_1')).not.toBeNull()
      expect((await store().attempts.count({ key: 'alice', now: T0 + 299 })).count).toBe(1)
      await store().sweep(T0 + 300)
      expect(await store().stepUps.get('su_1')).toBeNull()
      expect(await store().registrations.get('reg_1')).toBeNull()
      // asked about the past, so that the window would still count if it were there
      expect((await store().attempts.count({ key: 'alice', now: T0 })).count).toBe(0)
    })

    it('threat: sweeping would make a proof usable again', async () => {
      await store().replay.once({ key: 'jti', now: T0, expiresAt: T0 + 300 })
      await store().sweep(T0 + 299)
      expect(await store().replay.once({ key: 'jti', now: T0 + 299, expiresAt: T0 + 600 })).toBe(false)
    })

    it('threat: sweeping would revive an ended or an expired session', async () => {
      await touch(T0)
      await store().sweep(T0 + 700)
      expect(await touch(T0 + 700)).toBe('expired')
      const { subject, sid } = ALICE
      const change = { at: T0, type: 'revoked', subject, sid, before: T0 } as const
      await store().sessions.end({ subject, sid, now: T0 + 700, change })
      const endsAt = T0 + 700 + END_SECONDS
      await store().sweep(endsAt - 1)
      expect(await touch(endsAt - 1)).toBe('ended')
      // somebody has come with it: it is remembered for as long again
      await store().sweep(endsAt + END_SECONDS - 2)
      expect(await touch(endsAt + END_SECONDS - 2)).toBe('ended')
      await store().sweep(endsAt + END_SECONDS * 2)
      expect(await touch(endsAt + END_SECONDS * 2)).toBe('new')
    })

    it('deletes the proofs of expired sessions and leaves those of living ones', async () => {
      const proof = { method: 'totp', level: 'mfa', amr: ['otp'], authTime: T0 } as const
      await touch(T0)
      await store().proofs.record({ key: ALICE, proof, change: proofsChange(ALICE) })
      await store().sweep(T0 + 599)
      expect(await store().proofs.list(ALICE)).toHaveLength(1)
      await store().sweep(T0 + 600)
      expect(await store().proofs.list(ALICE)).toEqual([])
    })

    it('threat: an expired session that was swept would begin again with the login that it had', async () => {
      await touch(T0, T0)
      const later = T0 + 300 * 86_400
      await store().sweep(later)
      expect(await store().sessions.list({ subject: ALICE.subject, now: T0 })).toEqual([])
      for (const authTime of [undefined, T0, T0 + 599]) expect(await touch(later, authTime)).toBe('ended')
      expect(await touch(later, T0 + 600)).toBe('new')
    })

    it('threat: the spared key begins an expired session with its old login, after a sweep', async () => {
      await touch(T0, T0)
      const { subject } = ALICE
      await store().sessions.endAll({
        subject,
        except: ALICE,
        now: T0 + 5,
        change: { at: T0 + 5, type: 'revoked', subject, before: T0 + 5 },
      })
      expect(await touch(T0 + 20, T0 + 10)).toBe('known')
      const later = T0 + 40 * 86_400
      expect(await touch(later, T0 + 10)).toBe('expired')
      await store().sweep(later)
      expect(await touch(later, T0 + 10)).toBe('ended')
      expect(await touch(later, later)).toBe('new')
    })

    it('leaves an open session alone if it expired long ago for another key, spared or not', async () => {
      const { subject } = ALICE
      const phone = { ...ALICE, jkt: 'phone' }
      const lifetimes = { idleSeconds: 20 * 86_400, absoluteSeconds: 300 * 86_400 }
      const use = async (key: SessionKey, day: number, givenOn = 0) => {
        const now = T0 + day * 86_400
        return (await touchSession(store(), { key, now, ...lifetimes, login: login({ authTime: T0 + givenOn * 86_400 }) })).status
      }
      for (const key of [ALICE, phone]) await use(key, 0)
      for (const day of [15, 30, 45, 60]) await use(ALICE, day)
      await store().sweep(T0 + 60 * 86_400)
      expect(await use(ALICE, 60)).toBe('known')
      expect(await use(phone, 60)).toBe('expired')
      const now = T0 + 61 * 86_400
      await store().sessions.endAll({ subject, except: ALICE, now, change: { at: now, type: 'revoked', subject, before: now } })
      expect(await use(phone, 62, 62)).toBe('new')
      for (const day of [75, 90, 105, 120]) await use(ALICE, day)
      await store().sweep(T0 + 120 * 86_400)
      expect(await use(ALICE, 120)).toBe('known')
      expect(await use(phone, 120, 62)).toBe('expired')
    })

    it('keeps an end that is for good when the sessions of that name are swept', async () => {
      await touch(T0, T0)
      const { subject, sid } = ALICE
      const change = { at: T0, type: 'revoked', subject, sid, before: T0 } as const
      await store().sessions.end({ subject, sid, now: T0 + 1, reopensAfter: T0 + 1, change })
      expect(await touch(T0 + 5, T0 + 2)).toBe('new')
      await store().sessions.endNamed({ issuer: 'demo', sid, now: T0 + 6, change: () => change })
      await store().sweep(T0 + 300 * 86_400)
      expect(await touch(T0 + 300 * 86_400, T0 + 300 * 86_400)).toBe('ended')
    })

    it('forgets an expired session in the end', async () => {
      await touch(T0)
      await store().sweep(T0 + 31 * 86_400)
      await store().sweep(T0 + 31 * 86_400 + END_SECONDS)
      expect(await touch(T0 + 31 * 86_400 + END_SECONDS)).toBe('new')
    })

    it('threat: whoever resumes the log after a sweep would miss that something changed', async () => {
      const write = (account: string, epoch: number) =>
        store().licenses.write({
          record: license(account, { epoch }),
          expectedEpoch: epoch === 1 ? null : epoch - 1,
          changes: [licenseChange(account)],
        })
      await write('a', 1)
      await write('b', 1)
      const resumed = await store().changes.head()
      await write('a', 2)
      await write('a', 3)
      const head = await store().changes.head()
      await store().sweep(T0 + 365 * 86_400)
      expect(await store().changes.head()).toBe(head)
      expect(await store().changes.after({ cursor: resumed, limit: 10 })).toEqual([{ cursor: head, ...licenseChange('a') }])
      expect((await store().changes.after(ALL)).map((change) => change.type === 'license' && change.account)).toEqual(['b', 'a'])
    })

    it('keeps one change of each topic, also before a sweep: an older one goes when a newer one comes', async () => {
      const write = (account: string, epoch: number) =>
        store().licenses.write({
          record: license(account, { epoch }),
          expectedEpoch: epoch === 1 ? null : epoch - 1,
          changes: [licenseChange(account)],
        })
      for (const epoch of [1, 2, 3]) for (const account of ['a', 'b']) await write(account, epoch)
      const log = await store().changes.after(ALL)
      expect(log.map((change) => change.type === 'license' && change.account)).toEqual(['a', 'b'])
      expect(log.at(-1)?.cursor).toBe(await store().changes.head())
    })

    it('threat: whoever signs out again and again would fill the log with revocations of single sessions', async () => {
      const { subject } = ALICE
      const revoke = (sid: string) =>
        store().sessions.end({ subject, sid, now: T0, change: { at: T0, type: 'revoked', subject, sid, before: T0 } })
      await store().sessions.endAll({ subject, now: T0, change: { at: T0, type: 'revoked', subject, before: T0 } })
      await burst((index) => revoke(`sid-${index}`), 20)
      // what looks like the name of none is one
      for (const sid of ['null', ',null', 'null]']) await revoke(sid)
      const head = await store().changes.head()
      await store().sweep(T0 + 86_399)
      expect(await store().changes.after(ALL)).toHaveLength(24)
      await store().sweep(T0 + 86_400)
      expect(await store().changes.after(ALL)).toMatchObject([{ subject, before: T0 }, { cursor: head }])
      expect(await store().changes.revokedBefore(subject)).toBe(T0)
    })

    it('keeps the head of the log, also if nothing but passing changes stand in it', async () => {
      const proof = { method: 'totp', level: 'mfa', amr: ['otp'], authTime: T0 } as const
      await burst(async (index) => {
        const key = { ...ALICE, sid: `sid-${index}` }
        await touchSession(store(), { key })
        return store().proofs.record({ key, proof, change: proofsChange(key) })
      })
      const head = await store().changes.head()
      await store().sweep(T0 + 365 * 86_400)
      expect(await store().changes.head()).toBe(head)
      expect(await store().changes.after(ALL)).toHaveLength(1)
    })

    it('drops the proofs of a session that expired for one key, while it goes on for another', async () => {
      const proof = { method: 'totp', level: 'mfa', amr: ['otp'], authTime: T0 } as const
      const phone = { ...ALICE, jkt: 'phone' }
      for (const key of [ALICE, phone]) {
        await touchSession(store(), { key })
        await store().proofs.record({ key, proof, change: proofsChange(key) })
      }
      await touchSession(store(), { key: ALICE, now: T0 + 500 })
      await store().sweep(T0 + 600)
      expect([await store().proofs.list(phone), await store().proofs.list(ALICE)]).toEqual([[], [proof]])
    })

    it('threat: what is proven in a session that a later login began again would stay for good, because the sweep has been there', async () => {
      const proof = { method: 'totp', level: 'mfa', amr: ['otp'], authTime: T0 + 700 } as const
      await touch(T0, T0)
      await store().sweep(T0 + 600)
      expect(await touch(T0 + 700, T0 + 700)).toBe('new')
      await store().proofs.record({ key: ALICE, proof, change: proofsChange(ALICE) })
      await store().sweep(T0 + 1299)
      expect(await store().proofs.list(ALICE)).toEqual([proof])
      await store().sweep(T0 + 1300)
      expect(await store().proofs.list(ALICE)).toEqual([])
    })

    it('goes on where it was if the store is closed in the middle', async () => {
      await burst((index) => store().replay.once({ key: `jti-${index}`, now: T0, expiresAt: T0 + 10 }), 3000)
      const sweeping = store().sweep(T0 + 10)
      await store().close()
      await expect(sweeping).resolves.toBeUndefined()
    })

    it('deletes more than fits into one step', async () => {
      await burst((index) => store().replay.once({ key: `jti-${index}`, now: T0, expiresAt: T0 + 10 }), 1200)
      await store().sweep(T0 + 10)
      // asked about the past, so that a key that were still there would be refused
      const again = await burst((index) => store().replay.once({ key: `jti-${index}`, now: T0, expiresAt: T0 + 10 }), 1200)
      expect(again.filter(Boolean)).toHaveLength(1200)
    })
  })
}

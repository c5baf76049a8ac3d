import { beforeEach, describe, expect, it } from 'vitest'
import type { SessionKey, Store } from '../store.ts'
import {
  ABSOLUTE,
  ALICE,
  ALL,
  authenticator,
  authenticatorsChange,
  BOB,
  burst,
  enrol,
  IDLE,
  login,
  passkey,
  proofsChange,
  registration,
  stepUp,
  T0,
  touchSession,
} from './fixtures.test-support.ts'

/** Sessions, what they have proven, and devices. */
export function sessionsContract(store: () => Store): void {
  const touch = async (key: SessionKey, now: number, { account = 'acme', ...more }: { account?: string; authTime?: number } = {}) =>
    (await touchSession(store(), { key, account, now, login: login(more) })).status
  const end = (key: SessionKey, now = T0, more: { reopensAfter?: number } = {}) =>
    store().sessions.end({
      subject: key.subject,
      sid: key.sid,
      now,
      ...more,
      change: { at: now, type: 'revoked', subject: key.subject, sid: key.sid, before: now },
    })

  describe('subjects', () => {
    it('gives every caller of a burst the same user handle, and every later one', async () => {
      const handles = await burst((index) => store().subjects.userHandle(ALICE.subject, `handle-${index}`))
      expect(new Set(handles).size).toBe(1)
      expect(await store().subjects.userHandle(ALICE.subject, 'late')).toBe(handles[0])
      expect(await store().subjects.userHandle(BOB.subject, 'other')).toBe('other')
    })
  })

  describe('sessions', () => {
    it('is new once and known afterwards, also in a burst', async () => {
      const seen = await burst(() => touch(ALICE, T0))
      expect(seen.filter((status) => status === 'new')).toHaveLength(1)
      expect(seen.filter((status) => status === 'known')).toHaveLength(seen.length - 1)
      expect(await touch({ ...ALICE, jkt: 'jkt-other' }, T0)).toBe('new')
    })

    it('expires when it was idle for too long', async () => {
      await touch(ALICE, T0)
      expect(await touch(ALICE, T0 + IDLE)).toBe('expired')
      expect(await touch(ALICE, T0 + IDLE + 1)).toBe('expired')
    })

    it('lives on while it is used, up to its absolute lifetime', async () => {
      await touch(ALICE, T0)
      for (let now = T0 + 500; now < T0 + ABSOLUTE; now += 500) expect(await touch(ALICE, now)).toBe('known')
      expect(await touch(ALICE, T0 + ABSOLUTE - 1)).toBe('known')
      expect(await touch(ALICE, T0 + ABSOLUTE)).toBe('expired')
    })

    it('begins again, without its proofs, only for a login given after it had expired', async () => {
      await touch(ALICE, T0)
      await store().proofs.record({
        key: ALICE,
        proof: { method: 'totp', level: 'mfa', amr: ['otp'], authTime: T0 },
        change: proofsChange(ALICE),
      })
      expect(await touch(ALICE, T0 + IDLE + 60, { authTime: T0 + IDLE - 1 })).toBe('expired')
      expect(await store().proofs.list(ALICE)).toHaveLength(1)
      expect(await touch(ALICE, T0 + IDLE + 60, { authTime: T0 + IDLE + 50 })).toBe('new')
      expect(await touch(ALICE, T0 + IDLE + 61)).toBe('known')
      expect(await store().proofs.list(ALICE)).toEqual([])
    })

    it('threat: a device key that is new to an expired session would begin it again', async () => {
      const fresh = (jkt: string) => ({ ...ALICE, jkt })
      await touch(ALICE, T0, { authTime: T0 })
      for (const more of [{}, { authTime: T0 }, { authTime: T0 + IDLE - 1 }])
        expect(await touch(fresh('other'), T0 + IDLE, more)).toBe('expired')
      expect(await touch(fresh('other'), T0 + IDLE, { authTime: T0 + IDLE })).toBe('new')
      // the former device has expired with the login that it knew
      expect(await touch(ALICE, T0 + IDLE + 1, { authTime: T0 })).toBe('expired')
      expect(await touch(fresh('third'), T0 + IDLE + 1, { authTime: T0 })).toBe('expired')
      expect(await touch(fresh('third'), T0 + IDLE + 1, { authTime: T0 + IDLE })).toBe('new')
      for (const other of [{ sid: 'another' }, { subject: BOB.subject }])
        expect(await touch({ ...fresh('other'), ...other }, T0 + IDLE)).toBe('new')
    })

    it('threat: one device key after another would draw out the absolute lifetime', async () => {
      const seen: string[] = []
      for (let now = T0; now <= T0 + ABSOLUTE; now += IDLE - 1) seen.push(await touch({ ...ALICE, jkt: `jkt-${now}` }, now))
      expect(new Set(seen)).toEqual(new Set(['new']))
      expect(await touch({ ...ALICE, jkt: 'late' }, T0 + ABSOLUTE)).toBe('expired')
      // the newest of them is as old as the session is
      expect(await touch({ ...ALICE, jkt: `jkt-${T0 + 6 * (IDLE - 1)}` }, T0 + ABSOLUTE)).toBe('expired')
      expect(await touch({ ...ALICE, jkt: 'late' }, T0 + ABSOLUTE, { authTime: T0 + ABSOLUTE })).toBe('new')
    })

    it('threat: a device key that is new to an ended session would revive it', async () => {
      await touch(ALICE, T0)
      await end(ALICE)
      expect(await touch(ALICE, T0 + 1)).toBe('ended')
      expect(await touch({ ...ALICE, jkt: 'never seen' }, T0 + 1)).toBe('ended')
      expect(await touch({ ...ALICE, jkt: 'never seen' }, T0 + 1, { authTime: T0 + 1 })).toBe('ended')
      expect(await touch({ ...ALICE, sid: 'another' }, T0 + 1)).toBe('new')
      expect(await touch({ ...ALICE, subject: BOB.subject }, T0 + 1)).toBe('new')
    })

    it('begins again, without what it had proven, for a login given after an end that allows it', async () => {
      const proof = { method: 'totp', level: 'mfa', amr: ['otp'], authTime: T0 } as const
      await touch(ALICE, T0)
      await store().proofs.record({ key: ALICE, proof, change: proofsChange(ALICE) })
      await end(ALICE, T0 + 5, { reopensAfter: T0 + 5 })
      expect(await touch(ALICE, T0 + 9)).toBe('ended')
      expect(await touch(ALICE, T0 + 9, { authTime: T0 + 6 })).toBe('new')
      expect(await store().proofs.list(ALICE)).toEqual([])
      expect(await touch(ALICE, T0 + 9, { authTime: T0 + 6 })).toBe('known')
      expect(await store().proofs.record({ key: ALICE, proof: { ...proof, authTime: T0 + 9 }, change: proofsChange(ALICE) })).toBe(true)
      expect(await store().proofs.list(ALICE)).toHaveLength(1)
    })

    it('threat: an older token of an ended session would be good again, before or after a new login', async () => {
      await touch(ALICE, T0)
      await end(ALICE, T0 + 5, { reopensAfter: T0 + 5 })
      const older = [{}, { authTime: T0 }, { authTime: T0 + 5 }]
      for (const more of older) expect(await touch(ALICE, T0 + 9, more)).toBe('ended')
      expect(await touch(ALICE, T0 + 9, { authTime: T0 + 6 })).toBe('new')
      for (const more of older) expect(await touch(ALICE, T0 + 9, more)).toBe('ended')
      expect(await touch(ALICE, T0 + 9, { authTime: T0 + 6 })).toBe('known')
    })

    it('ends again after it began again, and one end that is for good outweighs all others', async () => {
      await touch(ALICE, T0)
      await end(ALICE, T0 + 5, { reopensAfter: T0 + 5 })
      await touch(ALICE, T0 + 9, { authTime: T0 + 6 })
      await end(ALICE, T0 + 10, { reopensAfter: T0 + 10 })
      expect(await touch(ALICE, T0 + 20, { authTime: T0 + 6 })).toBe('ended')
      // an end that arrives late does not take back a later one
      await end(ALICE, T0 + 5, { reopensAfter: T0 + 5 })
      expect(await touch(ALICE, T0 + 20, { authTime: T0 + 10 })).toBe('ended')
      expect(await touch(ALICE, T0 + 20, { authTime: T0 + 11 })).toBe('new')
      await end(ALICE, T0 + 25)
      await end(ALICE, T0 + 30, { reopensAfter: T0 + 30 })
      expect(await touch(ALICE, T0 + 40, { authTime: T0 + 35 })).toBe('ended')
    })

    it('in a burst of logins, old tokens and a proof under way, only the new login and what it proves count', async () => {
      await touch(ALICE, T0)
      await end(ALICE, T0 + 5, { reopensAfter: T0 + 5 })
      const stale = { method: 'passkey', level: 'phr', amr: ['pop'], authTime: T0 + 4 } as const
      const seen = await burst(async (index) => {
        if (index % 3 === 0) return touch(ALICE, T0 + 9, { authTime: T0 + 6 })
        if (index % 3 === 1) return touch(ALICE, T0 + 9, { authTime: T0 + 4 })
        return store().proofs.record({ key: ALICE, proof: stale, change: proofsChange(ALICE) })
      })
      const [logins, old, proofs] = [0, 1, 2].map((rest) => seen.filter((_, index) => index % 3 === rest))
      expect(logins?.filter((status) => status === 'new')).toHaveLength(1)
      expect(logins?.filter((status) => status === 'known')).toHaveLength((logins?.length ?? 0) - 1)
      expect(new Set(old)).toEqual(new Set(['ended']))
      expect(new Set(proofs)).toEqual(new Set([false]))
      // one that is written only now
      expect(await store().proofs.record({ key: ALICE, proof: stale, change: proofsChange(ALICE) })).toBe(false)
      expect(await store().proofs.list(ALICE)).toEqual([])
    })

    it('drops what an ended session had proven and begun, on all its devices, and nothing of others', async () => {
      const phone = { ...ALICE, jkt: 'phone' }
      for (const key of [ALICE, phone, BOB]) {
        await touch(key, T0)
        const proof = { method: 'totp', level: 'mfa', amr: ['otp'], authTime: T0 } as const
        await store().proofs.record({ key, proof, change: proofsChange(key) })
        await store().stepUps.create(stepUp(`su_${key.jkt}`, { key }))
        await store().registrations.create(registration(`reg_${key.jkt}`, { key }))
      }
      const before = await store().changes.head()
      await end(ALICE, T0 + 5)
      for (const key of [ALICE, phone]) {
        expect(await store().proofs.list(key)).toEqual([])
        expect(await store().stepUps.get(`su_${key.jkt}`)).toBeNull()
        expect(await store().registrations.get(`reg_${key.jkt}`)).toBeNull()
      }
      expect(await store().proofs.list(BOB)).toHaveLength(1)
      expect(await store().stepUps.get(`su_${BOB.jkt}`)).not.toBeNull()
      expect(await store().registrations.get(`reg_${BOB.jkt}`)).not.toBeNull()
      expect(await store().changes.after({ cursor: before, limit: 10 })).toEqual([
        { cursor: expect.any(Number), at: T0 + 5, type: 'revoked', subject: ALICE.subject, sid: ALICE.sid, before: T0 + 5 },
      ])
    })
  })

  describe('proofs', () => {
    beforeEach(() => touchSession(store(), { key: ALICE }))
    const proof = (authTime: number, method: 'totp' | 'passkey' = 'totp') =>
      ({ method, level: method === 'totp' ? 'mfa' : 'phr', amr: ['otp', 'mfa'], authTime }) as const

    it('keeps the newest per method and level, whatever the order in which they arrive', async () => {
      await burst((index) => store().proofs.record({ key: ALICE, proof: proof(T0 + ((index * 7) % 50)), change: proofsChange(ALICE) }))
      await store().proofs.record({ key: ALICE, proof: proof(T0, 'passkey'), change: proofsChange(ALICE) })
      expect(await store().proofs.list(ALICE)).toEqual([proof(T0, 'passkey'), proof(T0 + 49)])
    })

    it('keeps what gave it', async () => {
      await enrol(store(), authenticator('auth_1'))
      const given = { ...proof(T0), authenticatorId: 'auth_1' }
      await store().proofs.record({ key: ALICE, proof: given, change: proofsChange(ALICE) })
      expect(await store().proofs.list(ALICE)).toEqual([given])
    })

    it('appends a change if a proof was kept, and no other', async () => {
      await store().proofs.record({ key: ALICE, proof: proof(T0 + 10), change: proofsChange(ALICE) })
      await store().proofs.record({ key: ALICE, proof: proof(T0), change: proofsChange(ALICE) })
      expect(await store().changes.after(ALL)).toEqual([{ cursor: expect.any(Number), ...proofsChange(ALICE) }])
    })

    it('threat: a proof of one subject, session or device would count for another', async () => {
      await store().proofs.record({ key: ALICE, proof: proof(T0), change: proofsChange(ALICE) })
      for (const other of [{ subject: BOB.subject }, { sid: BOB.sid }, { jkt: BOB.jkt }]) {
        expect(await store().proofs.list({ ...ALICE, ...other })).toEqual([])
      }
    })

    it('threat: a proof under way would outlive the end of its session', async () => {
      await touch(ALICE, T0)
      await end(ALICE)
      const head = await store().changes.head()
      expect(await store().proofs.record({ key: ALICE, proof: proof(T0), change: proofsChange(ALICE) })).toBe(false)
      expect(await store().proofs.list(ALICE)).toEqual([])
      expect(await store().changes.head()).toBe(head)
    })

    it('threat: a proof under way would outlive the end of a session that nobody has begun again', async () => {
      await touch(ALICE, T0)
      await end(ALICE, T0, { reopensAfter: T0 })
      expect(await store().proofs.record({ key: ALICE, proof: proof(T0 + 1), change: proofsChange(ALICE) })).toBe(false)
      expect(await store().proofs.list(ALICE)).toEqual([])
    })

    it('threat: what a removed authenticator proved would go on counting', async () => {
      await enrol(store(), authenticator('auth_1'))
      await enrol(store(), authenticator('auth_2', { data: passkey({ credentialId: 'credential-2' }) }))
      await store().proofs.record({ key: ALICE, proof: { ...proof(T0), authenticatorId: 'auth_1' }, change: proofsChange(ALICE) })
      await store().proofs.record({
        key: ALICE,
        proof: { ...proof(T0, 'passkey'), authenticatorId: 'auth_2' },
        change: proofsChange(ALICE),
      })
      await store().authenticators.remove({ subject: ALICE.subject, id: 'auth_1', keepDevice: ALICE.jkt, changes: [proofsChange(ALICE)] })
      expect((await store().proofs.list(ALICE)).map((each) => each.authenticatorId)).toEqual(['auth_2'])
    })
  })

  describe('devices', () => {
    const bind = async (key: SessionKey, authenticatorId: string) => {
      await touchSession(store(), { key })
      await store().devices.bind({ key, authenticatorId, provenAt: T0, now: T0 })
    }
    const remove = (id: string, keepDevice: string) =>
      store().authenticators.remove({ subject: ALICE.subject, id, keepDevice, changes: [authenticatorsChange(ALICE)] })

    it('tells a bound device from an unbound one and from no device at all', async () => {
      expect(await store().devices.find(ALICE)).toEqual({ any: false, bound: false })
      await enrol(store(), authenticator('auth_1'))
      await burst(() => bind(ALICE, 'auth_1'))
      expect(await store().devices.find(ALICE)).toEqual({ any: true, bound: true })
      expect(await store().devices.find({ subject: ALICE.subject, jkt: BOB.jkt })).toEqual({ any: true, bound: false })
      expect(await store().devices.find({ subject: BOB.subject, jkt: ALICE.jkt })).toEqual({ any: false, bound: false })
    })

    it('threat: a device that only a removed authenticator vouched for would stay known', async () => {
      const [own, thief, both] = ['own', 'thief', 'both'].map((jkt) => ({ ...ALICE, jkt })) as [SessionKey, SessionKey, SessionKey]
      const others = { data: passkey({ credentialId: 'credential-2' }) }
      await enrol(store(), authenticator('auth_1'))
      await enrol(store(), authenticator('auth_2', others))
      for (const device of [own, thief, both]) await bind(device, 'auth_1')
      await bind(both, 'auth_2')
      const foreign = { ...BOB, jkt: 'thief' }
      const { subject } = BOB
      await enrol(store(), authenticator('auth_3', { subject, data: passkey({ credentialId: 'credential-3' }) }))
      await bind(foreign, 'auth_3')
      await remove('auth_1', own.jkt)
      const bound = async (key: SessionKey) => (await store().devices.find(key)).bound
      // the device that it was removed on stays, and so does what another one vouches for
      expect([await bound(own), await bound(thief), await bound(both), await bound(foreign)]).toEqual([true, false, true, true])
      await enrol(store(), authenticator('auth_4', { data: passkey({ credentialId: 'credential-4' }) }))
      await remove('auth_2', 'elsewhere')
      expect([await bound(own), await bound(both)]).toEqual([false, false])
    })

    it('threat: a thief who removes the last authenticator would lock the subject out of their own devices', async () => {
      const own = { ...ALICE, jkt: 'own' }
      await enrol(store(), authenticator('auth_1'))
      await bind(own, 'auth_1')
      await remove('auth_1', 'elsewhere')
      expect(await store().devices.find(own)).toEqual({ any: true, bound: true })
      // once something is enrolled again, what nothing vouches for is forgotten with the next removal
      await enrol(store(), authenticator('auth_2', { data: passkey({ credentialId: 'credential-2' }) }))
      await enrol(store(), authenticator('auth_3', { data: passkey({ credentialId: 'credential-3' }) }))
      await remove('auth_3', 'elsewhere')
      expect((await store().devices.find(own)).bound).toBe(false)
    })

    it('makes no device known that was not, if an authenticator is removed on it', async () => {
      await enrol(store(), authenticator('auth_1'))
      await remove('auth_1', ALICE.jkt)
      expect(await store().devices.find(ALICE)).toEqual({ any: false, bound: false })
    })

    it('threat: what is proven while its authenticator is removed would go on counting', async () => {
      const given = { method: 'passkey', level: 'phr', amr: ['pop'], authTime: T0, authenticatorId: 'auth_1' } as const
      await enrol(store(), authenticator('auth_1'))
      await remove('auth_1', 'elsewhere')
      const head = await store().changes.head()
      await bind(ALICE, 'auth_1')
      expect(await store().proofs.record({ key: ALICE, proof: given, change: proofsChange(ALICE) })).toBe(false)
      expect(await store().devices.find(ALICE)).toEqual({ any: false, bound: false })
      expect(await store().proofs.list(ALICE)).toEqual([])
      expect(await store().changes.head()).toBe(head)
    })
  })
}

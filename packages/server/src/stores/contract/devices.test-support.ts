import { describe, expect, it } from 'vitest'
import { END_SECONDS } from '../retention.ts'
import type { NewChange, SessionKey, Store } from '../store.ts'
import { ALICE, ALL, authenticator, enrol, IDLE, login, stepUp, T0, touchSession } from './fixtures.test-support.ts'

const { subject } = ALICE
const PHONE: SessionKey = { subject, sid: 'sid-7', jkt: 'jkt-7' }
const change: NewChange = { at: T0, type: 'revoked', subject, before: T0 }

/** The device keys of a subject: what they call themselves, and how one is forgotten. */
export function devicesContract(store: () => Store): void {
  const bind = (jkt: string, now = T0) => store().devices.bind({ key: { ...ALICE, jkt }, authenticatorId: 'auth_1', provenAt: now, now })
  const arrive = async (key: SessionKey, now = T0) =>
    (await touchSession(store(), { key, now, idleSeconds: 1000, absoluteSeconds: 5000 })).status
  const forget = (jkt: string, over: object = {}) => store().devices.forget({ subject, jkt, now: T0, change, ...over })
  const prove = (key: SessionKey, authTime: number) =>
    store().proofs.record({ key, proof: { method: 'totp', level: 'mfa', amr: [], authTime }, change })
  const list = (now = T0) => store().devices.list({ subject, now })

  describe('devices of a subject', () => {
    it('are those that are known and those in a session, seen last first, by what they call themselves', async () => {
      await enrol(store(), authenticator('auth_1'))
      await arrive(ALICE, T0 + 5)
      await bind(ALICE.jkt, T0 + 10)
      await store().sessions.end({ ...ALICE, now: T0 + 10, change })
      await store().devices.see({ subject, jkt: ALICE.jkt, name: 'Firefox on Windows', now: T0 + 5 })
      await arrive(PHONE, T0 + 50)
      expect(await list(T0 + 60)).toEqual([
        { jkt: PHONE.jkt, firstSeenAt: T0 + 50, lastSeenAt: T0 + 50, known: false, signedIn: true, proven: false },
        {
          jkt: ALICE.jkt,
          name: 'Firefox on Windows',
          firstSeenAt: T0 + 5,
          lastSeenAt: T0 + 10,
          known: true,
          signedIn: false,
          proven: false,
        },
      ])
      // a session that has expired makes no device
      expect(await list(T0 + 2000)).toHaveLength(1)
      expect(await store().devices.list({ subject: 'demo|bob', now: T0 })).toEqual([])
    })

    it('tell those that somebody has signed in on from those that only brought a token', async () => {
      const signedIn = async () => Object.fromEntries((await list()).map((each) => [each.jkt, each.signedIn]))
      const stranger = { ...ALICE, jkt: 'jkt-8' }
      const login = { sid: ALICE.sid, confirmed: false, mayOwn: true, authTime: T0, issuedAt: T0 }
      for (const key of [ALICE, stranger]) await touchSession(store(), { key, login })
      expect(await signedIn()).toEqual({ [ALICE.jkt]: true, [stranger.jkt]: false })
      const proof = { method: 'relogin', level: 'session', amr: [], authTime: T0 } as const
      await store().proofs.record({ key: stranger, proof, change: { at: T0, type: 'proofs', subject, sid: stranger.sid } })
      expect(await signedIn()).toEqual({ [ALICE.jkt]: true, [stranger.jkt]: true })
      expect(await store().devices.list({ subject: 'demo|bob', now: T0 })).toEqual([])
    })

    it('tell those that have proven something from those that only brought a token, each in a session that is open', async () => {
      const stranger = { ...ALICE, jkt: 'jkt-8' }
      const bring = (key: SessionKey, now: number) =>
        touchSession(store(), { key, now, login: { sid: key.sid, confirmed: false, mayOwn: false, authTime: T0, issuedAt: T0 } })
      const found = async (now: number) => (await list(now)).map(({ signedIn, proven }) => ({ signedIn, proven }))
      await bring(stranger, T0)
      expect(await found(T0)).toEqual([{ signedIn: false, proven: false }])
      expect(await prove(stranger, T0)).toBe(true)
      expect(await found(T0)).toEqual([{ signedIn: false, proven: true }])
      const proof = { method: 'relogin', level: 'session', amr: [], authTime: T0 } as const
      await store().proofs.record({ key: stranger, proof, change })
      expect(await found(T0)).toEqual([{ signedIn: true, proven: true }])
      // in another session that is open when that one has expired
      const later = T0 + IDLE - 1
      await bring({ ...stranger, sid: 'another' }, later)
      expect(await found(later)).toEqual([{ signedIn: true, proven: true }])
      expect(await found(T0 + IDLE)).toEqual([{ signedIn: false, proven: false }])
      expect(await store().proofs.list(stranger)).toHaveLength(2)
    })

    it('are noted again with another name, or once an hour', async () => {
      const { see } = store().devices
      await arrive(PHONE)
      await see({ subject, jkt: PHONE.jkt, name: 'Safari on iOS', now: T0 })
      await see({ subject, jkt: PHONE.jkt, name: 'Safari on iOS', now: T0 + 3599 })
      expect((await list())[0]).toMatchObject({ lastSeenAt: T0 })
      await see({ subject, jkt: PHONE.jkt, name: 'Safari on iOS', now: T0 + 3600 })
      expect((await list())[0]).toMatchObject({ firstSeenAt: T0, lastSeenAt: T0 + 3600 })
      await see({ subject, jkt: PHONE.jkt, now: T0 + 3601 })
      expect((await list())[0]).not.toHaveProperty('name')
    })

    it('threat: a lost one would stay known, and signed in', async () => {
      await enrol(store(), authenticator('auth_1'))
      for (const each of [ALICE, PHONE]) {
        await arrive(each)
        await store().devices.bind({ key: each, authenticatorId: 'auth_1', provenAt: T0, now: T0 })
      }
      await store().stepUps.create(stepUp('su_7', { key: PHONE }))
      const cursor = await store().changes.head()
      expect(await forget(PHONE.jkt, { except: ALICE })).toBe(true)
      expect(await store().devices.find({ subject, jkt: PHONE.jkt })).toEqual({ any: true, bound: false })
      expect(await store().sessions.expiresAt(PHONE)).toBeNull()
      expect(await arrive(PHONE, T0 + 1)).toBe('ended')
      expect(await store().stepUps.get('su_7')).toBeNull()
      expect((await list()).map(({ jkt }) => jkt)).toEqual([ALICE.jkt])
      expect(await store().changes.after({ ...ALL, cursor })).toMatchObject([change])
      expect(await store().sessions.expiresAt(ALICE)).not.toBeNull()
    })

    it('threat: one would be known again by a proof that was on its way while it was forgotten', async () => {
      const { bind, find } = store().devices
      await enrol(store(), authenticator('auth_1'))
      const prove = (provenAt: number) => bind({ key: PHONE, authenticatorId: 'auth_1', provenAt, now: T0 + 2 })
      for (const provenAt of [T0 - 1, T0]) {
        await arrive(PHONE)
        await Promise.all([prove(provenAt), forget(PHONE.jkt), prove(provenAt)])
        await prove(provenAt)
        expect(await find(PHONE)).toMatchObject({ bound: false })
      }
      // with a later login the session begins again, and what is proven in it counts
      await touchSession(store(), {
        key: PHONE,
        now: T0 + 2,
        login: { sid: PHONE.sid, authTime: T0 + 1, issuedAt: T0 + 1, confirmed: true, mayOwn: true },
      })
      await prove(T0)
      expect(await find(PHONE)).toMatchObject({ bound: false })
      await prove(T0 + 2)
      expect(await find(PHONE)).toMatchObject({ bound: true })
    })

    it('threat: one would be known by what was proven in a session before all of them were ended', async () => {
      await enrol(store(), authenticator('auth_1'))
      await arrive(ALICE)
      await store().sessions.endAll({ subject, forgetDevices: true, now: T0, change })
      await bind(ALICE.jkt)
      expect(await store().devices.find(ALICE)).toMatchObject({ bound: false })
    })

    it('threat: with the last one forgotten, every other would count as no new one', async () => {
      await enrol(store(), authenticator('auth_1'))
      await arrive(ALICE)
      await bind(ALICE.jkt)
      await forget(ALICE.jkt)
      expect(await store().devices.find({ subject, jkt: 'jkt-9' })).toEqual({ any: true, bound: false })
      // also if something is removed then
      await enrol(store(), authenticator('auth_2', { data: { method: 'totp', sealedSecret: 's', lastStep: 1, failures: 0 } }))
      await store().authenticators.remove({ subject, id: 'auth_1', keepDevice: 'jkt-9', changes: [] })
      expect(await store().devices.find({ subject, jkt: 'jkt-9' })).toEqual({ any: true, bound: false })
      // one that was never known leaves nothing
      expect(await store().devices.find({ subject: 'demo|bob', jkt: 'jkt-9' })).toEqual({ any: false, bound: false })
    })

    it('on the session that goes on lose their own proofs alone', async () => {
      const second = { ...ALICE, jkt: 'jkt-8' }
      const proof = { method: 'totp', level: 'mfa', amr: [], authTime: T0 } as const
      for (const key of [ALICE, second]) {
        await arrive(key)
        await store().proofs.record({ key, proof, change: { at: T0, type: 'proofs', subject, sid: key.sid } })
      }
      expect(await forget(second.jkt, { except: ALICE })).toBe(true)
      expect(await store().proofs.list(second)).toEqual([])
      expect(await store().proofs.list(ALICE)).toHaveLength(1)
      expect(await arrive(ALICE, T0 + 1)).toBe('known')
    })

    it('threat: one that brought the login of the session first would come back to it, as its owner', async () => {
      const [laptop, third] = [
        { ...ALICE, jkt: 'laptop' },
        { ...ALICE, jkt: 'third' },
      ]
      const bring = (key: SessionKey, now: number, authTime: number, confirmed = false) =>
        touchSession(store(), { key, now, login: login({ sid: key.sid, authTime, confirmed }) })
      for (const key of [laptop, ALICE, third]) await bring(key, T0, T0)
      expect(await forget(laptop.jkt, { except: ALICE, now: T0 + 5 })).toBe(true)
      for (const authTime of [T0, T0 + 5, T0 + 6]) expect(await bring(laptop, T0 + 6, authTime)).toMatchObject({ status: 'ended' })
      expect(await prove(laptop, T0 + 6)).toBe(false)
      expect(await bring(laptop, T0 + 6, T0 + 5, true)).toMatchObject({ status: 'ended' })
      expect(await touchSession(store(), { key: laptop, now: T0 + 6 })).toMatchObject({ status: 'ended' })
      // the others stay, and the login is that of the one which goes on
      expect(await bring(third, T0 + 6, T0)).toMatchObject({ status: 'known', login: 'none' })
      expect(await prove(third, T0 + 6)).toBe(true)
      expect(await store().sessions.list({ subject, now: T0 + 6 })).toHaveLength(2)
    })

    it('leave their login to the one that goes on, also over a sweep', async () => {
      const laptop = { ...ALICE, jkt: 'laptop' }
      const bring = (key: SessionKey, now: number, authTime: number, confirmed = false) =>
        touchSession(store(), { key, now, idleSeconds: END_SECONDS, login: login({ sid: key.sid, authTime, confirmed }) })
      for (const key of [laptop, ALICE]) await bring(key, T0, T0)
      await forget(laptop.jkt, { except: ALICE, now: T0 + 5 })
      expect(await bring(ALICE, T0 + 6, T0)).toMatchObject({ status: 'known', login: 'first' })
      await store().sweep(T0 + END_SECONDS + 4)
      expect(await bring(laptop, T0 + END_SECONDS + 4, T0 + 5)).toMatchObject({ status: 'ended' })
      // it is remembered for as long again
      await store().sweep(T0 + END_SECONDS + 6)
      expect(await bring(laptop, T0 + END_SECONDS + 6, T0 + 5)).toMatchObject({ status: 'ended' })
      const now = T0 + 2 * END_SECONDS
      expect(await bring(laptop, now, now - 1, true)).toMatchObject({ status: 'new', login: 'issuer' })
      expect(await prove(laptop, T0 + 5)).toBe(false)
      expect(await prove(laptop, now)).toBe(true)
    })

    it('take no login from those that stay if they own none, and each forgotten one is out', async () => {
      const strangers = Array.from({ length: 8 }, (_, index) => ({ ...ALICE, jkt: `stranger-${index}` }))
      const bring = async (key: SessionKey) =>
        (await touchSession(store(), { key, now: T0 + 1, login: login({ sid: key.sid, authTime: T0, confirmed: false }) })).login
      const [first] = strangers
      for (const key of [...strangers, ALICE]) await bring(key)
      const forgotten = strangers.slice(1)
      await Promise.all(forgotten.map(({ jkt }) => forget(jkt, { except: ALICE, now: T0 + 1 })))
      expect(await store().sessions.list({ subject, now: T0 + 1 })).toHaveLength(2)
      expect(await bring(first as SessionKey)).toBe('first')
      expect(await bring(ALICE)).toBe('none')
    })

    it('threat: one would be forgotten without the operation that was proven for it', async () => {
      await arrive(PHONE)
      const operation = { id: 'op_1', key: ALICE, digest: 'd', provenAfter: 0 }
      expect(await forget(PHONE.jkt, { operation })).toBe(false)
      expect(await store().sessions.expiresAt(PHONE)).not.toBeNull()
    })

    it('that are neither known nor in a session are swept in the end', async () => {
      await enrol(store(), authenticator('auth_1'))
      const { see } = store().devices
      for (const jkt of [ALICE.jkt, PHONE.jkt]) await see({ subject, jkt, name: 'Chrome on Android', now: T0 })
      await arrive(ALICE)
      await bind(ALICE.jkt)
      await store().sweep(T0 + 31 * 86_400)
      await arrive(PHONE, T0 + 31 * 86_400)
      const named = await list(T0 + 31 * 86_400)
      expect(named.map(({ jkt, name }) => [jkt, name])).toEqual([
        [PHONE.jkt, undefined],
        [ALICE.jkt, 'Chrome on Android'],
      ])
    })
  })
}

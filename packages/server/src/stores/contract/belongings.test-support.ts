import { describe, expect, it } from 'vitest'
import type { SessionKey, Store } from '../store.ts'
import {
  ALICE,
  authenticatorsChange,
  IDLE,
  login,
  operation,
  proofsChange,
  registration,
  stepUp,
  T0,
  touchSession,
} from './fixtures.test-support.ts'

/** What is proven, begun and let in with a key in a session, and goes when that life of it is over. */
export function belongingsContract(store: () => Store): void {
  const phone: SessionKey = { ...ALICE, jkt: 'phone' }
  const { subject, sid } = ALICE
  const change = { at: T0, type: 'revoked', subject, before: T0 } as const
  const touch = async (key: SessionKey, now: number, authTime: number) =>
    (await touchSession(store(), { key, now, login: login({ sid, authTime }) })).status
  const reopen = (now: number) =>
    store().sessions.reopen({
      key: ALICE,
      account: 'acme',
      now,
      idleSeconds: IDLE,
      absoluteSeconds: IDLE,
      stepUpId: 'su_back',
      proof: { method: 'relogin', level: 'session', amr: [], authTime: now },
      change: proofsChange(ALICE),
    })

  /** Gives a key one of everything, by way of a recovery code: that spares the key alone. */
  async function fill(key: SessionKey, now: number): Promise<void> {
    const { jkt } = key
    await store().recovery.replaceCodes({ subject, digests: [jkt], now, change: authenticatorsChange(ALICE) })
    const end = { subject, except: key, now: now - 1, change }
    expect(await store().recovery.redeem({ key, proof: { kind: 'code', digest: jkt }, now, ticketExpiresAt: now + 600, end })).toBe(true)
    const proof = { method: 'totp', level: 'mfa', amr: ['otp'], authTime: now } as const
    expect(await store().proofs.record({ key, proof, change: proofsChange(key) })).toBe(true)
    await store().stepUps.create(stepUp(`su_${jkt}`, { key, createdAt: now, expiresAt: now + 3000 }))
    await store().operations.begin({ record: operation(`op_${jkt}`, { key, createdAt: now, expiresAt: now + 3000 }), limit: 8 })
    await store().registrations.create(registration(`reg_${jkt}`, { key, createdAt: now, expiresAt: now + 3000 }))
  }
  const left = async (key: SessionKey) => ({
    proofs: (await store().proofs.list(key)).filter(({ method }) => method === 'totp').length,
    stepUps: (await store().stepUps.get(`su_${key.jkt}`)) === null ? 0 : 1,
    operations: (await store().operations.list(key)).length,
    registrations: (await store().registrations.get(`reg_${key.jkt}`)) === null ? 0 : 1,
    tickets: (await store().recovery.ticket(key)) === null ? 0 : 1,
  })
  const ALL_OF_IT = { proofs: 1, stepUps: 1, operations: 1, registrations: 1, tickets: 1 }
  const NOTHING = { proofs: 0, stepUps: 0, operations: 0, registrations: 0, tickets: 0 }
  const overAt = T0 + 20 + IDLE
  const begin = () => store().stepUps.create(stepUp('su_back', { createdAt: overAt, expiresAt: overAt + 300 }))

  const WAYS: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['expired and begins again with a new login', async () => expect(await touch(ALICE, overAt, overAt)).toBe('new')],
    [
      'expired and begins again with a sign-in',
      async () => {
        await begin()
        expect(await reopen(overAt)).toBe('reopened')
      },
    ],
    ['was ended', () => store().sessions.end({ subject, sid, now: T0 + 30, change })],
    ['was signed out', () => store().sessions.end({ subject, sid, signedOut: { jkt: ALICE.jkt, confirmed: true }, now: T0 + 30, change })],
    ['was ended with all others', () => store().sessions.endAll({ subject, now: T0 + 30, change })],
    ['was ended with all others but one', () => store().sessions.endAll({ subject, except: phone, now: T0 + 30, change })],
    ['was ended by its issuer', () => store().sessions.endNamed({ issuer: 'demo', sid, now: T0 + 30, change: () => change })],
    ['is of a device that was forgotten', () => store().devices.forget({ subject, jkt: ALICE.jkt, now: T0 + 30, change })],
    [
      'is of a device that was forgotten on another one of it',
      () => store().devices.forget({ subject, jkt: ALICE.jkt, except: phone, now: T0 + 30, change }),
    ],
  ]

  describe('what belongs to a key in a session', () => {
    it.each(WAYS)('threat: outlives its session that %s', async (_, ends) => {
      await touch(ALICE, T0, T0)
      await fill(ALICE, T0 + 10)
      await touch(ALICE, T0 + 20, T0)
      expect(await left(ALICE)).toEqual(ALL_OF_IT)
      await ends()
      expect(await left(ALICE)).toEqual(NOTHING)
    })

    it.each([
      ['a new login', () => touch(ALICE, overAt, overAt)],
      ['a sign-in', () => begin().then(() => reopen(overAt))],
    ])('stays with another key of the session if it begins again with %s', async (_, begins) => {
      await touch(ALICE, T0, T0)
      await touch(phone, T0 + 11, T0 + 11)
      await fill(phone, T0 + 12)
      await begins()
      expect(await left(phone)).toEqual(ALL_OF_IT)
    })

    it('goes, apart from a step-up that was started since it had expired: another page may be about to sign in with it', async () => {
      await touch(ALICE, T0, T0)
      const start = (id: string, createdAt: number) => store().stepUps.create(stepUp(id, { createdAt, expiresAt: createdAt + 3000 }))
      await start('su_before', T0 + IDLE - 1)
      await start('su_since', T0 + IDLE)
      expect(await touch(ALICE, T0 + IDLE + 5, T0 + IDLE + 5)).toBe('new')
      expect(await store().stepUps.get('su_before')).toBeNull()
      expect(await store().stepUps.get('su_since')).not.toBeNull()
    })

    it('goes with a sign-in too, apart from what another page has started since', async () => {
      await touch(ALICE, T0, T0)
      const start = (id: string, createdAt: number) => store().stepUps.create(stepUp(id, { createdAt, expiresAt: createdAt + 3000 }))
      await start('su_before', T0 + IDLE - 1)
      await start('su_since', T0 + IDLE)
      await start('su_back', T0 + IDLE)
      expect(await reopen(T0 + IDLE + 5)).toBe('reopened')
      for (const id of ['su_before', 'su_back']) expect(await store().stepUps.get(id), id).toBeNull()
      expect(await store().stepUps.get('su_since')).not.toBeNull()
    })
  })
}

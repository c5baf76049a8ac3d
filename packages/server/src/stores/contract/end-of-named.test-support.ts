import { describe, expect, it } from 'vitest'
import type { LoginClaim, SessionKey, Store } from '../store.ts'
import { createEnding, PHONE, TABLET } from './ending.test-support.ts'
import { ALICE, BOB, burst, login, proofsChange, stepUp, T0, touchSession } from './fixtures.test-support.ts'

/** The end of a session by the name that its issuer gives it. */
export function endOfNamedContract(store: () => Store): void {
  const { touch, prove, endNamed } = createEnding(store)

  describe('the end of a session that the issuer names', () => {
    it('ends it for whoever it is of, on all devices and for good, and no session of another issuer or name', async () => {
      const acting = { ...ALICE, subject: `${BOB.subject}\u0000act:staff`, jkt: 'acting' }
      const elsewhere = { ...ALICE, subject: 'demo2|alice' }
      for (const key of [ALICE, PHONE, acting, elsewhere, TABLET]) {
        await touch(key, T0, { authTime: T0 })
        await prove(key)
      }
      const before = await store().changes.head()
      await endNamed(ALICE.sid, T0 + 5)
      for (const key of [ALICE, PHONE, acting]) {
        expect(await touch(key, T0 + 6, { authTime: T0 + 6 })).toBe('ended')
        expect(await store().proofs.list(key)).toEqual([])
        expect(await prove(key, T0 + 6)).toBe(false)
      }
      for (const key of [elsewhere, TABLET]) {
        expect(await touch(key, T0 + 6, { authTime: T0 })).toBe('known')
        expect(await store().proofs.list(key)).toHaveLength(1)
      }
      const changes = await store().changes.after({ cursor: before, limit: 10 })
      expect(changes.map((change) => change.type === 'revoked' && change.subject)).toEqual([ALICE.subject, acting.subject])
    })

    it('ends those of its subject that have no name, in the same moment, and keeps the rest', async () => {
      const unnamed = (jkt: string): SessionKey => ({ ...ALICE, sid: `dev-${jkt}`, jkt })
      const come = async (key: SessionKey, more: Partial<LoginClaim>, now = T0 + 6) =>
        (await touchSession(store(), { key, now, login: login(more) })).status
      for (const jkt of ['a', 'b']) await come(unnamed(jkt), { authTime: T0 }, T0)
      await touch(TABLET, T0, { sid: TABLET.sid, authTime: T0 })
      const before = await store().changes.head()
      const { subject } = ALICE
      const [, meanwhile] = await Promise.all([
        endNamed(ALICE.sid, T0 + 5, { subject }),
        burst((index) => come(unnamed(`key-${index}`), { authTime: T0 }, T0 + 5)),
      ])
      expect(new Set(meanwhile)).toEqual(new Set(['ended']))
      expect(await store().changes.after({ cursor: before, limit: 10 })).toMatchObject([{ sid: 'dev-a' }, { sid: 'dev-b' }])
      for (const key of ['a', 'new'].map(unnamed)) {
        for (const old of [{ authTime: T0 + 5 }, { issuedAt: T0 + 5 }]) expect(await come(key, old)).toBe('ended')
        // a login that was given since begins one, also if the service runs it
        await store().stepUps.create(stepUp(`su_${key.jkt}`, { key }))
        const reopen = (authTime: number) =>
          store().sessions.reopen({
            key,
            account: 'acme',
            now: T0 + 6,
            idleSeconds: 600,
            absoluteSeconds: 600,
            stepUpId: `su_${key.jkt}`,
            proof: { method: 'relogin', level: 'session', amr: [], authTime },
            change: proofsChange(key),
          })
        expect([await reopen(T0 + 5), await reopen(T0 + 6)]).toEqual(['too_early', 'reopened'])
      }
      expect(await come(unnamed('c'), { authTime: T0 + 6 })).toBe('new')
      expect(await come(unnamed('d'), { issuedAt: T0 + 6 })).toBe('new')
      expect(await come({ ...TABLET, jkt: 'other' }, { sid: TABLET.sid, authTime: T0 })).toBe('new')
    })

    it('threat: a session that was ended at the issuer would begin here afterwards, or in the same moment', async () => {
      const statuses = await Promise.all([
        endNamed('unseen', T0),
        ...[0, 1, 2].map(() => touch({ ...ALICE, sid: 'unseen' }, T0, { authTime: T0 })),
      ])
      expect(statuses.slice(1)).toEqual(['ended', 'ended', 'ended'])
      expect(await touch({ ...BOB, sid: 'unseen' }, T0 + 1, { authTime: T0 + 1 })).toBe('ended')
      expect(await touch({ ...BOB, subject: 'demo2|bob', sid: 'unseen' }, T0 + 1)).toBe('new')
    })
  })
}

import { beforeEach, describe, expect, it } from 'vitest'
import type { NewNotice, SessionKey, Store } from '../store.ts'
import { ALICE, authenticator, authenticatorsChange, BOB, burst, passkey, proofsChange, T0, touchSession } from './fixtures.test-support.ts'

const EXPIRES = T0 + 600

/** Recovery codes, links, and the tickets that they yield. */
export function recoveryContract(store: () => Store): void {
  const phone: SessionKey = { ...ALICE, jkt: 'phone' }
  const notice = (id: string): NewNotice => ({ id, subject: ALICE.subject, to: 'a@example.com', kind: 'recovery_used', data: {}, at: T0 })
  const make = (digests: readonly string[], { subject } = ALICE) =>
    store().recovery.replaceCodes({ subject, digests, now: T0, change: authenticatorsChange(ALICE) })
  const redeem = (digest: string, kind: 'code' | 'link' = 'code', key = ALICE, now = T0, id = 'no_1') =>
    store().recovery.redeem({
      key,
      proof: { kind, digest },
      now,
      ticketExpiresAt: EXPIRES,
      end: {
        subject: key.subject,
        except: key,
        now,
        change: { at: now, type: 'revoked', subject: key.subject, before: now },
      },
      notices: [notice(id)],
    })
  const touch = async (key: SessionKey) => (await touchSession(store(), { key })).status
  const arriveFirst = () =>
    beforeEach(async () => {
      for (const key of [ALICE, phone, BOB]) await touch(key)
    })
  const told = async () => (await store().outbox.claim({ now: T0, leaseSeconds: 1, limit: 100 })).length

  describe('recovery codes', () => {
    arriveFirst()
    it('that are made are told to whoever watches: a page would go on saying that there are none', async () => {
      const cursor = await store().changes.head()
      await make(['a'])
      expect(await store().changes.after({ cursor, limit: 10 })).toMatchObject([authenticatorsChange(ALICE)])
    })

    it('are counted, and replaced all at once', async () => {
      expect(await store().recovery.codes(ALICE.subject)).toEqual({ left: 0 })
      await make(['a', 'b'])
      await make(['c'], BOB)
      expect(await store().recovery.codes(ALICE.subject)).toEqual({ left: 2, madeAt: T0 })
      await store().recovery.replaceCodes({
        subject: ALICE.subject,
        digests: ['d'],
        now: T0 + 5,
        change: authenticatorsChange(ALICE),
        notices: [notice('no_1')],
      })
      expect(await store().recovery.codes(ALICE.subject)).toEqual({ left: 1, madeAt: T0 + 5 })
      expect(await redeem('a')).toBe(false)
      expect(await redeem('d', 'code', ALICE, T0, 'no_2')).toBe(true)
      expect(await store().recovery.codes(ALICE.subject)).toEqual({ left: 0, madeAt: T0 + 5 })
      expect(await store().recovery.codes(BOB.subject)).toMatchObject({ left: 1 })
    })

    it('threat: one code would be redeemed twice at the same time, on two devices', async () => {
      await make(['a', 'b'])
      const redeemed = await burst((index) => redeem('a', 'code', index % 2 === 0 ? ALICE : phone, T0, `no_${index}`))
      expect(redeemed.filter(Boolean)).toHaveLength(1)
      expect(await told()).toBe(1)
      const tickets = [await store().recovery.ticket(ALICE), await store().recovery.ticket(phone)]
      expect(tickets.filter(Boolean)).toMatchObject([{ by: 'recovery-code', digest: 'a' }])
      expect(await store().recovery.codes(ALICE.subject)).toMatchObject({ left: 1 })
    })

    it('threat: the code of one subject would recover another', async () => {
      await make(['a'])
      expect(await redeem('a', 'code', BOB)).toBe(false)
      expect(await redeem('a', 'link')).toBe(false)
      expect([await store().recovery.ticket(BOB), await told()]).toEqual([null, 0])
      expect(await redeem('a')).toBe(true)
    })

    it('end the other sessions together with what they had proven, and nothing where they are wrong', async () => {
      for (const key of [ALICE, phone, BOB]) {
        await touch(key)
        await store().proofs.record({ key, proof: { method: 'totp', level: 'mfa', amr: [], authTime: T0 }, change: proofsChange(key) })
      }
      await make(['a'])
      expect(await redeem('b')).toBe(false)
      expect(await store().sessions.expiresAt(phone)).not.toBeNull()
      expect(await redeem('a')).toBe(true)
      expect(await store().sessions.expiresAt(phone)).toBeNull()
      expect([await store().proofs.list(phone), (await store().proofs.list(ALICE)).length]).toEqual([[], 1])
      expect(await store().sessions.expiresAt(BOB)).not.toBeNull()
    })

    it('threat: a session that ended while its code was checked would use it up, and end those of its owner', async () => {
      await make(['a', 'b', 'c'])
      const end = ({ subject, sid }: SessionKey) => {
        const change = { at: T0, type: 'revoked', subject, sid, before: T0 } as const
        return store().sessions.end({ subject, sid, now: T0, change })
      }
      const other = { ...phone, sid: 'other' }
      await touch(ALICE)
      await touch(other)
      await end(ALICE)
      expect(await redeem('a')).toBe(false)
      expect([(await store().sessions.expiresAt(other)) === null, await store().recovery.ticket(ALICE), await told()]).toEqual([
        false,
        null,
        0,
      ])
      expect(await redeem('a', 'code', other)).toBe(true)
      // a session that nobody has seen before, and one that this has ended
      for (const key of [{ ...phone, sid: 'unseen' }, ALICE]) expect(await redeem('b', 'code', key, T0, 'no_2')).toBe(false)
      expect(await redeem('c', 'code', other, T0, 'no_3')).toBe(true)
    })
  })

  describe('recovery links', () => {
    arriveFirst()
    const openLink = (digest: string, subject = ALICE.subject) => store().recovery.openLink({ subject, digest, expiresAt: T0 + 3600 })

    it('are used once, by their subject, before they expire', async () => {
      await openLink('link')
      expect(await redeem('link', 'link', BOB)).toBe(false)
      expect(await redeem('link', 'code')).toBe(false)
      expect(await redeem('link', 'link', ALICE, T0 + 3600)).toBe(false)
      expect((await burst((index) => redeem('link', 'link', ALICE, T0 + 3599, `no_${index}`))).filter(Boolean)).toHaveLength(1)
      expect(await store().recovery.ticket(ALICE)).toEqual({
        key: ALICE,
        by: 'admin',
        digest: 'link',
        recovery: { at: T0 + 3599, told: true },
        expiresAt: EXPIRES,
      })
    })

    it('threat: of two links both would be open', async () => {
      await openLink('former')
      await openLink('newer')
      await openLink('other', BOB.subject)
      expect(await redeem('former', 'link')).toBe(false)
      await store().recovery.closeLink({ subject: ALICE.subject, digest: 'former' })
      expect(await redeem('newer', 'link')).toBe(true)
    })

    it('are void once closed', async () => {
      await openLink('link')
      await store().recovery.closeLink({ subject: BOB.subject, digest: 'link' })
      await store().recovery.closeLink({ subject: ALICE.subject, digest: 'link' })
      expect(await redeem('link', 'link')).toBe(false)
    })
  })

  describe('recovery tickets', () => {
    arriveFirst()
    const create = (id: string, key = ALICE, validAfter = T0) =>
      store().authenticators.create({
        record: authenticator(id, { subject: key.subject, data: passkey({ credentialId: id }) }),
        limit: 100,
        change: authenticatorsChange(key),
        ticket: { key, validAfter },
      })
    const ticket = async () => {
      await make(['a'])
      await redeem('a')
    }

    it('threat: one ticket would let in two authenticators', async () => {
      await ticket()
      const head = await store().changes.head()
      expect((await burst((index) => create(`auth_${index}`))).filter(Boolean)).toHaveLength(1)
      expect(await store().authenticators.list(ALICE.subject)).toHaveLength(1)
      expect([await store().changes.head(), await store().recovery.ticket(ALICE)]).toEqual([head + 1, null])
    })

    it('threat: a ticket would count in another session, on another device, for another subject, or when it is over', async () => {
      await ticket()
      for (const key of [{ ...ALICE, sid: 'other' }, phone, BOB]) expect(await create('auth_1', key)).toBe(false)
      expect(await create('auth_1', ALICE, EXPIRES)).toBe(false)
      expect(await store().authenticators.list(ALICE.subject)).toEqual([])
      expect(await create('auth_1', ALICE, EXPIRES - 1)).toBe(true)
    })

    it('are not used up by what is not enrolled', async () => {
      await ticket()
      await store().authenticators.create({
        record: authenticator('auth_0', { subject: BOB.subject, data: passkey({ credentialId: 'taken' }) }),
        limit: 10,
        change: authenticatorsChange(BOB),
      })
      const record = authenticator('auth_1', { data: passkey({ credentialId: 'taken' }) })
      const input = { record, limit: 100, change: authenticatorsChange(ALICE), ticket: { key: ALICE, validAfter: T0 } }
      expect(await store().authenticators.create(input)).toBe(false)
      expect(await store().recovery.ticket(ALICE)).not.toBeNull()
    })

    it('threat: a ticket would outlive its session', async () => {
      await ticket()
      const { subject, sid } = ALICE
      const change = { at: T0, type: 'revoked', subject, sid, before: T0 } as const
      await store().sessions.end({ subject, sid, now: T0, change })
      expect(await store().recovery.ticket(ALICE)).toBeNull()
    })

    it('are swept half an hour after they have expired, links when they have', async () => {
      await ticket()
      await store().recovery.openLink({ subject: ALICE.subject, digest: 'link', expiresAt: EXPIRES })
      await store().sweep(EXPIRES - 1)
      await store().sweep(EXPIRES + 1799)
      expect(await store().recovery.ticket(ALICE)).not.toBeNull()
      // asked about the past, so that the link would count if it were there
      expect(await redeem('link', 'link')).toBe(false)
      await store().sweep(EXPIRES + 1800)
      expect(await store().recovery.ticket(ALICE)).toBeNull()
    })
  })
}

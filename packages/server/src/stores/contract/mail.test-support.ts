import { describe, expect, it } from 'vitest'
import type { AddressRecord, ClaimedNotice, NewNotice, NoticeDigest, Store } from '../store.ts'
import { ALICE, authenticator, authenticatorsChange, BOB, burst, enrol, stepUp, T0 } from './fixtures.test-support.ts'

const notice = (id: string, over: Partial<NewNotice> = {}): NewNotice => ({
  id,
  subject: ALICE.subject,
  to: 'alice@example.com',
  kind: 'authenticator_added',
  data: { method: 'passkey', name: 'Laptop', count: 2 },
  at: T0,
  ...over,
})

const address = (over: Partial<AddressRecord> = {}): AddressRecord => ({
  subject: ALICE.subject,
  version: 1,
  address: 'alice@example.com',
  ...over,
})

const digestIn = (claimed: ClaimedNotice | undefined): NoticeDigest => {
  if (claimed?.kind !== 'several_changes') throw new Error('It holds one notice.')
  return claimed.data
}

/** Addresses, and notices that wait to be sent. */
export function mailContract(store: () => Store): void {
  const claim = (now = T0, limit = 10) => store().outbox.claim({ now, leaseSeconds: 60, limit })
  const put = (...notices: NewNotice[]) => store().addresses.write({ record: address({ subject: `demo|${notices[0]?.id}` }), notices })

  describe('addresses', () => {
    it('gives back what was written, with and without another one that waits', async () => {
      const full = address({ claimed: 'a@example.com', pending: { address: 'b@example.com', by: 'admin', settlesAt: T0 + 9 } })
      expect(await store().addresses.get(ALICE.subject)).toBeNull()
      expect(await store().addresses.write({ record: full, notices: [] })).toBe(true)
      expect(await store().addresses.get(ALICE.subject)).toEqual(full)
      expect(await store().addresses.get(BOB.subject)).toBeNull()
      expect(await store().addresses.write({ record: address({ version: 2 }), notices: [] })).toBe(true)
      expect(await store().addresses.get(ALICE.subject)).toEqual(address({ version: 2 }))
    })

    it('threat: of writers at the same time, several would win, or a loser would send a notice', async () => {
      const write = (version: number) => (index: number) =>
        store().addresses.write({ record: address({ version, address: `${index}@example.com` }), notices: [notice(`${version}-${index}`)] })
      for (const version of [1, 2]) expect((await burst(write(version))).filter(Boolean)).toHaveLength(1)
      expect(await claim()).toHaveLength(2)
      expect(await store().addresses.write({ record: address({ version: 4 }), notices: [] })).toBe(false)
      expect(await store().addresses.write({ record: address({ version: 2 }), notices: [] })).toBe(false)
    })
  })

  describe('the outbox', () => {
    it('gives what was put into it, oldest first, until it is done', async () => {
      await put(notice('no_1'), notice('no_2', { at: T0 - 1, data: {} }))
      expect(await claim()).toEqual([
        { ...notice('no_2', { at: T0 - 1, data: {} }), attempt: 1 },
        { ...notice('no_1'), attempt: 1 },
      ])
      await store().outbox.done({ id: 'no_1' })
      expect((await claim(T0 + 60)).map(({ id, attempt }) => [id, attempt])).toEqual([['no_2', 2]])
    })

    it('threat: several processes would send the same notice', async () => {
      await put(notice('no_1'), notice('no_2'), notice('no_3'))
      const claimed = (await burst(() => claim(T0, 1))).flat()
      expect(claimed.map(({ id }) => id).sort()).toEqual(['no_1', 'no_2', 'no_3'])
    })

    it('threat: a notice would be lost with the process that was sending it', async () => {
      await put(notice('no_1'))
      await claim()
      expect(await claim(T0 + 59)).toEqual([])
      expect(await claim(T0 + 60)).toMatchObject([{ id: 'no_1', attempt: 2 }])
    })

    it('puts off what could not be sent, unless somebody else has it by now', async () => {
      await put(notice('no_1'))
      await claim()
      await store().outbox.postpone({ id: 'no_1', attempt: 1, dueAt: T0 + 500 })
      expect(await claim(T0 + 499)).toEqual([])
      expect(await claim(T0 + 500)).toHaveLength(1)
      await store().outbox.postpone({ id: 'no_1', attempt: 1, dueAt: T0 })
      expect(await claim(T0 + 501)).toEqual([])
    })

    it('has the notices of what was done to authenticators, and none of what was not', async () => {
      const { subject } = ALICE
      const change = authenticatorsChange(ALICE)
      const { authenticators } = store()
      const create = (id: string, limit: number) =>
        authenticators.create({ record: authenticator(id), limit, change, notices: [notice(`added-${id}-${limit}`)] })
      expect([await create('auth_1', 0), await create('auth_1', 1), await create('auth_2', 1)]).toEqual([false, true, false])
      await authenticators.rename({ subject, id: 'auth_1', name: 'Desk', change, notices: [notice('renamed')] })
      await authenticators.rename({ subject, id: 'auth_9', name: 'Desk', change, notices: [notice('not renamed')] })
      const remove = (index: number) =>
        authenticators.remove({ subject, id: 'auth_1', keepDevice: '', changes: [], notices: [notice(`removed-${index}`)] })
      await burst(remove)
      const ids = (await claim(T0, 100)).map(({ id }) => id.replace(/^removed-\d+$/, 'removed'))
      expect(ids).toEqual(['added-auth_1-1', 'renamed', 'removed'])
    })

    it('threat: a change that was not made would be told, or one that was made would not', async () => {
      await put(notice('no_1'))
      // the notice cannot be written twice, so nothing of the verb may be
      const record = authenticator('auth_1')
      const created = store().authenticators.create({ record, limit: 9, change: authenticatorsChange(ALICE), notices: [notice('no_1')] })
      await expect(created).rejects.toThrow()
      expect(await store().authenticators.list(ALICE.subject)).toEqual([])
      expect(await enrol(store(), record)).toBe(true)
    })

    const renamed = (id: string, over: Partial<NewNotice> = {}) =>
      notice(id, { kind: 'authenticator_renamed', data: { method: 'totp', name: id, former: '' }, ...over })
    const HOUR = 3600

    it('threat: changes without end would fill the mailbox of their owner', async () => {
      await burst((index) => put(renamed(`no_${index}`)), 60)
      expect(await claim(T0, 100)).toHaveLength(3)
      expect(await claim(T0 + HOUR - 1, 100)).toHaveLength(3)
      await burst((index) => store().outbox.done({ id: `no_${index}` }), 3)
      const [several, ...others] = await claim(T0 + HOUR, 100)
      expect(others).toEqual([])
      expect(several).toMatchObject({ to: 'alice@example.com', kind: 'several_changes', at: T0, attempt: 1 })
      expect(several?.data).toMatchObject({ count: 57, more: { authenticator_renamed: 27 } })
      const { listed } = digestIn(several)
      expect(listed.map(({ data }) => data.name)).toEqual(Array.from({ length: 30 }, (_, index) => `no_${index + 3}`))
      // the next hour has a few again
      await put(renamed('later', { at: T0 + HOUR }))
      expect(await claim(T0 + HOUR, 100)).toMatchObject([{ id: 'later' }])
    })

    it('threat: what opens an account would be buried under what does not, or come late', async () => {
      await put(...Array.from({ length: 40 }, (_, index) => renamed(`no_${index}`)))
      for (const kind of ['recovery_used', 'authenticator_removed', 'recovery_link_requested', 'address_changed'] as const) {
        await put(...Array.from({ length: 5 }, (_, index) => notice(`${kind}_${index}`, { kind, data: {}, at: T0 + 9 })))
      }
      expect((await claim(T0 + 9, 100)).map(({ kind }) => kind)).toEqual([
        ...Array(3).fill('authenticator_renamed'),
        ...['recovery_used', 'authenticator_removed', 'recovery_link_requested', 'address_changed'].flatMap((kind) => Array(3).fill(kind)),
      ])
      const digest = digestIn((await claim(T0 + HOUR, 100)).find(({ kind }) => kind === 'several_changes'))
      expect(digest.listed.map(({ kind }) => kind)).toEqual([
        ...['recovery_used', 'authenticator_removed', 'recovery_link_requested', 'address_changed'].flatMap((kind) => Array(2).fill(kind)),
        ...Array(22).fill('authenticator_renamed'),
      ])
      expect([digest.count, digest.more]).toEqual([45, { authenticator_renamed: 15 }])
    })

    it('puts together what is of one subject and for one address alone, and gives one that was left alone as it is', async () => {
      const filling = (subject: string) => [0, 1, 2].map((index) => renamed(`${subject}_${index}`, { subject }))
      await put(...filling('demo|alice'), ...filling('demo|bob'))
      await put(renamed('a'), renamed('b', { at: T0 + 1 }), renamed('c', { to: 'new@example.com' }), renamed('d', { subject: 'demo|bob' }))
      const waiting = (await claim(T0 + HOUR, 100)).filter(({ id }) => id.length === 1)
      expect(waiting).toMatchObject([
        { id: 'a', kind: 'several_changes', data: { count: 2, listed: [{ at: T0 }, { at: T0 + 1 }], more: {} } },
        { ...renamed('c', { to: 'new@example.com' }), attempt: 1 },
        { ...renamed('d', { subject: 'demo|bob' }), attempt: 1 },
      ])
    })

    it('threat: one that comes while the others are being sent would be lost, or they would be sent twice', async () => {
      await put(...Array.from({ length: 5 }, (_, index) => renamed(`no_${index}`)))
      await burst((index) => store().outbox.done({ id: `no_${index}` }), 3)
      // the clock of the one that sends is ahead
      expect(await claim(T0 + HOUR)).toMatchObject([{ id: 'no_3', data: { count: 2 } }])
      await put(renamed('late', { at: T0 + HOUR - 1 }))
      await store().outbox.done({ id: 'no_3' })
      expect(await claim(T0 + HOUR + 1)).toMatchObject([{ id: 'late', kind: 'authenticator_renamed', attempt: 1 }])
      await store().outbox.done({ id: 'late' })
      expect(await claim(T0 + 2 * HOUR)).toEqual([])
    })

    it('threat: a change that was not made would be told among others, or use up their budget', async () => {
      const { authenticators } = store()
      await enrol(store(), authenticator('auth_1'))
      const change = authenticatorsChange(ALICE)
      const rename = (id: string, ...notices: NewNotice[]) =>
        authenticators.rename({ subject: ALICE.subject, id, name: 'Desk', change, notices }).catch(() => false)
      await rename('auth_1', renamed('first'))
      // the second of them cannot be written
      for (let count = 0; count < 9; count++) await rename('auth_1', renamed(`no_${count}`), renamed('first'))
      for (let count = 0; count < 4; count++) await rename('auth_1', renamed(`yes_${count}`))
      const told = await claim(T0 + HOUR, 100)
      expect(told.map(({ id }) => id)).toEqual(['first', 'yes_0', 'yes_1', 'yes_2'])
      expect(told[3]).toMatchObject({ kind: 'several_changes', data: { count: 2 } })
    })

    it('is swept of what nobody has sent for two days', async () => {
      await put(notice('no_1'))
      await store().sweep(T0 + 2 * 86_400 - 1)
      expect(await claim()).toHaveLength(1)
      await store().sweep(T0 + 2 * 86_400)
      expect(await claim(T0 + 2 * 86_400)).toEqual([])
    })
  })

  describe('a challenge that must be a certain one', () => {
    it('threat: a wrong answer would use it up, or a right one would count twice', async () => {
      await store().stepUps.create(stepUp('su_1'))
      await store().stepUps.create(stepUp('su_2'))
      await store().stepUps.start({ id: 'su_1', method: 'email-otp', challenge: 'former' })
      await store().stepUps.start({ id: 'su_1', method: 'email-otp', challenge: 'right' })
      await store().stepUps.start({ id: 'su_2', method: 'email-otp', challenge: 'other' })
      const take = (challenge: string, id = 'su_1') => store().stepUps.takeChallenge({ id, method: 'email-otp', challenge })
      expect(await take('former')).toBeNull()
      expect(await take('other')).toBeNull()
      expect(await take('right', 'su_2')).toBeNull()
      expect(await store().stepUps.takeChallenge({ id: 'su_1', method: 'passkey', challenge: 'right' })).toBeNull()
      expect((await burst(() => take('right'))).filter((each) => each !== null)).toEqual(['right'])
      expect(await take('other', 'su_2')).toBe('other')
    })

    it('tells who comes with the right one too late from who is wrong', async () => {
      const isOver = (challenge?: string, id = 'su_1') =>
        store().stepUps.isOver({ id, method: 'email-otp', ...(challenge !== undefined && { challenge }) })
      await store().stepUps.create(stepUp('su_1'))
      await store().stepUps.start({ id: 'su_1', method: 'email-otp', challenge: 'right' })
      expect(await isOver('right')).toBe(false)
      await store().stepUps.takeChallenge({ id: 'su_1', method: 'email-otp', challenge: 'right' })
      expect([await isOver('right'), await isOver('wrong'), await isOver()]).toEqual([true, false, false])
      expect(await store().stepUps.isOver({ id: 'su_1', method: 'passkey', challenge: 'right' })).toBe(false)
      expect(await store().stepUps.takeChallenge({ id: 'su_1', method: 'email-otp' })).toBeNull()
      await store().stepUps.start({ id: 'su_1', method: 'email-otp', challenge: 'right' })
      expect(await isOver('right')).toBe(false)
      await store().stepUps.take('su_1')
      expect([await isOver('wrong'), await isOver(), await isOver('right', 'su_9')]).toEqual([true, true, true])
    })
  })
}

import { describe, expect, it } from 'vitest'
import type { OperationRecord, Store, UsedOperation } from '../store.ts'
import { ALICE, authenticator, authenticatorsChange, BOB, burst, enrol, operation, stepUp, T0 } from './fixtures.test-support.ts'

const proof = { method: 'passkey', level: 'phr', amr: ['pop'], authTime: T0 + 5 } as const
const used = (id: string, over: Partial<UsedOperation> = {}): UsedOperation => ({
  id,
  key: ALICE,
  digest: `digest of ${id}`,
  provenAfter: T0,
  ...over,
})

/** Operations: begun, proven once, and used up with what they are for. */
export function operationsContract(store: () => Store): void {
  const begin = (id: string, over: Partial<OperationRecord> = {}, limit = 8) =>
    store().operations.begin({ record: operation(id, over), limit })
  const proven = async (id: string) => {
    await begin(id)
    await store().stepUps.create(stepUp(`su_${id}`))
    expect(await store().operations.prove({ stepUp: `su_${id}`, id, key: ALICE, proof, expiresAt: T0 + 900 })).toBe(true)
  }
  const replace = (by: UsedOperation) =>
    store().recovery.replaceCodes({
      subject: ALICE.subject,
      digests: ['d'],
      now: T0,
      change: authenticatorsChange(ALICE),
      operation: by,
    })

  describe('operations', () => {
    it('are listed by session and device, newest first, with the proof that was given', async () => {
      await proven('op_1')
      await begin('op_2')
      await begin('op_3', { key: BOB })
      expect(await store().operations.list(ALICE)).toEqual([operation('op_2'), operation('op_1', { proof, expiresAt: T0 + 900 })])
      expect(await store().operations.list({ ...ALICE, jkt: 'jkt-9' })).toEqual([])
      expect(await store().operations.list({ ...ALICE, sid: 'sid-9' })).toEqual([])
    })

    it('that wait beyond the limit are dropped, the oldest first, and none that was proven', async () => {
      await proven('op_1')
      for (const id of ['op_2', 'op_3', 'op_4']) await begin(id, {}, 2)
      expect((await store().operations.list(ALICE)).map(({ id }) => id)).toEqual(['op_4', 'op_3', 'op_1'])
    })

    it('threat: would be proven by several step-ups, or several times by one', async () => {
      await begin('op_1')
      for (const id of ['su_1', 'su_2']) await store().stepUps.create(stepUp(id))
      const proofs = await burst((index) =>
        store().operations.prove({ stepUp: index % 2 ? 'su_1' : 'su_2', id: 'op_1', key: ALICE, proof, expiresAt: T0 + 900 }),
      )
      expect(proofs.filter(Boolean)).toHaveLength(1)
      const left = await Promise.all(['su_1', 'su_2'].map((id) => store().stepUps.get(id)))
      expect(left.filter((each) => each !== null)).toHaveLength(1)
    })

    it('threat: would be proven for another session or device, without a step-up, or by what was removed', async () => {
      await begin('op_1')
      await store().stepUps.create(stepUp('su_1'))
      const prove = (over: object) =>
        store().operations.prove({ stepUp: 'su_1', id: 'op_1', key: ALICE, proof, expiresAt: T0 + 900, ...over })
      expect(await prove({ key: BOB })).toBe(false)
      expect(await prove({ key: { ...ALICE, jkt: 'jkt-9' } })).toBe(false)
      expect(await prove({ stepUp: 'su_9' })).toBe(false)
      expect(await prove({ id: 'op_9' })).toBe(false)
      expect(await prove({ proof: { ...proof, authenticatorId: 'auth_gone' } })).toBe(false)
      expect(await prove({})).toBe(true)
    })

    it('threat: one proof would do for several changes', async () => {
      await proven('op_1')
      const made = await burst(() => replace(used('op_1')))
      expect(made.filter(Boolean)).toHaveLength(1)
      expect(await store().operations.list(ALICE)).toEqual([])
    })

    it('threat: would be used unproven, too late, with another digest, or by another session or device', async () => {
      await begin('op_0')
      expect(await replace(used('op_0'))).toBe(false)
      await proven('op_1')
      expect(await replace(used('op_1', { provenAfter: T0 + 6 }))).toBe(false)
      expect(await replace(used('op_1', { digest: 'another' }))).toBe(false)
      expect(await replace(used('op_1', { key: BOB }))).toBe(false)
      expect(await replace(used('op_1', { key: { ...ALICE, sid: 'sid-9' } }))).toBe(false)
      expect(await replace(used('op_1', { key: { ...ALICE, jkt: 'jkt-9' } }))).toBe(false)
      expect(await store().recovery.codes(ALICE.subject)).toEqual({ left: 0 })
      expect(await replace(used('op_1', { provenAfter: T0 + 5 }))).toBe(true)
    })

    it('are used up by what adds, renames and removes, and by nothing that fails', async () => {
      const { authenticators } = store()
      const change = authenticatorsChange(ALICE)
      const create = (record: ReturnType<typeof authenticator>) =>
        authenticators.create({ record, limit: 10, change, operation: used('op_1') })
      expect(await create(authenticator('auth_1'))).toBe(false)
      await proven('op_1')
      await enrol(store(), authenticator('auth_0'))
      expect(await create(authenticator('auth_1'))).toBe(false)
      await authenticators.remove({ subject: ALICE.subject, id: 'auth_0', keepDevice: '', changes: [change] })
      expect(await create(authenticator('auth_1'))).toBe(true)
      const own = { subject: ALICE.subject, id: 'auth_1' }
      await proven('op_2')
      expect(await authenticators.rename({ ...own, name: 'x', change, operation: used('op_1') })).toBe(false)
      expect(await authenticators.rename({ ...own, id: 'auth_9', name: 'x', change, operation: used('op_2') })).toBe(false)
      expect(await authenticators.rename({ ...own, name: 'x', change, operation: used('op_2') })).toBe(true)
      await proven('op_3')
      const removal = { ...own, keepDevice: '', changes: [change] }
      expect(await authenticators.remove({ ...removal, operation: used('op_2') })).toBe(false)
      expect(await authenticators.remove({ ...removal, id: 'auth_9', operation: used('op_3') })).toBe(false)
      expect(await authenticators.remove({ ...removal, operation: used('op_3') })).toBe(true)
      expect(await store().operations.list(ALICE)).toEqual([])
    })

    it('threat: what a removed authenticator has proven would go on counting', async () => {
      await enrol(store(), authenticator('auth_1'))
      await begin('op_1')
      await store().stepUps.create(stepUp('su_1'))
      const given = { ...proof, authenticatorId: 'auth_1' }
      await store().operations.prove({ stepUp: 'su_1', id: 'op_1', key: ALICE, proof: given, expiresAt: T0 + 900 })
      const changes = [authenticatorsChange(ALICE)]
      await store().authenticators.remove({ subject: ALICE.subject, id: 'auth_1', keepDevice: '', changes })
      expect(await store().operations.list(ALICE)).toEqual([])
    })

    it('end with their session, and are swept when they have expired', async () => {
      await proven('op_1')
      await store().sweep(T0 + 899)
      expect(await store().operations.list(ALICE)).toHaveLength(1)
      await store().sweep(T0 + 900)
      expect(await store().operations.list(ALICE)).toEqual([])
      await proven('op_2')
      const { subject, sid } = ALICE
      await store().sessions.end({
        subject,
        sid,
        now: T0,
        change: { at: T0, type: 'revoked', subject, sid, before: T0 },
      })
      expect(await store().operations.list(ALICE)).toEqual([])
    })
  })
}

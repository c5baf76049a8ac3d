import { describe, expect, it } from 'vitest'
import type { Store } from '../store.ts'
import { createEnding, PHONE } from './ending.test-support.ts'
import { ALICE, BOB, T0 } from './fixtures.test-support.ts'

/** Which sessions are open. */
export function openSessionsContract(store: () => Store): void {
  const { touch, endNamed } = createEnding(store)

  describe('open sessions', () => {
    it('are listed by device until they end or expire', async () => {
      await touch(ALICE)
      await touch(PHONE, T0 + 100)
      await touch(BOB)
      expect(await store().sessions.expiresAt(ALICE)).not.toBeNull()
      expect(await store().sessions.expiresAt({ ...ALICE, jkt: 'unseen' })).toBeNull()
      const list = (now: number) => store().sessions.list({ subject: ALICE.subject, now })
      expect(await list(T0 + 200)).toEqual([
        { sid: ALICE.sid, jkt: ALICE.jkt, createdAt: T0, seenAt: T0 },
        { sid: ALICE.sid, jkt: 'phone', createdAt: T0, seenAt: T0 + 100 },
      ])
      expect((await list(T0 + 600)).map(({ jkt }) => jkt)).toEqual(['phone'])
      await endNamed(ALICE.sid, T0 + 601)
      expect(await list(T0 + 601)).toEqual([])
    })
  })
}

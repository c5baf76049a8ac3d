import { describe, expect, it } from 'vitest'
import type { LoginClaim, SessionKey, Store } from '../store.ts'
import { createEnding } from './ending.test-support.ts'
import { ALICE, burst, login, stepUp, T0, touchSession } from './fixtures.test-support.ts'

/** The end of a session to which its issuer gives no name. */
export function endOfUnnamedContract(store: () => Store): void {
  const { prove } = createEnding(store)

  describe('the end of a session without a name', () => {
    const keyOf = (jkt: string): SessionKey => ({ ...ALICE, sid: `dev-${jkt}`, jkt })
    const come = (jkt: string, more: Partial<LoginClaim> = {}, now = T0) =>
      touchSession(store(), { key: keyOf(jkt), now, login: login({ confirmed: false, authTime: T0, ...more }) })
    const { subject } = ALICE
    const change = { at: T0, type: 'revoked', subject, before: T0 } as const
    const OF_ITSELF = [
      [
        'its end',
        (jkt: string) =>
          store().sessions.end({ ...keyOf(jkt), signedOut: { jkt, confirmed: false }, now: T0 + 1, reopensAfter: T0 + 1, change }),
      ],
      [
        'that of its device',
        (jkt: string) =>
          store().devices.forget({
            subject,
            jkt,
            signedOut: { sid: keyOf(jkt).sid, confirmed: false, reopensAfter: T0 + 1 },
            now: T0 + 1,
            change,
          }),
      ],
    ] as const

    it.each(OF_ITSELF)('threat: whoever has a token would leave %s behind for one key after another', async (_, signOut) => {
      await come('owner')
      await come('stranger')
      await store().devices.see({ subject, jkt: 'stranger', name: 'Firefox on Windows', now: T0 })
      await prove(keyOf('stranger'))
      // it has proven something: that is remembered, and does not come back
      await signOut('stranger')
      expect(await come('stranger', {}, T0 + 2)).toMatchObject({ status: 'ended' })
      await come('nobody')
      await store().stepUps.create(stepUp('su_nobody', { key: keyOf('nobody') }))
      await store().devices.see({ subject, jkt: 'nobody', name: 'Firefox on Windows', now: T0 })
      await burst<unknown>(() => signOut('nobody'), 4)
      expect(await store().sessions.expiresAt(keyOf('nobody'))).toBeNull()
      expect(await store().stepUps.get('su_nobody')).toBeNull()
      expect(await come('nobody', {}, T0 + 2)).toMatchObject({ status: 'new', login: 'none' })
      expect((await store().devices.list({ subject, now: T0 + 2 })).find(({ jkt }) => jkt === 'nobody')).not.toHaveProperty('name')
      // the owner of the login is kept out by it
      await signOut('owner')
      expect(await come('owner', {}, T0 + 2)).toMatchObject({ status: 'ended' })
      expect(await come('owner', { authTime: T0 + 2 }, T0 + 2)).toMatchObject({ status: 'new', login: 'first' })
    })

    it('is remembered for every key if somebody else ends it', async () => {
      await come('owner')
      await come('nobody')
      await store().sessions.end({ ...keyOf('nobody'), now: T0 + 1, reopensAfter: T0 + 1, change })
      expect(await come('nobody', {}, T0 + 2)).toMatchObject({ status: 'ended' })
      await come('another')
      await store().devices.forget({ subject, jkt: 'another', now: T0 + 1, change })
      expect(await come('another', {}, T0 + 2)).toMatchObject({ status: 'ended' })
    })
  })
}

import type { LoginClaim, SessionKey, Store } from '../store.ts'
import { ALICE, login, proofsChange, T0, touchSession } from './fixtures.test-support.ts'

type EndOfAll = Parameters<Store['sessions']['endAll']>[0]

/** Another key of Alice's session, and one of another session of hers. */
export const PHONE: SessionKey = { ...ALICE, jkt: 'phone' }
export const TABLET: SessionKey = { ...ALICE, sid: 'sid-tablet', jkt: 'tablet' }

/** What the stories of ends have in common: sessions of Alice that are seen, prove something and end. */
export function createEnding(store: () => Store) {
  return {
    touch: async (key: SessionKey, now = T0, more: Partial<LoginClaim> = {}) =>
      (await touchSession(store(), { key, now, login: login(more) })).status,
    prove: (key: SessionKey, authTime = T0) =>
      store().proofs.record({ key, proof: { method: 'totp', level: 'mfa', amr: ['otp'], authTime }, change: proofsChange(key) }),
    endAll: (now: number, except?: SessionKey, more: Pick<EndOfAll, 'forgetDevices' | 'notices'> = {}) =>
      store().sessions.endAll({
        subject: ALICE.subject,
        ...(except && { except }),
        ...more,
        now,
        change: { at: now, type: 'revoked', subject: ALICE.subject, before: now },
      }),
    endNamed: (sid: string, now: number, more: Readonly<{ subject?: string }> = {}) =>
      store().sessions.endNamed({
        issuer: 'demo',
        sid,
        ...more,
        now,
        change: (subject, sid) => ({ at: now, type: 'revoked', subject, sid, before: now }),
      }),
  }
}

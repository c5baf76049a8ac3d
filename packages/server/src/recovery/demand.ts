import { meets } from '@stile/policy'
import { RECOVERY_FEATURE, type Reason, type Requirement } from '@stile/protocol'
import { StileError } from '../error.ts'
import type { Standing } from '../standing/standing.ts'

/** What recovering takes beside a code or link: a sign-in of the last five minutes, in this session and on this device. */
export const RECOVERY_REQUIREMENT: Requirement = { level: 'session', maxAgeSeconds: 300, methods: ['relogin'] }

/**
 * What recovering demands now. A code or a link alone says nothing of its holder: the sign-in says whose it must be.
 *
 * @throws {StileError} `denied` for someone who acts for the subject
 */
export function recoveryDemand({
  caller,
  proofs,
  now,
}: Standing): Readonly<{ outcome: 'permit' | 'step_up'; requirement: Requirement; reasons: readonly Reason[] }> {
  if (caller.actor !== undefined) {
    const message = 'Whoever acts for somebody else cannot recover their account. Ask the person themselves.'
    const reasons = [{ code: 'actor_not_allowed', source: '/enrollment', message }] as const
    throw new StileError('denied', message, { feature: RECOVERY_FEATURE, reasons })
  }
  if (meets(RECOVERY_REQUIREMENT, { proofs }, now)) return { outcome: 'permit', requirement: RECOVERY_REQUIREMENT, reasons: [] }
  const message = 'Sign in again first: recovering needs a login of the last 5 minutes. Your code or link was not used.'
  return {
    outcome: 'step_up',
    requirement: RECOVERY_REQUIREMENT,
    reasons: [{ code: 'step_up_required', source: '/enrollment', message }],
  }
}

import type { Requirement } from '@stile/protocol'
import type { Standing } from '../../standing/standing.ts'

/**
 * The address that codes of a caller may go to now; `undefined` if there is none, as for somebody who acts for a subject, or it is about to
 * change.
 *
 * Mail is no authentication channel (NIST SP 800-63B-4 §3.1.3.1), so it counts for nothing while the context is unusual, except if a
 * rule names it, as the first enrolment may.
 */
export function codeAddress({ mailbox, risk }: Standing, methods?: Requirement['methods']): string | undefined {
  if (mailbox === undefined || mailbox.suspendedUntil !== undefined) return undefined
  if (methods === undefined ? risk.band !== 'normal' : !methods.includes('email-otp')) return undefined
  return mailbox.address
}

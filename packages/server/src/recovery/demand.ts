import { RECOVERY_FEATURE, type Reason, type Requirement } from '@stile/protocol'
import { StileError } from '../error.ts'
import { waysToMeet } from '../methods/ways.ts'
import { missingSignIn } from '../standing/sign-in.ts'
import type { Standing } from '../standing/standing.ts'
import type { Domain } from '../tokens/domain.ts'

/** What recovering takes beside a code or link: a sign-in of the last five minutes, in this session and on this device. */
export const RECOVERY_REQUIREMENT: Requirement = { level: 'session', maxAgeSeconds: 300, methods: ['relogin'] }

/** What is known beside the standing. */
type RecoveryDemandOptions = Readonly<{
  /** Whether a link was brought, which went to the pinned address or through the hands of an administrator. */
  byLink?: boolean
}>

/**
 * What recovering demands now. A code or a link alone says nothing of its holder: the sign-in says whose it must be. With a link, any
 * login of this device key does; a code is asked for one that shows whose key it is (see {@link missingSignIn}).
 *
 * @throws {StileError} `denied` for someone who acts for the subject, and if nothing can give what is missing
 */
export function recoveryDemand(
  domain: Domain,
  standing: Standing,
  { byLink = false }: RecoveryDemandOptions = {},
): Readonly<{ outcome: 'permit' | 'step_up'; requirement: Requirement; reasons: readonly Reason[] }> {
  const { caller } = standing
  if (caller.actor !== undefined)
    throw denied('actor_not_allowed', 'Whoever acts for somebody else cannot recover their account. Ask the person themselves.')
  const trusted: Standing = byLink && caller.vouchedBy === 'first' ? { ...standing, caller: { ...caller, vouchedBy: 'issuer' } } : standing
  const requirement = missingSignIn(domain, trusted, RECOVERY_REQUIREMENT)
  if (requirement === undefined) return { outcome: 'permit', requirement: RECOVERY_REQUIREMENT, reasons: [] }
  const isCode = requirement.methods?.includes('email-otp')
  if (isCode && waysToMeet(domain, standing, requirement).length === 0) {
    const { help } = domain.options
    throw denied(
      'requirement_unsatisfiable',
      `This sign-in alone is not enough to recover with a code, and no code can be sent to your mail address. Ask ${help} for a recovery link.`,
    )
  }
  const message = isCode
    ? 'Confirm with a code that is sent to your mail address: this sign-in alone is not enough to recover. Your code was not used.'
    : 'Sign in again first: recovering needs a login of the last 5 minutes. Your code or link was not used.'
  return { outcome: 'step_up', requirement, reasons: [{ code: 'step_up_required', source: '/enrollment', message }] }
}

function denied(code: Reason['code'], message: string): StileError {
  return new StileError('denied', message, { feature: RECOVERY_FEATURE, reasons: [{ code, source: '/enrollment', message }] })
}

import { AUTHENTICATORS_FEATURE } from '@stile/protocol'
import { noticeFor } from '../addresses/notice-for.ts'
import { admit } from '../authenticators/admit.ts'
import { StileError } from '../error.ts'
import type { Caller } from '../sessions/caller.ts'
import type { Domain } from '../tokens/domain.ts'
import { makeRecoveryCode, RECOVERY_CODES, recoveryCodeDigest } from './code.ts'

/**
 * Makes ten recovery codes, which replace all former ones; they are shown this once. Gated like adding an authenticator, but no ticket
 * opens it, which is for one authenticator alone.
 *
 * If nothing is enrolled there is nothing to recover, and codes that a mere login has made would outlive it: they are refused.
 *
 * @throws {StileError} `insufficient_user_authentication`, `denied`
 */
export async function makeRecoveryCodes(domain: Domain, caller: Caller): Promise<Readonly<{ codes: readonly string[] }>> {
  const { standing, operation } = await admit(domain, caller, { change: 'codes' })
  const { subject } = caller
  if (standing.authenticators.length === 0) {
    const message =
      'Recovery codes are for when you have lost what you enrolled. Add a passkey, a security key or an authenticator app first.'
    const reasons = [{ code: 'enrollment_required', source: '/enrollment', message }] as const
    throw new StileError('denied', message, { feature: AUTHENTICATORS_FEATURE, reasons })
  }
  const codes = Array.from({ length: RECOVERY_CODES }, () => makeRecoveryCode(domain.random))
  const replaced = await domain.store.recovery.replaceCodes({
    subject,
    digests: codes.map((code) => recoveryCodeDigest(domain.options.secret, subject, code.replaceAll('-', ''))),
    now: domain.now(),
    // pages that show how many are left read it again
    change: { at: domain.now(), type: 'authenticators', subject },
    notices: await noticeFor(domain, caller, 'recovery_codes_made', {}),
    ...(operation && { operation }),
  })
  if (replaced) return { codes }
  // another call has used the operation meanwhile
  await admit(domain, caller, { change: 'codes' })
  throw new StileError('conflict', 'Other recovery codes were made meanwhile. Make new ones again.', { feature: AUTHENTICATORS_FEATURE })
}

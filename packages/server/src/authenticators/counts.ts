import { enrollmentOf } from '@stile/policy'
import type { Domain } from '../domain.ts'
import { WRONG_CODES_PER_AUTHENTICATOR } from '../guesses/guesses.ts'
import { type CountedAuthenticator, countedNow } from '../standing/counted.ts'
import type { AuthenticatorRecord } from '../stores/store.ts'

/**
 * What an authenticator counts for now: what its maker's word is worth, whether too many wrong codes have switched it off, and until when
 * it is new. All of it is computed from the policy in force and never kept.
 */
export function countsNow(domain: Pick<Domain, 'attestation' | 'policy' | 'now'>, record: AuthenticatorRecord): CountedAuthenticator {
  const settlesAt = record.createdAt + enrollmentOf(domain.policy().policy).settleSeconds
  return {
    ...countedNow(domain.attestation, record),
    ...(isSwitchedOff(record) && { disabled: true as const }),
    ...(settlesAt > domain.now() && { settlesAt }),
  }
}

/** Whether an authenticator has had all its wrong codes: it then counts for nothing until it is removed and enrolled anew. */
export function isSwitchedOff({ data }: AuthenticatorRecord): boolean {
  return data.method === 'totp' && (data.disabledAt !== undefined || data.failures >= WRONG_CODES_PER_AUTHENTICATOR)
}

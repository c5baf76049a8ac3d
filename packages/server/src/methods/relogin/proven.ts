import { type AttemptFailure, CLOCK_SKEW_SECONDS } from '@stile/protocol'
import type { IssuerOptions } from '../../options/options.ts'
import { readLogin } from '../../sessions/claims.ts'
import { readNumericDate } from '../../sessions/numeric-date.ts'
import type { Proven } from '../method.ts'

/** How much earlier than the start of the sign-in the login may have been given, in seconds: for clocks that differ. */
export const EARLY_SECONDS = 5

/** What a login proved, or why it counts for nothing. */
export type Judged = Readonly<{ ok: true; proven: Proven }> | Readonly<{ ok: false; failure: AttemptFailure }>

/**
 * Judges the claims of a verified ID token: the login must be the caller's own, and given for this sign-in. It counts as the acrMap of the
 * issuer says of this answer, and as what the login provider says of itself.
 *
 * @param input.now  whole seconds since the epoch
 */
export function judgeLogin(
  claims: Readonly<Record<string, unknown>>,
  {
    issuer,
    sub,
    startedAt,
    now,
  }: Readonly<{ issuer: Pick<IssuerOptions, 'claims' | 'acrMap'>; sub: string; startedAt: number; now: number }>,
): Judged {
  const { claims: names, acrMap } = issuer
  if (claimOf(claims, names.subject) !== sub) return { ok: false, failure: 'login_other_user' }
  const time = readNumericDate(claimOf(claims, names.authTime) ?? claimOf(claims, 'auth_time')) ?? 0
  if (time === 0) return { ok: false, failure: 'login_time_missing' }
  if (time > now + CLOCK_SKEW_SECONDS) return { ok: false, failure: 'login_invalid' }
  if (time < startedAt - EARLY_SECONDS) return { ok: false, failure: 'login_too_old' }
  const { level, amr } = readLogin({ payload: withStandard(claims, names), claims: names, acrMap, now })
  return { ok: true, proven: { method: 'relogin', level, amr, authTime: Math.min(Math.floor(time), now) } }
}

/** An ID token has the standard claims even if session tokens carry them under names of the application's own. */
function withStandard(claims: Readonly<Record<string, unknown>>, { acr, amr }: IssuerOptions['claims']): Readonly<Record<string, unknown>> {
  return { ...claims, [acr]: claimOf(claims, acr) ?? claimOf(claims, 'acr'), [amr]: claimOf(claims, amr) ?? claimOf(claims, 'amr') }
}

function claimOf(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(claims, name) ? (claims[name] ?? undefined) : undefined
}

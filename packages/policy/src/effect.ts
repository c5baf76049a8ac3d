import type { License, LicenseState, Method } from '@stile/protocol'
import { LICENSE_STATES } from '@stile/protocol'
import type { EffectDocument, Policy, PolicyDocument } from './document.ts'
import { parseDuration } from './duration.ts'

/** What a license in some state is good for, with the grace period in seconds. */
export type LicenseEffect<T extends string = string> =
  | 'full'
  | 'none'
  | Readonly<{ tier: T }>
  | Readonly<{ forSeconds: number; then: 'none' | Readonly<{ tier: T }> }>

const DEFAULT_EFFECTS: Readonly<Record<LicenseState, EffectDocument>> = {
  trialing: 'full',
  active: 'full',
  past_due: { for: '7d', then: 'none' },
  suspended: 'none',
  expired: 'none',
  canceled: 'none',
}

/** What a license in a state is good for; a state that is unknown is good for nothing. */
export function licenseEffect<T extends string>(policy: Policy<string, T>, state: LicenseState): LicenseEffect<T> {
  return effectIn(policy.document, state) as LicenseEffect<T>
}

/** What an account without a license gets. */
export function noLicenseEffect<T extends string>(policy: Policy<string, T>): 'none' | Readonly<{ tier: T }> {
  return policy.document.license?.none ?? 'none'
}

/** How the first authenticator is enrolled, and what happens if nothing enrolled reaches a level. */
export function enrollmentOf(policy: Policy): Readonly<{ missing: 'enroll' | 'deny'; first: readonly Method[]; settleSeconds: number }> {
  const { missing = 'enroll', first = ['relogin'], settle = '0s' } = policy.document.enrollment ?? {}
  return { missing, first, settleSeconds: parseDuration(settle) ?? 0 }
}

/** The effect of a state in a document, defaults filled in. */
export function effectIn(document: PolicyDocument, state: License['state']): LicenseEffect {
  if (!LICENSE_STATES.includes(state)) return 'none'
  const effect = document.license?.states?.[state] ?? DEFAULT_EFFECTS[state]
  if (typeof effect === 'string' || 'tier' in effect) return effect
  return { forSeconds: parseDuration(effect.for) ?? 0, then: effect.then }
}

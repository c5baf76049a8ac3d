import type { License, Requirement } from '@stile/protocol'
import { compiledOf } from './compiled.ts'
import type { Policy } from './document.ts'
import { bindsOperation, combine, isRequirement } from './requirement.ts'

/** What the policy says of a feature besides what must be proven, defaults filled in. */
export type FeatureRules = Readonly<{
  enforce: 'on' | 'observe' | 'off'
  /** Whether licence and revocation may be old while the guard's feed is silent. */
  whenStale: 'deny' | 'permit'
  /** Whether a machine of a licensed account passes. */
  machines: 'deny' | 'license'
  /** Whether an acting party, such as support staff as the customer, passes. */
  actors: 'permit' | 'deny'
  /** The operation parameters that a proof must be bound to in every tier. */
  bind: readonly string[]
  label: string
}>

/** What the policy says of a feature besides what must be proven, or `undefined` for a feature that it does not have. */
export function featureRules(policy: Policy, feature: string): FeatureRules | undefined {
  if (typeof feature !== 'string' || !Object.hasOwn(policy.document.features, feature)) return undefined
  const { enforce = 'on', whenStale = 'deny', machines = 'deny', actors, label = feature } = policy.document.features[feature] ?? {}
  const bind = compiledOf(policy)?.features.get(feature)?.bind ?? []
  // an operation commits the customer to something, so nobody else may give the proof for it
  return { enforce, whenStale, machines, actors: actors ?? (bind.length > 0 ? 'deny' : 'permit'), bind, label }
}

/**
 * Whether new authenticators count as no more than `mfa` for a feature until they have settled: it is bound to an operation, or a
 * compliance rule speaks. For `newestProof`, `meets` and `canMeet`; `decide` knows by itself.
 *
 * @param requirement  what the feature asks for now, as a decision names it
 */
export function settlesFor(policy: Policy, feature: string, requirement: Requirement): boolean {
  const { features } = policy.document
  const ruled = Object.hasOwn(features, feature) && (features[feature]?.compliance ?? []).length > 0
  return ruled || bindsOperation(requirement)
}

/**
 * What a feature asks for under a license while risk is normal, or `undefined` if the license does not include it
 * or cannot be understood.
 *
 * The account's own demand is part of it; the instant of an upgrade and risk are not. With `isSessionOnly` it tells which features
 * need no token.
 */
export function requirementOf(policy: Policy, feature: string, license: License | null): Requirement | undefined {
  const access = compiledOf(policy)?.features.get(feature)?.access(license)
  if (access === undefined || 'outcome' in access) return undefined
  const account: unknown = license?.requires
  if (account === undefined) return access.requirement
  return isRequirement(account) ? combine(access.requirement, account) : undefined
}

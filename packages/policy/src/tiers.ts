import type { License } from '@stile/protocol'
import { chainOf } from './compile/rules.ts'
import type { Policy } from './document.ts'
import { licenseEffect, noLicenseEffect } from './effect.ts'

/** A tier and every tier that it includes, itself first; empty for a tier that the policy does not have, `NO_TIER` among them. */
export function tierChain<T extends string>(policy: Policy<string, T>, tier: string): readonly T[] {
  // of a document whose names are `T` the chain has no others
  return chainOf(policy.document, tier) as readonly T[]
}

/**
 * The tier in force and every tier that it includes, the highest first; empty if the license grants nothing.
 *
 * @param license  as the service tells it: its tier is the one that its state left it; `null` gets what the policy gives without a license
 */
export function tiersInForce<T extends string>(policy: Policy<string, T>, license: License | null): readonly T[] {
  if (license !== null) return licenseEffect(policy, license.state) === 'none' ? [] : tierChain(policy, license.tier)
  const effect = noLicenseEffect(policy)
  return effect === 'none' ? [] : tierChain(policy, effect.tier)
}

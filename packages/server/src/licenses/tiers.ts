import { type Policy, tierChain } from '@stile/policy'

/** Every feature of a tier, those it inherits included. */
export function featuresOfTier(policy: Policy, tier: string): ReadonlySet<string> {
  return new Set(tierChain(policy, tier).flatMap((each) => policy.document.tiers[each]?.features ?? []))
}

/** Whether a tier is another one or extends it, over however many steps. */
export function includesTier(policy: Policy, tier: string, other: string): boolean {
  return tierChain(policy, tier).includes(other)
}

import type { Policy } from '@stile/policy'

/** A tier and those that it extends, itself first; empty for a tier that the policy does not have. */
export function tierChain(policy: Policy, tier: string): readonly string[] {
  const { tiers } = policy.document
  const chain: string[] = []
  for (
    let next: string | undefined = tier;
    next !== undefined && Object.hasOwn(tiers, next) && !chain.includes(next);
    next = tiers[next]?.extends
  )
    chain.push(next)
  return chain
}

/** Every feature of a tier, those it inherits included. */
export function featuresOfTier(policy: Policy, tier: string): ReadonlySet<string> {
  return new Set(tierChain(policy, tier).flatMap((each) => policy.document.tiers[each]?.features ?? []))
}

/** Whether a tier is another one or extends it, over however many steps. */
export function includesTier(policy: Policy, tier: string, other: string): boolean {
  return tierChain(policy, tier).includes(other)
}

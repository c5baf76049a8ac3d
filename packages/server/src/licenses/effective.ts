import { licenseEffect, type Policy, requirementOf, tierChain } from '@stile/policy'
import { type License, type LicenseState, NO_TIER } from '@stile/protocol'
import type { LicenseRecord } from '../stores/store.ts'

/**
 * The license as it counts now: lifecycle and dates applied.
 *
 * It never grants more than the record's tier and features, whatever a policy says of a state. `changesAt` is always later than `now`.
 * `null` if the account has no record: what that is worth, the policy decides.
 *
 * @param now  seconds since the epoch
 */
export function effectiveLicense(policy: Policy, record: LicenseRecord | null, now: number): License | null {
  if (record === null) return null
  const license = atTime(policy, record, now)
  const { endsAt, updatedAt } = record
  const hasEnded = endsAt !== undefined && updatedAt < endsAt && endsAt <= now
  // a policy may make more of the end than of the state before: then the end itself is the upgrade
  return hasEnded && includesMore(policy, license, atTime(policy, record, endsAt - 1)) ? { ...license, raisedAt: endsAt } : license
}

/**
 * Whether one license includes a feature that another does not, whatever their tiers are called. `null` is worth what the policy gives
 * without a license.
 */
export function includesMore(policy: Policy, license: License | null, than: License | null): boolean {
  return policy.features.some((feature) => isIncluded(policy, feature, license) && !isIncluded(policy, feature, than))
}

function isIncluded(policy: Policy, feature: string, license: License | null): boolean {
  // the account's own demand says who may use a feature, not whether it is there
  const { requires: _, ...rest } = license ?? {}
  return requirementOf(policy, feature, license === null ? null : (rest as License)) !== undefined
}

function atTime(policy: Policy, record: LicenseRecord, now: number): License {
  const { endsAt } = record
  const over = endsAt !== undefined && endsAt <= now
  const state: LicenseState = over ? 'expired' : record.state
  const since = over ? endsAt : record.stateSince
  const ends = endsAt !== undefined && !over ? endsAt : undefined
  const effect = licenseEffect(policy, state)

  if (effect === 'full' || effect === 'none') return license(record, { state, changesAt: ends })
  if ('tier' in effect) return reduced(policy, record, effect.tier, { state, changesAt: ends })
  const boundary = since + effect.forSeconds
  if (now < boundary) return license(record, { state, changesAt: ends === undefined ? boundary : Math.min(ends, boundary) })
  if (effect.then === 'none') return lapsed(policy, record, ends)
  return reduced(policy, record, effect.then.tier, { state, changesAt: ends })
}

type Counted = Readonly<{ state: LicenseState; tier?: string; features?: readonly string[]; changesAt: number | undefined }>

function license(record: LicenseRecord, { state, tier = record.tier, features = record.features, changesAt }: Counted): License {
  const { id, epoch, raisedAt, requires } = record
  return {
    id,
    epoch,
    tier,
    features,
    state,
    ...(changesAt !== undefined && { changesAt }),
    ...(raisedAt !== undefined && { raisedAt }),
    ...(requires !== undefined && { requires }),
  }
}

/** The license reduced to a tier, without the extra features. Never grants features the original tier lacks. */
function reduced(policy: Policy, record: LicenseRecord, target: string, counted: Counted): License {
  const own = featuresOfTier(policy, record.tier)
  const tier = tierChain(policy, target).find((each) => [...featuresOfTier(policy, each)].every((feature) => own.has(feature)))
  if (tier !== undefined) return license(record, { ...counted, tier, features: [] })
  if (includesTier(policy, target, record.tier)) return license(record, { ...counted, features: [] })
  return lapsed(policy, record, counted.changesAt)
}

/** A license that is worth nothing any more. */
function lapsed(policy: Policy, record: LicenseRecord, changesAt: number | undefined): License {
  const state = WORTHLESS.find((each) => licenseEffect(policy, each) === 'none')
  if (state !== undefined) return license(record, { state, features: [], changesAt })
  // if the policy makes something of every such state, only no tier is worth nothing
  return license(record, { state: 'expired', tier: NO_TIER, features: [], changesAt })
}

const WORTHLESS: readonly LicenseState[] = ['expired', 'canceled']

/** Every feature of a tier, those it inherits included. */
export function featuresOfTier(policy: Policy, tier: string): ReadonlySet<string> {
  return new Set(tierChain(policy, tier).flatMap((each) => policy.document.tiers[each]?.features ?? []))
}

/** Whether a tier is another one or extends it, over however many steps. */
function includesTier(policy: Policy, tier: string, other: string): boolean {
  return tierChain(policy, tier).includes(other)
}

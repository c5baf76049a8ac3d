import { isCount, isObject, isText, isTexts } from './lib/shape.ts'
import { parseRequirement, type Requirement } from './requirement.ts'

/** Where a license is in its life. */
export type LicenseState = 'trialing' | 'active' | 'past_due' | 'suspended' | 'expired' | 'canceled'

/** Every license state. */
export const LICENSE_STATES: readonly LicenseState[] = ['trialing', 'active', 'past_due', 'suspended', 'expired', 'canceled']

/**
 * The tier of a license that grants nothing, whatever its state is worth.
 *
 * No policy can define it: the names in a policy begin with a letter.
 */
export const NO_TIER = '-'

/** The effective license of an account: lifecycle, seats and dates are already applied by the service. */
export type License = Readonly<{
  id: string
  /** Goes up when tier, state, features or dates change. */
  epoch: number
  /** A tier of the policy, or `NO_TIER`. */
  tier: string
  /** Features granted on top of the tier. */
  features: readonly string[]
  state: LicenseState
  /** When the effective license changes by itself, in seconds since the epoch: bounds a token's life. */
  changesAt?: number
  /** When a change last included a feature that was not included before, in seconds since the epoch. */
  raisedAt?: number
  /** An account's admin may demand more of its members, never less. */
  requires?: Requirement
}>

/** Whether a value read from outside is a license state. */
export function isLicenseState(value: unknown): value is LicenseState {
  return typeof value === 'string' && (LICENSE_STATES as readonly string[]).includes(value)
}

/** Reads a license from outside; `undefined` if any of it is not understood. Members of later versions are ignored. Never throws. */
export function parseLicense(value: unknown): License | undefined {
  if (!isObject(value)) return undefined
  const { id, epoch, tier, features, state, changesAt, raisedAt } = value
  if (!isText(id) || !isCount(epoch) || !isText(tier) || !isTexts(features) || !isLicenseState(state)) return undefined
  if (changesAt !== undefined && !isCount(changesAt)) return undefined
  if (raisedAt !== undefined && !isCount(raisedAt)) return undefined
  const requires = parseRequirement(value.requires)
  if (value.requires !== undefined && !requires) return undefined
  return {
    id,
    epoch,
    tier,
    features: [...features],
    state,
    ...(changesAt !== undefined && { changesAt }),
    ...(raisedAt !== undefined && { raisedAt }),
    ...(requires && { requires }),
  }
}

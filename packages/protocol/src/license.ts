import type { Requirement } from './requirement.ts'

/** Where a license is in its life. */
export type LicenseState = 'trialing' | 'active' | 'past_due' | 'suspended' | 'expired' | 'canceled'

/** Every license state. */
export const LICENSE_STATES: readonly LicenseState[] = ['trialing', 'active', 'past_due', 'suspended', 'expired', 'canceled']

/** The effective license of an account: lifecycle, seats and dates are already applied by the service. */
export type License = Readonly<{
  id: string
  /** Goes up when tier, state, features or dates change. */
  epoch: number
  tier: string
  /** Features granted on top of the tier. */
  features: readonly string[]
  state: LicenseState
  /** When the effective license changes by itself, in seconds since the epoch: bounds a token's life. */
  changesAt?: number
  /** When the tier was last raised, in seconds since the epoch. */
  raisedAt?: number
  /** An account's admin may demand more of its members, never less. */
  requires?: Requirement
}>

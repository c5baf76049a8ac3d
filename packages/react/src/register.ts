import type { FeatureOf, PolicyShape } from '@stile/browser'

/**
 * Tells this package your policy, so that features and tiers are checked by the compiler:
 *
 * `declare module '@stile/react' { interface Register { policy: typeof policy } }`
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled by declaration merging in the application
export interface Register {}

type PolicyIn<R> = R extends { policy: infer P extends PolicyShape } ? P : PolicyShape

/** The names of the features that a registration names; any string if it names none. */
export type FeatureIn<R> = FeatureOf<PolicyIn<R>>

/** The names of the tiers that a registration names; any string if it names none. */
export type TierIn<R> = PolicyIn<R> extends { tiers: readonly (infer T extends string)[] } ? T : string

/** The names of the registered policy's features; any string if none is registered. */
export type FeatureName = FeatureIn<Register>

/** The names of the registered policy's tiers; any string if none is registered. */
export type TierName = TierIn<Register>

import type { FeatureOf, PolicyShape } from '@stile/browser'

/**
 * Tells this package your policy, so that features and tiers are checked by the compiler:
 *
 * `declare module '@stile/react' { interface Register { policy: typeof policy } }`
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled by declaration merging in the application
export interface Register {}

type Registered = Register extends { policy: infer P extends PolicyShape } ? P : PolicyShape

/** The names of the registered policy's features; any string where none is registered. */
export type FeatureName = FeatureOf<Registered>

/** The names of the registered policy's tiers; any string where none is registered. */
export type TierName = Registered extends { tiers: readonly (infer T extends string)[] } ? T : string

import type { FeatureOf, PolicyShape, Stile, StileOptions } from './stile.ts'

/** Creates the SDK. */
export declare function createStile<const P extends PolicyShape = PolicyShape>(options: StileOptions): Stile<FeatureOf<P>>

import { definePolicy } from '@stile/policy'
import { expectTypeOf, test } from 'vitest'
import type { FeatureIn, TierIn } from './register.ts'

const policy = definePolicy({
  format: 1,
  features: { 'reports.view': {}, 'reports.export': {} },
  tiers: { basic: { features: ['reports.view'] }, pro: { extends: 'basic', features: ['reports.export'] } },
})

test('a registered policy names the features and tiers', () => {
  expectTypeOf<FeatureIn<{ policy: typeof policy }>>().toEqualTypeOf<'reports.view' | 'reports.export'>()
  expectTypeOf<TierIn<{ policy: typeof policy }>>().toEqualTypeOf<'basic' | 'pro'>()
})

test('without a registration any name is taken', () => {
  expectTypeOf<FeatureIn<object>>().toEqualTypeOf<string>()
  expectTypeOf<TierIn<object>>().toEqualTypeOf<string>()
})

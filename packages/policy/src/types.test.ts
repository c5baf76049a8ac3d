import type { Decision } from '@stile/protocol'
import { expect, expectTypeOf, test } from 'vitest'
import {
  decide,
  definePolicy,
  type FeatureOf,
  featuresOf,
  licenseEffect,
  type Policy,
  PolicyError,
  parsePolicy,
  type TierOf,
} from './index.ts'

const policy = definePolicy({
  format: 1,
  features: { view: {}, pay: { requires: { level: 'phr', maxAge: '2m' }, compliance: ['psd2'] } },
  tiers: { basic: { features: ['view'] }, pro: { extends: 'basic', features: ['pay'] } },
  compliance: { psd2: { requires: { level: 'mfa' }, because: 'PSD2' } },
})

const request = { license: null, assurance: { proofs: [] }, risk: 'normal', now: 1 } as const

test('the names of a policy are its type', () => {
  expectTypeOf(policy).toEqualTypeOf<Policy<'view' | 'pay', 'basic' | 'pro'>>()
  expectTypeOf<FeatureOf<typeof policy>>().toEqualTypeOf<'view' | 'pay'>()
  expectTypeOf<TierOf<typeof policy>>().toEqualTypeOf<'basic' | 'pro'>()
  expectTypeOf(featuresOf(policy)).toEqualTypeOf<readonly ('view' | 'pay')[]>()
  expectTypeOf(decide(policy, { ...request, feature: 'view' })).toEqualTypeOf<Decision<'view' | 'pay'>>()
  expectTypeOf(policy).toExtend<Policy>()
  expectTypeOf(licenseEffect(policy, 'active')).extract<{ tier: string }>().toEqualTypeOf<Readonly<{ tier: 'basic' | 'pro' }>>()
})

test('a policy that was read from outside takes any name and denies those it does not have', () => {
  const parsed = parsePolicy({ format: 1, features: {}, tiers: {} })
  if (!parsed.ok) throw new Error('unreachable')
  expectTypeOf(parsed.policy).toEqualTypeOf<Policy>()
  expect(decide(parsed.policy, { ...request, feature: 'anything' }).outcome).toBe('deny')
})

test('a typo is an error of types before it is one at run time', () => {
  // @ts-expect-error no such feature
  expect(decide(policy, { ...request, feature: 'veiw' }).outcome).toBe('deny')
  // @ts-expect-error no such band
  expect(decide(policy, { ...request, feature: 'view', risk: 'low' }).outcome).toBe('upgrade')
  const features = { view: {} } as const
  // @ts-expect-error no such feature
  expect(() => definePolicy({ format: 1, features, tiers: { basic: { features: ['veiw'] } } })).toThrow(PolicyError)
  // @ts-expect-error no such tier
  expect(() => definePolicy({ format: 1, features, tiers: { basic: { extends: 'free' } } })).toThrow(PolicyError)
  // @ts-expect-error no such rule
  expect(() => definePolicy({ format: 1, features: { view: { compliance: ['psd2'] } }, tiers: {} })).toThrow(PolicyError)
  // @ts-expect-error no such level
  expect(() => definePolicy({ format: 1, features: { view: { requires: { level: 'aal2' } } }, tiers: {} })).toThrow(PolicyError)
  // @ts-expect-error no duration
  expect(() => definePolicy({ format: 1, features: { view: { requires: { level: 'mfa', maxAge: '1w' } } }, tiers: {} })).toThrow(
    PolicyError,
  )
  // @ts-expect-error no such tier
  expect(() => definePolicy({ format: 1, features, tiers: { basic: {} }, license: { none: { tier: 'free' } } })).toThrow(PolicyError)
  // @ts-expect-error no such member
  expect(() => definePolicy({ format: 1, features: { view: { require: { level: 'mfa' } } }, tiers: {} })).toThrow(PolicyError)
})

import { type License, type LicenseState, NO_TIER } from '@stile/protocol'
import { expect, test } from 'vitest'
import { definePolicy, tierChain, tiersInForce } from './index.ts'

const document = {
  format: 1,
  features: { view: {}, export: {}, approve: {} },
  tiers: {
    basic: { features: ['view'] },
    pro: { extends: 'basic', features: ['export'] },
    enterprise: { extends: 'pro', features: ['approve'] },
  },
} as const
const silent = definePolicy(document)
const generous = definePolicy({ ...document, license: { none: { tier: 'pro' }, states: { expired: { tier: 'basic' }, trialing: 'none' } } })
const license = (tier: string, state: LicenseState = 'active'): License => ({ id: 'lic', epoch: 1, tier, features: [], state })

test('a chain is the tier and what it extends, itself first, and nothing for a name that is no tier', () => {
  expect(tierChain(silent, 'enterprise')).toEqual(['enterprise', 'pro', 'basic'])
  expect(tierChain(silent, 'basic')).toEqual(['basic'])
  for (const name of ['gone', NO_TIER, '', 'constructor', '__proto__']) expect(tierChain(silent, name)).toEqual([])
})

test('the tiers in force are the tier of the license and what it includes, if its state counts', () => {
  expect(tiersInForce(silent, license('pro'))).toEqual(['pro', 'basic'])
  expect(tiersInForce(silent, license('pro', 'past_due'))).toEqual(['pro', 'basic'])
  expect(tiersInForce(generous, license('basic', 'expired'))).toEqual(['basic'])
})

test('threat: a license that is worth nothing shows its tier. None is in force', () => {
  for (const state of ['suspended', 'expired', 'canceled'] as const) expect(tiersInForce(silent, license('pro', state))).toEqual([])
  expect(tiersInForce(generous, license('pro', 'trialing'))).toEqual([])
  expect(tiersInForce(generous, license(NO_TIER, 'expired'))).toEqual([])
  expect(tiersInForce(generous, license('gone'))).toEqual([])
  expect(tiersInForce(generous, license('pro', 'constructor' as LicenseState))).toEqual([])
})

test('without a license that tier is in force which the policy gives then', () => {
  expect(tiersInForce(silent, null)).toEqual([])
  expect(tiersInForce(generous, null)).toEqual(['pro', 'basic'])
})

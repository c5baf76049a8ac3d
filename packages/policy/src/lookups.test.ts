import type { License } from '@stile/protocol'
import { LICENSE_STATES } from '@stile/protocol'
import { expect, test } from 'vitest'
import {
  definePolicy,
  enrollmentOf,
  featureRules,
  featuresOf,
  isSessionOnly,
  licenseEffect,
  noLicenseEffect,
  policyDigest,
  requirementOf,
  tiersOf,
} from './index.ts'

const silent = definePolicy({ format: 1, features: { view: {} }, tiers: { basic: { features: ['view'] } } })
const policy = definePolicy({
  format: 1,
  features: {
    view: { whenStale: 'permit', machines: 'license', label: 'See' },
    export: { requires: { level: 'mfa' }, actors: 'deny', enforce: 'observe' },
    pay: { requires: { level: 'phr', bind: ['payee', 'amount'] } },
  },
  tiers: {
    basic: { features: ['view'] },
    pro: { extends: 'basic', features: ['export', 'pay'], requires: { level: 'mfa', maxAge: '12h' } },
  },
  license: { none: { tier: 'basic' }, states: { past_due: { for: '3d', then: { tier: 'basic' } }, expired: { tier: 'basic' } } },
  enrollment: { missing: 'deny', first: ['relogin', 'email-otp'], settle: '1d' },
})
const license: License = { id: 'lic', epoch: 1, tier: 'pro', features: [], state: 'active' }

test('a policy that says nothing of licenses trusts those that run, gives a week of grace, and no more', () => {
  expect(Object.fromEntries(LICENSE_STATES.map((state) => [state, licenseEffect(silent, state)]))).toEqual({
    trialing: 'full',
    active: 'full',
    past_due: { forSeconds: 604_800, then: 'none' },
    suspended: 'none',
    expired: 'none',
    canceled: 'none',
  })
  expect(noLicenseEffect(silent)).toBe('none')
  expect(licenseEffect(silent, 'constructor' as never)).toBe('none')
})

test('what a policy says of licenses holds', () => {
  expect(licenseEffect(policy, 'past_due')).toEqual({ forSeconds: 259_200, then: { tier: 'basic' } })
  expect(licenseEffect(policy, 'expired')).toEqual({ tier: 'basic' })
  expect(noLicenseEffect(policy)).toEqual({ tier: 'basic' })
})

test('enrolment has defaults', () => {
  expect(enrollmentOf(silent)).toEqual({ missing: 'enroll', first: ['relogin'], settleSeconds: 0 })
  expect(enrollmentOf(policy)).toEqual({ missing: 'deny', first: ['relogin', 'email-otp'], settleSeconds: 86_400 })
})

test('names come in the order of the document', () => {
  expect(featuresOf(policy)).toEqual(['view', 'export', 'pay'])
  expect(tiersOf(policy)).toEqual(['basic', 'pro'])
  expect(policyDigest(policy)).toBe(policy.digest)
})

test('the rules of a feature have defaults, and a bound one is never for somebody who acts for another', () => {
  expect(featureRules(policy, 'view')).toEqual({
    enforce: 'on',
    whenStale: 'permit',
    machines: 'license',
    actors: 'permit',
    bind: [],
    label: 'See',
  })
  expect(featureRules(policy, 'export')).toMatchObject({
    enforce: 'observe',
    whenStale: 'deny',
    machines: 'deny',
    actors: 'deny',
    label: 'export',
  })
  expect(featureRules(policy, 'pay')).toMatchObject({ actors: 'deny', bind: ['amount', 'payee'] })
  expect(featureRules(policy, 'constructor')).toBeUndefined()
})

test('what a feature asks for under a license tells which features need no token', () => {
  expect(requirementOf(policy, 'pay', license)).toEqual({ level: 'phr', maxAgeSeconds: 43_200, bind: ['amount', 'payee'] })
  expect(requirementOf(policy, 'pay', null)).toBeUndefined()
  expect(requirementOf(policy, 'ghost', license)).toBeUndefined()
  const view = requirementOf(policy, 'view', license)
  expect(view && isSessionOnly(view)).toBe(true)
  const demanding = requirementOf(policy, 'view', { ...license, requires: { level: 'mfa' } })
  expect(demanding && isSessionOnly(demanding)).toBe(false)
})

test('a demand that cannot be understood is no demand for nothing', () => {
  expect(requirementOf(policy, 'view', { ...license, requires: null as never })).toBeUndefined()
})

import { definePolicy, type Policy } from '@stile/policy'

/** The rules of the tests: three tiers, and features that ask for nothing, for a second factor and for one bound to an amount. */
export const policy: Policy = definePolicy({
  format: 1,
  features: {
    'reports.view': {},
    'reports.export': { requires: { level: 'mfa', maxAge: '15m' } },
    'payouts.approve': { requires: { level: 'mfa', maxAge: '5m', bind: ['amount'] } },
  },
  tiers: {
    basic: { features: ['reports.view'] },
    pro: { extends: 'basic', features: ['reports.export'] },
    enterprise: { extends: 'pro', features: ['payouts.approve'] },
  },
  risk: { high: { level: 'phr', maxAge: '5m' }, critical: 'deny' },
  license: { none: { tier: 'basic' }, states: { suspended: 'none' } },
})

import { definePolicy } from '@stile/policy'

/** Three tiers and one feature of each, as strong and as fresh as the demo's. */
export const policy = definePolicy({
  format: 1,
  features: {
    'reports.view': {},
    'contact.change': { requires: { level: 'session', maxAge: '10m' } },
    'reports.export': { requires: { level: 'mfa', maxAge: '15m' } },
    'payouts.approve': { requires: { level: 'phr', maxAge: '2m' } },
  },
  tiers: {
    basic: { features: ['reports.view', 'contact.change'] },
    pro: { extends: 'basic', features: ['reports.export'] },
    enterprise: { extends: 'pro', features: ['payouts.approve'], requires: { level: 'mfa', maxAge: '12h' } },
  },
  risk: { elevated: { level: 'mfa', maxAge: '5m' }, high: { level: 'phr', maxAge: '5m' }, critical: 'deny' },
  license: {
    none: { tier: 'basic' },
    states: { past_due: { for: '7d', then: { tier: 'basic' } }, suspended: 'none' },
    upgraded: { requires: { level: 'mfa' } },
  },
  enrollment: { missing: 'enroll', first: ['relogin'] },
})

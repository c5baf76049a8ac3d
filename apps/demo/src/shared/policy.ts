import { definePolicy } from '@stile/policy'

/** The demo's policy: three tiers, and what each of their features asks for. Service and API decide by the same value. */
export const policy = definePolicy({
  format: 1,
  features: {
    'reports.view': { label: 'View reports' },
    'reports.export': { label: 'Export reports', requires: { level: 'mfa', maxAge: '15m' } },
    'payouts.approve': { label: 'Approve payouts', requires: { level: 'phr', maxAge: '2m' } },
  },
  tiers: {
    basic: { label: 'Basic', features: ['reports.view'] },
    pro: { label: 'Pro', extends: 'basic', features: ['reports.export'] },
    enterprise: { label: 'Enterprise', extends: 'pro', features: ['payouts.approve'], requires: { level: 'mfa', maxAge: '12h' } },
  },
  risk: { elevated: { level: 'mfa', maxAge: '5m' }, high: { level: 'phr', maxAge: '5m' }, critical: 'deny' },
  license: {
    none: { tier: 'basic' },
    states: { past_due: { for: '7d', then: { tier: 'basic' } }, suspended: 'none' },
    upgraded: { requires: { level: 'mfa' } },
  },
  enrollment: { missing: 'enroll', first: ['relogin'] },
})

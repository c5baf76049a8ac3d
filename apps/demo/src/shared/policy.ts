import { definePolicy } from '@stile/policy'

/** The demo's policy: three tiers, and what each of their features asks for. Service and API decide by the same value. */
export const policy = definePolicy({
  format: 1,
  features: {
    'reports.view': { label: 'View reports' },
    // any proof will do, but a fresh one: the password again, or a code by mail
    'contact.change': { label: 'Change the billing contact', requires: { level: 'session', maxAge: '5m' } },
    // something besides the password: an authenticator app, a security key, or the phone at the identity provider
    'reports.export': { label: 'Export reports', requires: { level: 'mfa', maxAge: '15m' } },
    // nothing that a phisher could pass on: a passkey or a security key
    'payouts.approve': { label: 'Approve payouts', requires: { level: 'phr', maxAge: '2m' } },
    // nothing that could be copied: a security key whose maker vouches for it
    'payouts.account': { label: 'Change the payout account', requires: { level: 'phrh', maxAge: '2m' } },
  },
  tiers: {
    basic: { label: 'Basic', features: ['reports.view', 'contact.change'] },
    pro: { label: 'Pro', extends: 'basic', features: ['reports.export'] },
    enterprise: {
      label: 'Enterprise',
      extends: 'pro',
      features: ['payouts.approve', 'payouts.account'],
      requires: { level: 'mfa', maxAge: '12h' },
    },
  },
  risk: { elevated: { level: 'mfa', maxAge: '5m' }, high: { level: 'phr', maxAge: '5m' }, critical: 'deny' },
  license: {
    none: { tier: 'basic' },
    states: { past_due: { for: '7d', then: { tier: 'basic' } }, suspended: 'none' },
    upgraded: { requires: { level: 'mfa' } },
  },
  enrollment: { missing: 'enroll', first: ['relogin'] },
})

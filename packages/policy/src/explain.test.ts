import type { License } from '@stile/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide } from './decide.ts'
import { explain } from './explain.ts'
import { definePolicy } from './policy.ts'

const policy = definePolicy({
  format: 1,
  features: { export: { requires: { level: 'mfa', maxAge: '15m' }, enforce: 'observe', label: 'Export reports' }, view: {} },
  tiers: { basic: { features: ['view'] }, pro: { extends: 'basic', features: ['export'], label: 'Pro' } },
  risk: { elevated: { level: 'mfa', maxAge: '5m' } },
})
const license: License = { id: 'lic', epoch: 1, tier: 'pro', features: [], state: 'active' }
const request = { feature: 'export', license, assurance: { proofs: [] }, risk: 'normal', now: 1_800_000_000 } as const

test('a step-up says what to prove, why, and where the rules stand', () => {
  expect(explain(decide(policy, { ...request, risk: 'elevated' }))).toBe(
    [
      '“export”: needs a second factor given in the last 5 minutes. Prove it with passkey, security key or authenticator app.',
      '  Only recorded: the policy does not enforce this feature yet.',
      '  - The elevated risk of this context asks for a second factor given in the last 5 minutes. [risk_elevated at /risk/elevated]',
      '  - “Export reports” needs a second factor given in the last 5 minutes, and nothing proven in this session is strong enough. [step_up_required at /features/export/requires]',
    ].join('\n'),
  )
})

test('a permission says until when', () => {
  const assurance = { proofs: [{ method: 'totp', level: 'mfa', amr: [], authTime: 1_800_000_000 } as const] }
  expect(explain(decide(policy, { ...request, assurance }))).toContain('“export”: permitted until 2027-01-15T08:15:00.000Z.')
})

test('what is missing is told: a license, an authenticator, or nothing that helps', () => {
  expect(explain(decide(policy, { ...request, license: null }))).toContain('not licensed. Comes with pro.')
  expect(explain(decide(policy, { ...request, license: null }))).toContain(
    '“Export reports” needs a license. It comes with Pro. [license_required]',
  )
  expect(explain(decide(policy, { ...request, enrolled: [] }))).toContain('Enrol passkey, security key or authenticator app first.')
  expect(explain(decide(policy, { ...request, risk: 'critical' }))).toContain('“export”: denied.')
})

test('an instant beyond all dates is still text', () => {
  fc.assert(
    fc.property(
      fc.double(),
      (until) => typeof explain({ feature: 'x', policy: '', reasons: [], enforced: true, outcome: 'permit', until }) === 'string',
    ),
  )
})

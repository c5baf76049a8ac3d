import { type Decision, LICENSE_STATES, type Method, NO_TIER, type Requirement } from '@stile/protocol'
import { describe, expect, test } from 'vitest'
import { NOW } from './arbitraries.test-support.ts'
import { decide } from './decide.ts'
import { ask, codes, license, login, proven } from './example.test-support.ts'
import { definePolicy, parsePolicy } from './policy.ts'

describe('the licence', () => {
  test('without a license the tier for that applies', () => {
    expect(ask('view', { license: null }).outcome).toBe('permit')
    expect(ask('export', { license: null })).toMatchObject({ outcome: 'upgrade', next: { tiers: ['pro', 'enterprise'] } })
  })

  test('a suspended license is denied, and one that has ended can be renewed; neither grants what no license would', () => {
    expect(ask('view', { license: license('pro', { state: 'suspended' }) })).toMatchObject({
      outcome: 'deny',
      reasons: [{ code: 'license_suspended' }],
    })
    for (const state of ['expired', 'canceled'] as const) {
      expect(ask('view', { license: license('pro', { state }) })).toMatchObject({
        outcome: 'upgrade',
        reasons: [{ code: 'license_expired' }],
      })
    }
  })

  test('a license of no tier grants nothing in any state and asks for its renewal', () => {
    const kept = definePolicy({
      format: 1,
      features: { view: {} },
      tiers: { basic: { features: ['view'] } },
      license: { none: { tier: 'basic' }, states: { expired: { tier: 'basic' }, canceled: 'full' } },
    })
    for (const state of LICENSE_STATES) {
      const held = license(NO_TIER, { state, features: ['view'] })
      const decision = decide(kept, { feature: 'view', license: held, assurance: login, risk: 'normal', now: NOW })
      if (state === 'suspended') expect(decision).toMatchObject({ outcome: 'deny', reasons: [{ code: 'license_suspended' }] })
      else expect(decision).toMatchObject({ outcome: 'upgrade', reasons: [{ code: 'license_expired' }], next: { tiers: ['basic'] } })
      expect(decision.reasons[0]?.message).not.toContain(NO_TIER)
    }
    const expired = decide(kept, {
      feature: 'view',
      license: license(NO_TIER, { state: 'expired' }),
      assurance: login,
      risk: 'normal',
      now: NOW,
    })
    expect(expired.reasons).toEqual([
      { code: 'license_expired', source: '/license/states/expired', message: 'The license has ended. Renew it to use “view”.' },
    ])
    expect(parsePolicy({ format: 1, features: {}, tiers: { [NO_TIER]: { features: [] } } })).toMatchObject({ ok: false })
  })

  test('an extra feature is granted without the demands of a tier, and only one that the policy knows', () => {
    expect(ask('pay', { license: license('basic', { features: ['pay'] }) })).toMatchObject({ outcome: 'step_up' })
    expect(ask('beta', { license: license('basic', { features: ['beta'] }) }).outcome).toBe('permit')
    expect(ask('beta').outcome).toBe('upgrade')
    expect(ask('ghost' as never, { license: license('basic', { features: ['ghost'] }) }).outcome).toBe('deny')
  })

  test('a demand of a tier covers what the tier adds and not what it inherits', () => {
    expect(ask('view').outcome).toBe('permit')
    expect(ask('trial', { assurance: proven('totp', 'mfa', 90_000) }).outcome).toBe('permit')
  })

  test('threat: proofs from before an upgrade must not open what was just bought', () => {
    const raised = license('enterprise', { raisedAt: NOW - 60 })
    const before = ask('export', { license: raised, assurance: proven('totp', 'mfa', 61) })
    expect(before).toMatchObject({ outcome: 'step_up', requirement: { level: 'mfa', maxAgeSeconds: 900, provenAfter: NOW - 60 } })
    expect(codes(before)).toEqual(['license_upgraded', 'assurance_stale'])
    expect(ask('export', { license: raised, assurance: proven('totp', 'mfa', 60) }).outcome).toBe('permit')
    expect(ask('view', { license: raised }).outcome).toBe('permit')
  })

  test('an account may demand more of its members, and what cannot be understood denies', () => {
    const requires: Requirement = { level: 'phr' }
    expect(ask('view', { license: license('basic', { requires }), enrolled: [] })).toMatchObject({
      outcome: 'enroll',
      requirement: { level: 'phr' },
    })
    for (const broken of [
      null,
      {},
      { level: 'root' },
      { level: 'mfa', methods: 'totp' },
      { level: 'mfa', maxAgeSeconds: 'soon' },
      { level: 'mfa', bind: [1] },
    ]) {
      expect(ask('view', { license: license('basic', { requires: broken as never }) }).outcome).toBe('deny')
    }
    expect(ask('export', { license: license('pro', { requires: { level: 'mfa', methods: ['email-otp'] } }) })).toMatchObject({
      outcome: 'deny',
      reasons: [{ code: 'requirement_unsatisfiable' }],
    })
  })
})

test('threat: the demand of one account must not be taken for that of another, also if there are many', () => {
  const demand = (maxAgeSeconds: number, methods: readonly Method[]) =>
    license('pro', { requires: { level: 'mfa', maxAgeSeconds, methods } })
  for (let round = 0; round < 2; round++) {
    for (let age = 1; age <= 200; age++) {
      const asked = ask('export', { license: demand(age, ['totp', 'passkey']) })
      expect(asked).toMatchObject({ requirement: { maxAgeSeconds: age, methods: ['passkey', 'totp'] } })
    }
  }
  expect(ask('export', { license: demand(200, ['totp,passkey' as never]) }).outcome).toBe('deny')
})

describe('the proofs', () => {
  test('nothing proven is not even a session', () => {
    expect(ask('view', { assurance: { proofs: [] } })).toMatchObject({ outcome: 'step_up', requirement: { level: 'session' } })
  })

  test('what is missing is told apart: too weak, too old, not for this operation, not enrolled', () => {
    expect(codes(ask('export'))).toEqual(['step_up_required'])
    expect(codes(ask('export', { assurance: proven('totp', 'mfa', 901) }))).toEqual(['assurance_stale'])
    expect(codes(ask('pay', { assurance: proven('security-key', 'phrh') }))).toEqual(['compliance_required', 'operation_unbound'])
    expect(codes(ask('export', { enrolled: [] }))).toEqual(['step_up_required', 'enrollment_required'])
  })

  test('the rule that asks for the most is the source', () => {
    expect(ask('pay', { assurance: proven('security-key', 'phrh', 999) }).reasons.map((reason) => reason.source)).toEqual([
      '/compliance/psd2',
      '/features/pay/requires',
      '/features/pay/requires',
    ])
  })

  test('threat: a proof for one operation must not be taken for another operation, another feature or none', () => {
    const forPay = { ...proven('security-key', 'phrh'), operation: { feature: 'pay', digest: 'd1' } }
    expect(ask('pay', { assurance: forPay, operationDigest: 'd1' }).outcome).toBe('permit')
    expect(ask('pay', { assurance: forPay, operationDigest: 'd2' }).outcome).toBe('step_up')
    expect(ask('pay', { assurance: forPay }).outcome).toBe('step_up')
    expect(ask('pay', { assurance: { ...forPay, operation: { feature: 'pay', digest: '' } }, operationDigest: '' }).outcome).toBe('step_up')
    expect(ask('pay', { assurance: { ...forPay, operation: { feature: 'export', digest: 'd1' } }, operationDigest: 'd1' }).outcome).toBe(
      'step_up',
    )
    expect(ask('export', { assurance: forPay, operationDigest: 'd1' }).outcome).toBe('step_up')
  })

  test('methods come best first, and only those that are enrolled if that is known', () => {
    expect(ask('export')).toMatchObject({ next: { methods: ['passkey', 'security-key', 'totp'] } })
    expect(
      ask('export', {
        enrolled: [
          { method: 'totp', level: 'mfa' },
          { method: 'passkey', level: 'phr' },
        ],
      }),
    ).toMatchObject({ next: { methods: ['passkey', 'totp'] } })
    expect(ask('pay', { enrolled: [{ method: 'totp', level: 'mfa' }] })).toMatchObject({
      outcome: 'enroll',
      next: { methods: ['security-key'] },
    })
    expect(ask('view', { assurance: { proofs: [] }, enrolled: [] })).toMatchObject({ outcome: 'step_up', next: { methods: ['relogin'] } })
  })

  test('if people may not enrol by themselves it is denied, and still never weaker', () => {
    const closed = definePolicy({
      format: 1,
      features: { export: { requires: { level: 'mfa' } } },
      tiers: { pro: { features: ['export'] } },
      enrollment: { missing: 'deny' },
    })
    const decision = decide(closed, {
      feature: 'export',
      license: license('pro'),
      assurance: login,
      risk: 'normal',
      enrolled: [],
      now: NOW,
    })
    expect(decision.outcome).toBe('deny')
    expect(codes(decision)).toEqual(['step_up_required', 'enrollment_required'])
  })

  test('a feature that is only observed has the same answer, marked as not enforced', () => {
    expect(ask('trial')).toMatchObject({ outcome: 'step_up', enforced: false })
    expect(ask('export')).toMatchObject({ outcome: 'step_up', enforced: true })
  })
})

describe('the risk', () => {
  test('it adds to what asks for something, and leaves the rest alone', () => {
    const recent = proven('totp', 'mfa', 301)
    expect(ask('export', { assurance: recent }).outcome).toBe('permit')
    for (const risk of ['elevated', 'unknown'] as const)
      expect(codes(ask('export', { assurance: recent, risk }))).toEqual(['risk_elevated', 'assurance_stale'])
    expect(ask('view', { risk: 'high' }).outcome).toBe('permit')
  })

  test('bands add up: a high one also asks for what an elevated one asks', () => {
    expect(ask('export', { risk: 'high' })).toMatchObject({ requirement: { level: 'phr', maxAgeSeconds: 300 } })
  })

  test('critical denies everything, also if the policy does not say so', () => {
    expect(ask('view', { risk: 'critical' })).toMatchObject({ outcome: 'deny', reasons: [{ code: 'risk_denied', source: '/risk' }] })
  })

  test('threat: a mailbox must not meet a requirement that risk raised', () => {
    const fresh = definePolicy({
      format: 1,
      features: { open: { requires: { level: 'session', maxAge: '1h' } } },
      tiers: { basic: { features: ['open'] } },
      risk: { elevated: { level: 'session', maxAge: '5m' } },
    })
    const request = { feature: 'open', license: license('basic'), assurance: proven('email-otp', 'session'), now: NOW } as const
    expect(decide(fresh, { ...request, risk: 'normal' }).outcome).toBe('permit')
    expect(decide(fresh, { ...request, risk: 'elevated' })).toMatchObject({ outcome: 'step_up' })
    expect(decide(fresh, { ...request, assurance: proven('relogin', 'session'), risk: 'elevated' }).outcome).toBe('permit')
  })
})

test('a sentence names who asks if it is not the feature', () => {
  const message = (decision: Decision) => decision.reasons.at(-1)?.message
  const named = definePolicy({
    format: 1,
    features: { open: {} },
    tiers: { gold: { label: 'Gold', features: ['open'], requires: { level: 'mfa' } } },
  })
  const gold = decide(named, { feature: 'open', license: license('gold'), assurance: login, risk: 'normal', now: NOW })
  expect(message(gold)).toContain('as the Gold tier asks')
  expect(message(ask('export'))).toBe(
    '“export” needs a second factor given in the last 15 minutes, and nothing proven in this session is strong enough.',
  )
  expect(message(ask('export', { license: license('pro', { requires: { level: 'phr' } }) }))).toBe(
    '“export” needs a passkey or security key given in the last 15 minutes, as your organisation asks, and nothing proven in this session is strong enough.',
  )
})

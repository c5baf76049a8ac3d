import { LEVELS, METHODS } from '@stile/protocol'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { NOW, policies, requests } from './arbitraries.test-support.ts'
import { type DecideRequest, decide } from './decide.ts'
import { codes, license, login, policy, proven } from './example.test-support.ts'
import { oracle, verdictOf } from './oracle.test-support.ts'
import { definePolicy } from './policy.ts'
import { canMeet, isRequirement, judge } from './requirement.ts'
import { sources } from './small-policy.test-support.ts'

// many rows: a busy machine is no failure
vi.setConfig({ testTimeout: 60_000 })

/** Decides as the examples do, by a policy of its own: what a policy remembers of one test must not hide a fault from the next. */
const ask = (feature: string, more: Partial<DecideRequest> = {}) =>
  decide(definePolicy(policy.document as never), {
    feature: feature as never,
    license: license('enterprise'),
    assurance: login,
    risk: 'normal',
    now: NOW,
    ...more,
  })
/** A denial that was decided, and not only the answer to something that broke. */
const denied = (feature: string, code: string) => ({ outcome: 'deny', policy: policy.digest, feature, reasons: [{ code }] })

/** The same cases in every run, so that what they find does not depend on luck. */
const SAME = { seed: 7, numRuns: 80 }

describe('threat: something that cannot be read is taken for harmless', () => {
  test('an instant of an upgrade that is no number denies', () => {
    for (const raisedAt of [Number.NaN, Number.POSITIVE_INFINITY, '1', null])
      expect(ask('export', { license: license('pro', { raisedAt: raisedAt as never }), assurance: proven('totp', 'mfa') })).toMatchObject(
        denied('export', 'policy_unavailable'),
      )
  })

  test('a time of asking that is no number denies', () => {
    for (const now of [Number.NaN, Number.POSITIVE_INFINITY, '1', undefined])
      expect(ask('view', { now: now as never })).toMatchObject(denied('view', 'policy_unavailable'))
  })

  test('a license that is no object denies, and one of an unknown state too', () => {
    for (const held of ['pro', 7, true, undefined])
      expect(ask('view', { license: held as never })).toMatchObject(denied('view', 'license_required'))
    expect(ask('view', { license: license('basic', { state: 'paused' as never }) })).toMatchObject(denied('view', 'license_required'))
  })

  test('extra features that are no list grant nothing', () => {
    expect(ask('beta', { license: license('basic', { features: 'beta' as never }) }).outcome).toBe('upgrade')
    expect(ask('beta', { license: license('basic', { features: { includes: () => true } as never }) }).outcome).toBe('upgrade')
  })

  test('proofs that are no list, and proofs that are none, prove nothing', () => {
    for (const proofs of [null, undefined, 'totp', { 0: proven('totp', 'mfa').proofs[0], length: 1 }])
      expect(ask('export', { assurance: { proofs } as never }).outcome).toBe('step_up')
    expect(ask('export', { assurance: { proofs: [null, 7, undefined] } as never }).outcome).toBe('step_up')
    expect(ask('export', { assurance: undefined as never }).outcome).toBe('step_up')
    expect(ask('pay', { assurance: undefined as never, operationDigest: 'd1' }).outcome).toBe('step_up')
    expect(ask('export', { assurance: { proofs: [null, ...proven('totp', 'mfa').proofs] } as never }).outcome).toBe('permit')
    expect(ask('export', { assurance: { proofs: [null], operation: { feature: 'pay', digest: 'd' } } as never }).outcome).toBe('step_up')
  })

  test('enrolled things that are none are not offered, and do not hide the others', () => {
    const list = [null, 'totp', undefined, { method: 'totp', level: 'mfa' }]
    expect(ask('export', { enrolled: list as never })).toMatchObject({ outcome: 'step_up', next: { methods: ['totp'] } })
    expect(ask('pay', { enrolled: [null, 'x', undefined] as never })).toMatchObject({ outcome: 'enroll' })
    // what is no list says nothing about what is enrolled
    for (const enrolled of [null, 'totp', { length: 1 }]) expect(ask('export', { enrolled: enrolled as never })).toEqual(ask('export'))
  })

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'mfa'],
    ['no level', {}],
    ['an unknown level', { level: 'root' }],
    ['an age that is no number', { level: 'mfa', maxAgeSeconds: Number.NaN }],
    ['an instant that is no number', { level: 'mfa', provenAfter: '5' }],
    ['an endless instant', { level: 'mfa', provenAfter: Number.POSITIVE_INFINITY }],
    ['methods that are no list', { level: 'mfa', methods: 'totp' }],
    ['methods that are no texts', { level: 'mfa', methods: ['totp', 7] }],
    ['a binding that is no list', { level: 'mfa', bind: 'amount' }],
    ['a binding of no texts', { level: 'mfa', bind: ['amount', 7] }],
  ])('a demand of an account is not understood: %s', (_, value) => {
    expect(isRequirement(value)).toBe(false)
  })

  test('a demand of an account that says all there is to say is understood', () => {
    expect(isRequirement({ level: 'mfa', maxAgeSeconds: 60, provenAfter: 5, methods: ['totp'], bind: ['amount'] })).toBe(true)
    expect(isRequirement({ level: 'mfa' })).toBe(true)
  })
})

describe('threat: a proof for an operation is used twice over', () => {
  const forPay = { ...proven('security-key', 'phrh'), operation: { feature: 'pay', digest: 'd1' } }

  test('without an operation a digest binds nothing', () => {
    expect(codes(ask('pay', { assurance: proven('security-key', 'phrh'), operationDigest: 'd1' }))).toContain('operation_unbound')
    expect(ask('pay', { assurance: { ...forPay, operation: null } as never, operationDigest: 'd1' }).outcome).toBe('step_up')
    expect(ask('pay', { assurance: { ...forPay, operation: { feature: 'pay', digest: undefined } } as never }).outcome).toBe('step_up')
    expect(
      ask('pay', { assurance: { ...forPay, operation: { feature: 'pay', digest: 7 } } as never, operationDigest: 7 as never }).outcome,
    ).toBe('step_up')
  })

  test('the login beside it still counts for another feature, and nothing else does', () => {
    const both = {
      proofs: [{ method: 'login', level: 'mfa', amr: [], authTime: NOW } as const, ...forPay.proofs],
      operation: forPay.operation,
    }
    expect(ask('export', { assurance: both }).outcome).toBe('permit')
    expect(ask('export', { assurance: { ...both, proofs: forPay.proofs } }).outcome).toBe('step_up')
  })

  test('no login proves an operation, whatever level it has', () => {
    for (const method of ['login', 'relogin'] as const) {
      const assurance = { proofs: [{ method, level: 'phrh', amr: [], authTime: NOW } as const], operation: forPay.operation }
      expect(codes(ask('pay', { assurance, operationDigest: 'd1' }))).toContain('step_up_required')
    }
  })
})

describe('threat: an old, early or unsettled proof counts as a fresh one', () => {
  const one = (authTime: number, settlesAt?: number) => [
    { method: 'security-key', level: 'phrh', amr: [], authTime, ...(settlesAt !== undefined && { settlesAt }) } as const,
  ]
  const plain = { settles: false, bound: false }
  const mfa = { level: 'mfa' } as const

  test('age and instant count to the second', () => {
    const need = { level: 'mfa', maxAgeSeconds: 60 } as const
    expect(judge(need, undefined, one(NOW - 60), NOW, plain)).not.toBe('stale')
    expect(judge(need, undefined, one(NOW - 61), NOW, plain)).toBe('stale')
    expect(judge(mfa, NOW - 10, one(NOW - 10), NOW, plain)).not.toBe('stale')
    expect(judge(mfa, NOW - 10, one(NOW - 11), NOW, plain)).toBe('stale')
  })

  test('a clock that cannot be read makes nothing fresh', () => {
    expect(judge({ level: 'mfa', maxAgeSeconds: 60 }, undefined, one(NOW), Number.NaN, plain)).toBe('weak')
    expect(judge({ level: 'mfa', maxAgeSeconds: 60 }, undefined, one(NOW + 30), NOW, plain)).not.toBe('weak')
    expect(judge({ level: 'mfa', maxAgeSeconds: 60 }, undefined, one(NOW + 31), NOW, plain)).toBe('weak')
  })

  test('a key that has not settled counts as mfa if it must have settled, and in full otherwise', () => {
    const phr = { level: 'phr' } as const
    const settling = { settles: true, bound: false }
    expect(judge(phr, undefined, one(NOW, NOW + 1), NOW, settling)).toBe('weak')
    expect(judge(phr, undefined, one(NOW, NOW), NOW, settling)).not.toBe('weak')
    expect(judge(mfa, undefined, one(NOW, NOW + 1), NOW, settling)).not.toBe('weak')
    expect(judge(phr, undefined, one(NOW, NOW + 1), NOW, plain)).not.toBe('weak')
    expect(judge(phr, undefined, one(NOW, 'soon' as never), NOW, settling)).toBe('weak')
    const fresh = { method: 'security-key', level: 'phrh', settlesAt: NOW + 1 } as const
    expect(canMeet(phr, fresh, NOW)).toBe(false)
    expect(canMeet(phr, fresh, NOW + 1)).toBe(true)
    expect(canMeet(phr, fresh)).toBe(true)
    expect(canMeet({ level: 'root' as never }, fresh)).toBe(false)
  })

  test('the stronger of two proofs of the same second is kept, in either order', () => {
    const weak = { method: 'totp', level: 'mfa', amr: [], authTime: NOW } as const
    const strong = { method: 'passkey', level: 'phr', amr: [], authTime: NOW } as const
    expect(judge(mfa, undefined, [weak, strong], NOW, plain)).toBe(strong)
    expect(judge(mfa, undefined, [strong, weak], NOW, plain)).toBe(strong)
    const older = { ...strong, authTime: NOW - 1 }
    expect(judge(mfa, undefined, [weak, older], NOW, plain)).toBe(weak)
    expect(judge(mfa, undefined, [older, weak], NOW, plain)).toBe(weak)
  })

  test('of two equal proofs the first one is kept, so that the same request gets the same answer', () => {
    const [first] = one(NOW)
    expect(judge(mfa, undefined, [first as never, ...one(NOW)], NOW, plain)).toBe(first)
  })

  test('a time that cannot be read makes a proof old, whatever the clock says, and not one of the future', () => {
    const need = { level: 'mfa', maxAgeSeconds: 60 } as const
    expect(judge(need, undefined, one(Number.NaN), NOW, plain)).toBe('stale')
    expect(judge(need, undefined, one(0), Number.NaN, plain)).toBe('stale')
  })

  test('two proofs without a time are told apart by their strength', () => {
    const weak = { method: 'login', level: 'session', amr: [], authTime: 0 } as const
    const strong = { method: 'relogin', level: 'mfa', amr: [], authTime: 0 } as const
    expect(judge({ level: 'session' }, undefined, [weak, strong], NOW, plain)).toBe(strong)
    expect(judge({ level: 'session' }, undefined, [strong, weak], NOW, plain)).toBe(strong)
  })

  test('a method that cannot be made a text proves nothing, and does not throw', () => {
    const method = Object.create(null)
    expect(judge({ level: 'session' }, undefined, [{ method, level: 'phrh', amr: [], authTime: NOW } as never], NOW, plain)).toBe('weak')
  })

  test('names of object members are no methods', () => {
    for (const method of ['toString', '__proto__', 'sms', 7, undefined])
      expect(judge({ level: 'session' }, undefined, [{ method, level: 'phrh', amr: [], authTime: NOW } as never], NOW, plain)).toBe('weak')
  })
})

describe('threat: what somebody may enrol lets them wait, or go round what is asked', () => {
  const settling = definePolicy({
    format: 1,
    features: { pay: { requires: { level: 'phr', bind: ['amount'] } }, look: { requires: { level: 'phr' } } },
    tiers: { pro: { features: ['pay', 'look'] } },
    enrollment: { settle: '1d' },
  })
  const at = (settlesAt: number | undefined, feature: 'pay' | 'look' = 'pay') =>
    decide(settling, {
      feature,
      license: license('pro'),
      assurance: login,
      risk: 'normal',
      enrolled: [{ method: 'passkey', level: 'phr', ...(settlesAt !== undefined && { settlesAt }) }],
      now: NOW,
    })

  test('a passkey that is new is not offered for an operation, and enrolling another is not offered either', () => {
    expect(at(NOW + 1)).toMatchObject({ outcome: 'deny' })
    expect(at(NOW + 1).reasons.at(-1)).toMatchObject({ code: 'enrollment_required', source: '/enrollment/settle' })
    expect(at(NOW)).toMatchObject({ outcome: 'step_up', next: { methods: ['passkey'] } })
    expect(at(undefined)).toMatchObject({ outcome: 'step_up' })
    expect(at(NOW + 1, 'look')).toMatchObject({ outcome: 'step_up', next: { methods: ['passkey'] } })
  })

  test('an app that settles later is no reason to wait if it could never do', () => {
    const decision = decide(settling, {
      feature: 'pay',
      license: license('pro'),
      assurance: login,
      risk: 'normal',
      enrolled: [{ method: 'totp', level: 'mfa', settlesAt: NOW + 5 }],
      now: NOW,
    })
    expect(decision).toMatchObject({ outcome: 'enroll', next: { methods: ['passkey', 'security-key'] } })
  })

  test('each method is offered only if it reaches the level, and if the rules name it', () => {
    const methods = METHODS.filter((method) => method !== 'recovery-code')
    for (const level of LEVELS)
      for (const method of methods) {
        const one = definePolicy({
          format: 1,
          features: { it: { requires: { level, maxAge: '5m' } } },
          tiers: { pro: { features: ['it'] } },
        })
        const request = {
          feature: 'it',
          license: license('pro'),
          assurance: login,
          risk: 'normal',
          enrolled: [{ method, level: 'phrh' }],
          now: NOW,
        } as const
        const verdict = oracle(one.document, request)
        expect(verdictOf(decide(one, request)), `${level} by ${method}`).toEqual(verdict)
      }
  })
})

describe('threat: a reason points to a rule that asked for nothing, so that an operator loosens the wrong one', () => {
  test.each<[string, () => ReturnType<typeof ask>, string[]]>([
    ['no license', () => ask('export', { license: null }), ['/tiers/basic']],
    ['a tier that does not include it', () => ask('export', { license: license('basic') }), ['/tiers/basic']],
    ['a tier of another policy', () => ask('view', { license: license('gold') }), ['/tiers']],
    ['a license that ended', () => ask('view', { license: license('pro', { state: 'expired' }) }), ['/license']],
    ['a suspended license', () => ask('view', { license: license('pro', { state: 'suspended' }) }), ['/license']],
    ['a level of the feature', () => ask('export', { license: license('pro') }), ['/features/export/requires']],
    ['an age of the feature', () => ask('export', { assurance: proven('totp', 'mfa', 901) }), ['/features/export/requires']],
    ['an operation', () => ask('pay', { assurance: proven('security-key', 'phrh') }), ['/compliance/psd2', '/features/pay/requires']],
    ['a risk', () => ask('export', { assurance: proven('totp', 'mfa', 301), risk: 'elevated' }), ['/risk/elevated', '/risk/elevated']],
    ['a risk that denies by default', () => ask('export', { risk: 'critical' }), ['/risk']],
    [
      'an upgrade',
      () => ask('trial', { license: license('enterprise', { raisedAt: NOW - 1 }), assurance: proven('totp', 'mfa', 2) }),
      ['/license/upgraded', '/license/upgraded'],
    ],
    ['an account', () => ask('view', { license: license('basic', { requires: { level: 'phr' } }) }), ['']],
  ])('%s', (_, decision, expected) => {
    expect(sources(decision())).toEqual(expected)
  })

  test('the policy without a word on risk denies what is critical, and points to the whole document', () => {
    const silent = definePolicy({ format: 1, features: { view: {} }, tiers: { basic: { features: ['view'] } } })
    const decision = decide(silent, { feature: 'view', license: license('basic'), assurance: login, risk: 'critical', now: NOW })
    expect(decision).toMatchObject({ outcome: 'deny', reasons: [{ code: 'risk_denied', source: '' }] })
    const none = decide(silent, { feature: 'view', license: null, assurance: login, risk: 'normal', now: NOW })
    expect(none).toMatchObject({ outcome: 'upgrade', reasons: [{ code: 'license_required', source: '' }] })
  })

  test('a policy that is not checked, and a feature that it does not have, are named in the decision as they were asked for', () => {
    expect(decide({} as never, { feature: 'view', license: null, assurance: login, risk: 'normal', now: NOW })).toMatchObject({
      policy: '',
      feature: 'view',
      enforced: true,
      reasons: [{ code: 'policy_unavailable' }],
    })
    expect(ask('ghost' as never)).toMatchObject({ policy: policy.digest, feature: 'ghost', enforced: true })
    expect(ask(7 as never)).toMatchObject({ policy: policy.digest, feature: '', outcome: 'deny', reasons: [{ code: 'unknown_feature' }] })
  })

  test('a permit names the rules behind it and until when it holds, and only if there is an end', () => {
    expect(ask('export', { assurance: proven('totp', 'mfa', 100) })).toMatchObject({ outcome: 'permit', reasons: [], until: NOW + 800 })
    expect(ask('trial', { assurance: proven('totp', 'mfa', 100) })).not.toHaveProperty('until')
  })

  test('what is asked names an instant only if something was upgraded', () => {
    expect(ask('export')).toMatchObject({ outcome: 'step_up' })
    expect(ask('export')).not.toHaveProperty('requirement.provenAfter')
  })
})

// the slowest comes last, so that a mutant is mostly killed before it
test('threat: a rule of the policy is dropped, or weighs less than it says: the same cases always come out as the oracle says', () => {
  const asked = fc.sample(requests, { seed: 11, numRuns: 25 })
  for (const any of fc.sample(policies, SAME))
    for (const request of asked) {
      const verdict = oracle(any.document, request)
      const given = verdictOf(decide(any, request))
      // comparing texts is faster than matchers
      if (JSON.stringify(given) !== JSON.stringify(verdict)) expect(given, JSON.stringify(request)).toEqual(verdict)
    }
})

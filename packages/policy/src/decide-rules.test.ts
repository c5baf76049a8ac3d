import type { Requirement } from '@stile/protocol'
import { describe, expect, test } from 'vitest'
import { NOW } from './arbitraries.test-support.ts'
import { decide } from './decide.ts'
import { codes, license, proven } from './example.test-support.ts'
import { definePolicy } from './policy.ts'
import { combine, isRequirement, isSessionOnly, meets, newestProof } from './requirement.ts'
import { ask, document, sources } from './small-policy.test-support.ts'

describe('threat: a rule is lost on the way from the document to the decision', () => {
  const ruled = { compliance: { law: { requires: { level: 'mfa', maxAge: '1m' }, because: 'The law' } } }
  const withLaw = { ...ruled, features: { ...document.features, open: { compliance: ['law'] } } }

  test('a compliance rule asks, and says so first', () => {
    const decision = ask('open', { license: license('basic', { features: ['open'] }) }, withLaw)
    expect(decision).toMatchObject({ outcome: 'step_up', requirement: { level: 'mfa', maxAgeSeconds: 60 } })
    expect(codes(decision)).toEqual(['compliance_required', 'step_up_required'])
    expect(sources(decision)).toEqual(['/compliance/law', '/compliance/law'])
  })

  test.each([
    ['normal', { level: 'phr', maxAgeSeconds: 300 }],
    ['elevated', { level: 'phr', maxAgeSeconds: 60 }],
    ['unknown', { level: 'phr', maxAgeSeconds: 60 }],
    ['high', { level: 'phrh', maxAgeSeconds: 60 }],
  ] as const)('the band %s adds what it and the milder ones say', (risk, requirement) => {
    const bands = { elevated: { level: 'mfa', maxAge: '1m' }, high: { level: 'phrh' } }
    expect(ask('pay', { risk }, { risk: bands })).toMatchObject({ requirement })
  })

  test.each([
    ['critical', {}, '/risk'],
    ['critical', { critical: 'deny' }, '/risk/critical'],
    ['high', { high: 'deny' }, '/risk/high'],
    ['critical', { elevated: 'deny' }, '/risk/elevated'],
  ] as const)('the band %s denies by %j', (risk, bands, source) => {
    expect(ask('view', { risk }, { risk: bands })).toMatchObject({ outcome: 'deny', reasons: [{ code: 'risk_denied', source }] })
  })

  test('an unknown band denies, and the reason says so', () => {
    const decision = ask('view', { risk: 'mild' as never })
    expect(decision).toMatchObject({ outcome: 'deny', feature: 'view', reasons: [{ code: 'risk_denied' }] })
  })

  test('no recovery code and no mail meets what risk raised, even on the session level', () => {
    const changes = {
      features: {
        ...document.features,
        open: { requires: { level: 'session', maxAge: '5m', methods: ['email-otp', 'totp', 'recovery-code'] } },
      },
      tiers: { basic: { features: ['view', 'open', 'pay'] } },
      risk: { elevated: { level: 'session', maxAge: '1m' } },
    }
    const enrolled = [{ method: 'totp', level: 'mfa' }] as const
    expect(ask('open', { license: license('basic'), risk: 'elevated', enrolled }, changes)).toMatchObject({
      requirement: { methods: ['totp'] },
      next: { methods: ['totp'] },
    })
    expect(ask('open', { license: license('basic'), enrolled }, changes)).toMatchObject({ next: { methods: ['totp', 'email-otp'] } })
  })

  test('only an upgrade of what asks for more than the session asks again, and the later instant counts', () => {
    const changes = { license: { upgraded: { requires: { level: 'mfa', maxAge: '1h' } } } }
    const raised = (provenAfter?: number) =>
      license('pro', { raisedAt: NOW - 60, ...(provenAfter !== undefined && { requires: { level: 'mfa', provenAfter } as Requirement }) })
    expect(ask('open', { license: raised() }, changes)).toMatchObject({ requirement: { provenAfter: NOW - 60, maxAgeSeconds: 3600 } })
    expect(ask('open', { license: raised(NOW - 30) }, changes)).toMatchObject({ requirement: { provenAfter: NOW - 30 } })
    expect(ask('open', { license: raised(NOW - 90) }, changes)).toMatchObject({ requirement: { provenAfter: NOW - 60 } })
    expect(ask('view', { license: raised() }, changes).outcome).toBe('permit')
    const without = ask('open', { license: license('pro', { raisedAt: NOW - 60 }) })
    expect('requirement' in without && without.requirement).not.toHaveProperty('provenAfter')
  })
})

describe('threat: a requirement is told as more, or less, than was asked', () => {
  test('what was not asked for is not there', () => {
    expect(combine()).toStrictEqual({ level: 'session' })
    expect(combine({ level: 'mfa', bind: [] })).toStrictEqual({ level: 'mfa' })
    expect(combine({ level: 'mfa' }, { level: 'phr' })).toStrictEqual({ level: 'phr' })
    expect(combine({ level: 'mfa', provenAfter: 5 }, { level: 'mfa', methods: ['totp'] })).toStrictEqual({
      level: 'mfa',
      provenAfter: 5,
      methods: ['totp'],
    })
  })

  test('a step-up names the requirement, and an instant only if there is one', () => {
    expect(ask('open')).toStrictEqual({
      ...ask('open'),
      requirement: { level: 'phr' },
      next: { methods: ['passkey', 'security-key'] },
    })
  })

  test('only what asks for nothing at all needs no token', () => {
    expect(isSessionOnly({ level: 'session', bind: [] })).toBe(true)
    expect(isSessionOnly({ level: 'session', provenAfter: 1 })).toBe(false)
    expect(isSessionOnly({ level: 'session', methods: ['totp'] })).toBe(false)
    expect(isSessionOnly({ level: 'session', bind: ['amount'] })).toBe(false)
  })

  test('without being told otherwise, what has not settled counts in full', () => {
    const unsettled = { proofs: [{ method: 'passkey', level: 'phr', amr: [], authTime: NOW, settlesAt: NOW + 1 } as const] }
    expect(meets({ level: 'phr' }, unsettled, NOW)).toBe(true)
    expect(newestProof({ level: 'phr' }, unsettled, NOW)).toBeDefined()
    expect(meets({ level: 'phr' }, unsettled, NOW, true)).toBe(false)
  })

  test('a demand whose instant is no number is not understood', () => {
    expect(isRequirement({ level: 'mfa', provenAfter: Number.NaN })).toBe(false)
    expect(isRequirement({ level: 'mfa', maxAgeSeconds: 'soon' })).toBe(false)
  })
})

describe('threat: nothing can meet a requirement, and people are sent round in circles', () => {
  test('methods of an account and of a feature that do not meet deny, and point to the account', () => {
    const changes = {
      features: { ...document.features, open: { requires: { level: 'mfa', methods: ['totp'] } } },
      tiers: { pro: { features: ['open'] }, basic: { features: ['view', 'pay'] } },
    }
    const held = license('pro', { requires: { level: 'mfa', methods: ['passkey'] } })
    const decision = ask('open', { license: held, assurance: proven('totp', 'mfa') }, changes)
    expect(decision).toMatchObject({ outcome: 'deny', feature: 'open', reasons: [{ code: 'requirement_unsatisfiable', source: '' }] })
    // a level that the feature's methods do not reach is the fault of what names methods
    const above = ask('open', { license: license('pro', { requires: { level: 'phr' } }) }, changes)
    expect(above).toMatchObject({ outcome: 'deny', reasons: [{ code: 'requirement_unsatisfiable', source: '/features/open/requires' }] })
  })

  test('what is bound by a tier and given by a license beside it is bound by the feature alone', () => {
    const changes = {
      tiers: {
        basic: { features: ['view'] },
        pro: { extends: 'basic', features: ['open', 'pay'], requires: { level: 'mfa', bind: ['amount'] } },
      },
    }
    expect(codes(ask('open', { assurance: proven('totp', 'mfa') }, changes))).toEqual(['operation_unbound'])
    expect(sources(ask('open', { assurance: proven('totp', 'mfa') }, changes))).toEqual(['/tiers/pro/requires'])
  })

  test('of two new authenticators the one that counts first says when to come back', () => {
    const changes = { enrollment: { settle: '1d' } }
    const enrolled = [
      null as never,
      { method: 'passkey', level: 'phr', settlesAt: NOW + 90_000 },
      { method: 'security-key', level: 'phrh', settlesAt: NOW + 50 },
      { method: 'totp', level: 'mfa', settlesAt: NOW + 1 },
    ] as const
    const decision = ask('pay', { enrolled }, changes)
    const first = ask('pay', { enrolled: [enrolled[2]] }, changes)
    expect(decision.reasons.at(-1)).toEqual(first.reasons.at(-1))
    expect(sources(decision).at(-1)).toBe('/enrollment/settle')
    expect(sources(ask('pay', { enrolled })).at(-1)).toBe('/features/pay/requires')
    const unreadable = { method: 'security-key', level: 'phrh', settlesAt: '5' as never } as const
    expect(ask('pay', { enrolled: [unreadable, enrolled[2]] }, changes).reasons.at(-1)).toEqual(first.reasons.at(-1))
    // a login is no authenticator to wait for
    const signIn = { method: 'login' as never, level: 'phrh', settlesAt: NOW + 50 } as const
    expect(ask('pay', { enrolled: [signIn] }, changes).outcome).toBe('enroll')
    // if nothing must settle, there is nothing to wait for
    expect(ask('open', { enrolled: [{ method: 'totp', level: 'mfa', settlesAt: NOW + 1 }] }, changes).outcome).toBe('enroll')
  })
})

describe('threat: an old proof is told to be weak, so that people enrol for nothing', () => {
  test.each([
    ['the age of the feature', 'pay', {}, {}, '/features/pay/requires'],
    [
      'the instant of an upgrade',
      'open',
      { raisedAt: NOW - 10 },
      { license: { upgraded: { requires: { level: 'mfa' } } } },
      '/license/upgraded',
    ],
    ['the instant of an account', 'open', { requires: { level: 'mfa', provenAfter: NOW - 10 } }, {}, ''],
    ['the shorter age of an account', 'pay', { requires: { level: 'mfa', maxAgeSeconds: 60 } }, {}, ''],
  ] as const)('%s is named as the source', (_, feature, held, changes, source) => {
    const assurance = { ...proven('security-key', 'phrh', 400), operation: { feature, digest: 'd1' } }
    const decision = ask(feature, { license: license('pro', held as never), assurance, operationDigest: 'd1' }, changes)
    expect(decision.reasons.at(-1)).toMatchObject({ code: 'assurance_stale', source })
  })

  test('the level that nothing reaches is told with the rule that asks for it, or for the methods', () => {
    expect(sources(ask('open'))).toEqual(['/tiers/pro/requires'])
    const changes = { features: { ...document.features, view: { requires: { level: 'session', methods: ['totp'] } } } }
    expect(sources(ask('view', {}, changes))).toEqual(['/features/view/requires'])
    expect(sources(ask('view', { assurance: { proofs: [] } }))).toEqual(['/features/view'])
    const account = license('basic', { requires: { level: 'session', methods: ['totp'] } })
    expect(sources(ask('view', { license: account }))).toEqual([''])
    const aged = { features: { ...document.features, view: { requires: { level: 'session', maxAge: '5m' } } } }
    expect(sources(ask('view', { license: account, assurance: { proofs: [] } }, aged))).toEqual([''])
  })

  test('what an organisation binds is told with its own demand', () => {
    const account = license('pro', { requires: { level: 'session', bind: ['amount'] } })
    const decision = ask('open', { license: account, assurance: proven('passkey', 'phr') })
    expect(decision.reasons).toMatchObject([{ code: 'operation_unbound', source: '' }])
  })
})

test('threat: something that throws when it is read is let through', () => {
  const trap = new Proxy(
    {},
    {
      get: () => {
        throw new Error('trap')
      },
    },
  )
  expect(decide(definePolicy(document as never), trap as never)).toMatchObject({
    outcome: 'deny',
    reasons: [{ code: 'policy_unavailable' }],
  })
})

import type { Assurance, Band, Decision, License, Method, Requirement } from '@stile/protocol'
import { BANDS, LEVELS, LICENSE_STATES } from '@stile/protocol'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { assurances, bands, enrolled, FEATURES, licenses, NOW, policies, proofs, requirements } from './arbitraries.test-support.ts'
import { type DecideRequest, decide } from './decide.ts'
import { oracle, type Verdict } from './oracle.test-support.ts'
import { definePolicy, type Policy } from './policy.ts'
import { combine } from './requirement.ts'

// many generated cases: a busy machine is no failure
vi.setConfig({ testTimeout: 60_000 })

const policy = definePolicy({
  format: 1,
  features: {
    view: {},
    export: { requires: { level: 'mfa', maxAge: '15m' } },
    pay: { requires: { level: 'phrh', maxAge: '2m', bind: ['amount', 'payee'] }, compliance: ['psd2'] },
    trial: { requires: { level: 'mfa' }, enforce: 'observe' },
    beta: {},
  },
  tiers: {
    basic: { features: ['view'] },
    pro: { extends: 'basic', features: ['export', 'trial'] },
    enterprise: { extends: 'pro', features: ['pay'], requires: { level: 'mfa', maxAge: '12h' } },
  },
  compliance: { psd2: { requires: { level: 'mfa', maxAge: '5m' }, because: 'PSD2 RTS Art. 5' } },
  risk: { elevated: { level: 'mfa', maxAge: '5m' }, high: { level: 'phr' } },
  license: { none: { tier: 'basic' }, upgraded: { requires: { level: 'mfa' } } },
})

const license = (tier: string, more: Partial<License> = {}): License => ({
  id: 'lic',
  epoch: 1,
  tier,
  features: [],
  state: 'active',
  ...more,
})
const proven = (method: Method | 'login', level: 'session' | 'mfa' | 'phr' | 'phrh', age = 0): Assurance => ({
  proofs: [{ method, level, amr: [], authTime: NOW - age }],
})
const login: Assurance = { proofs: [{ method: 'login', level: 'session', amr: [], authTime: 0 }] }
type F = (typeof policy.features)[number]
const ask = (feature: F, more: Partial<DecideRequest<F>> = {}): Decision =>
  decide(policy, { feature, license: license('enterprise'), assurance: login, risk: 'normal', now: NOW, ...more })
const codes = (decision: Decision) => decision.reasons.map((reason) => reason.code)

const requests: fc.Arbitrary<DecideRequest> = fc.record(
  {
    feature: fc.constantFrom<string>(...FEATURES, 'unknown', '__proto__'),
    license: licenses,
    assurance: assurances,
    risk: bands,
    operationDigest: fc.constantFrom('d1', 'd2'),
    enrolled,
    now: fc.constant(NOW),
  },
  { requiredKeys: ['feature', 'license', 'assurance', 'risk', 'now'] },
)

describe('against an independent oracle', () => {
  const summary = (decision: Decision): Verdict => {
    const [first] = decision.reasons
    switch (decision.outcome) {
      case 'permit':
        return { outcome: 'permit', ...(decision.until !== undefined && { until: decision.until }) }
      case 'upgrade':
        return { outcome: 'upgrade', code: first?.code ?? '', tiers: decision.next.tiers }
      case 'deny':
        return { outcome: 'deny', code: codes(decision).at(-1) ?? '' }
      default:
        return { outcome: decision.outcome, level: decision.requirement.level, methods: decision.next.methods.toSorted() }
    }
  }

  test('any policy and any request come out as the oracle says', () => {
    fc.assert(
      fc.property(policies, fc.array(requests, { minLength: 10, maxLength: 10 }), (any, list) => {
        for (const request of list) expect(summary(decide(any, request))).toEqual(oracle(any.document, request))
      }),
      { numRuns: 400 },
    )
  })

  test('the table of tier, state, level, age, risk and enrolment comes out as the oracle says, and every outcome occurs', () => {
    const tiers: (License | null)[] = [
      null,
      ...['basic', 'pro', 'enterprise', 'gone'].flatMap((tier) => LICENSE_STATES.map((state) => license(tier, { state }))),
    ]
    const enrolments = [undefined, [], [{ method: 'totp', level: 'mfa' }], [{ method: 'security-key', level: 'phrh' }]] as const
    const seen: Record<string, number> = {}
    for (const feature of policy.features) {
      for (const held of tiers) {
        for (const [index, level] of LEVELS.entries()) {
          const method = (['login', 'totp', 'passkey', 'security-key'] as const)[index] ?? 'login'
          for (const age of [0, 120, 121, 300, 301, 900, 901, 43_201]) {
            const assurance = { ...proven(method, level, age), operation: { feature: 'pay', digest: 'd1' } }
            for (const risk of BANDS) {
              for (const enrolment of enrolments) {
                const request = { feature, license: held, assurance, risk, enrolled: enrolment, operationDigest: 'd1', now: NOW }
                const decision = decide(policy, request)
                const verdict = oracle(policy.document, request)
                // comparing texts is faster than matchers, and there are 80,000 rows
                if (JSON.stringify(summary(decision)) !== JSON.stringify(verdict))
                  expect(summary(decision), JSON.stringify(request)).toEqual(verdict)
                seen[decision.outcome] = (seen[decision.outcome] ?? 0) + 1
              }
            }
          }
        }
      }
    }
    expect(Object.keys(seen).toSorted()).toEqual(['deny', 'enroll', 'permit', 'step_up', 'upgrade'])
    expect(Object.values(seen).reduce((sum, count) => sum + count)).toBe(5 * 25 * 4 * 8 * 5 * 4)
  })
})

describe('threat: something opens that was not proven', () => {
  const permits = (any: Policy, request: DecideRequest) => decide(any, request).outcome === 'permit'

  test('hostile values of any shape never throw and never permit', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (any, request) => {
        expect(decide(any as never, request as never).outcome).toBe('deny')
      }),
    )
    fc.assert(
      fc.property(
        fc.record({ feature: fc.anything(), license: fc.anything(), assurance: fc.anything(), risk: fc.anything(), now: fc.anything() }),
        (request) => {
          expect(decide(policy, request as never).outcome).toBe('deny')
        },
      ),
    )
  })

  test('one hostile member in a good request never throws, and never permits what the good request would not', () => {
    fc.assert(
      fc.property(
        policies,
        requests,
        fc.constantFrom('feature', 'license', 'assurance', 'risk', 'operationDigest', 'now'),
        fc.anything(),
        (any, request, key, value) => {
          const decision = decide(any, { ...request, [key]: value })
          if (key !== 'license' || value !== null) expect(decision.outcome === 'permit' && !permits(any, request)).toBe(false)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('a request whose members throw is denied', () => {
    const trap = new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap')
        },
      },
    )
    expect(decide(policy, trap as never).outcome).toBe('deny')
    expect(ask('export', { assurance: trap as never }).outcome).toBe('deny')
    expect(ask('export', { license: trap as never }).outcome).toBe('deny')
  })

  test('what only looks like a policy decides nothing', () => {
    const copy = structuredClone(policy)
    const decision = decide(copy, { feature: 'view', license: license('basic'), assurance: login, risk: 'normal', now: NOW })
    expect(decision).toMatchObject({ outcome: 'deny', reasons: [{ code: 'policy_unavailable' }] })
  })

  test('names of object members are no features, tiers or states', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '']) {
      expect(ask(name as never)).toMatchObject({ outcome: 'deny', reasons: [{ code: 'unknown_feature' }] })
      expect(ask('view', { license: license(name) }).outcome).toBe('upgrade')
      expect(ask('view', { license: license('basic', { state: name as never }) }).outcome).toBe('deny')
      expect(ask('view', { risk: name as never }).outcome).toBe('deny')
    }
  })

  test('the same request has the same answer', () => {
    fc.assert(
      fc.property(policies, requests, (any, request) => {
        expect(decide(any, request)).toEqual(decide(any, structuredClone(request)))
      }),
    )
  })

  test('an account that demands more never permits more', () => {
    fc.assert(
      fc.property(policies, requests, requirements, (any, request, more) => {
        fc.pre(request.license !== null)
        const { requires, ...rest } = request.license as License
        const stricter = { ...request, license: { ...rest, requires: requires ? combine(requires, more) : more } }
        if (permits(any, stricter)) expect(permits(any, request)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('worse risk never permits more', () => {
    const order: readonly Band[][] = [['normal'], ['elevated', 'unknown'], ['high'], ['critical']]
    fc.assert(
      fc.property(policies, requests, (any, request) => {
        const open = order.map((same) => same.map((risk) => permits(any, { ...request, risk })))
        expect(open[1]?.[0]).toBe(open[1]?.[1])
        for (let worse = 1; worse < open.length; worse++) if (open[worse]?.[0]) expect(open[worse - 1]?.[0]).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('a weaker, older or missing proof never permits more', () => {
    fc.assert(
      fc.property(policies, requests, proofs, fc.nat({ max: 3 }), fc.integer({ min: 1, max: 1000 }), (any, request, proof, rank, older) => {
        const given = (list: Assurance['proofs']) => ({
          ...request,
          assurance: { ...request.assurance, proofs: [...request.assurance.proofs, ...list] },
        })
        // a proof of the future grows better with age, until its clock is right
        fc.pre(proof.authTime <= NOW)
        const level = LEVELS[Math.min(rank, LEVELS.indexOf(proof.level))] ?? 'session'
        const strong = permits(any, given([proof]))
        if (permits(any, given([{ ...proof, level }]))) expect(strong).toBe(true)
        if (permits(any, given([{ ...proof, authTime: Math.max(proof.authTime - older, 0) }]))) expect(strong).toBe(true)
        if (permits(any, given([]))) expect(strong).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('knowing what is enrolled never permits more', () => {
    fc.assert(
      fc.property(policies, requests, (any, { enrolled: known, ...request }) => {
        expect(permits(any, { ...request, enrolled: known })).toBe(permits(any, request))
      }),
    )
  })

  test('a permission holds until the instant it names, and not a second longer', () => {
    fc.assert(
      fc.property(policies, requests, (any, request) => {
        const decision = decide(any, request)
        if (decision.outcome !== 'permit' || decision.until === undefined) return
        expect(permits(any, { ...request, now: decision.until })).toBe(true)
        // a proof that lay too far in the future may by then count
        fc.pre(request.assurance.proofs.every((proof) => proof.authTime <= NOW + 30))
        expect(permits(any, { ...request, now: decision.until + 1 })).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  test('every reason points to something in the document and says a sentence', () => {
    fc.assert(
      fc.property(policies, requests, (any, request) => {
        const decision = decide(any, request)
        if (decision.outcome !== 'permit') expect(decision.reasons.length).toBeGreaterThan(0)
        for (const { source, message } of decision.reasons) {
          expect(resolve(any.document, source), source).toBeDefined()
          expect(message).toMatch(/^.{20,}\.$/)
        }
      }),
      { numRuns: 300 },
    )
  })

  const resolve = (document: unknown, source: string) =>
    source
      .split('/')
      .slice(1)
      .reduce<unknown>(
        (value, key) => (Object.hasOwn(value as object, key) ? (value as Record<string, unknown>)[key] : undefined),
        document,
      )
})

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

test('threat: the demand of one account must not be taken for that of another, also where there are many', () => {
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

  test('methods come best first, and only those that are enrolled where that is known', () => {
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

  test('where people may not enrol by themselves it is denied, and still never weaker', () => {
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

  test('critical denies everything, also where the policy does not say so', () => {
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

test('a sentence names who asks where it is not the feature', () => {
  const message = (decision: Decision) => decision.reasons.at(-1)?.message
  expect(message(ask('export'))).toBe(
    '“export” needs a second factor given in the last 15 minutes, and nothing proven in this session is strong enough.',
  )
  expect(message(ask('export', { license: license('pro', { requires: { level: 'phr' } }) }))).toBe(
    '“export” needs a passkey or security key given in the last 15 minutes, as your organisation asks, and nothing proven in this session is strong enough.',
  )
})

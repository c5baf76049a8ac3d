import type { Assurance, Band, License } from '@stile/protocol'
import { BANDS, LEVELS, LICENSE_STATES } from '@stile/protocol'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { instants, levels, NOW, policies, proofs, requests, requirements } from './arbitraries.test-support.ts'
import { type DecideRequest, decide } from './decide.ts'
import type { Policy } from './document.ts'
import { ask, license, login, policy, proven } from './example.test-support.ts'
import { requirementOf } from './feature.ts'
import { oracle, verdictOf } from './oracle.test-support.ts'
import { parsePolicy } from './policy.ts'
import { combine } from './requirement.ts'

// many generated cases: a busy machine is no failure
vi.setConfig({ testTimeout: 60_000 })

describe('against an independent oracle', () => {
  test('any policy and any request come out as the oracle says', () => {
    fc.assert(
      fc.property(policies, fc.array(requests, { minLength: 10, maxLength: 10 }), (any, list) => {
        for (const request of list) expect(verdictOf(decide(any, request))).toEqual(oracle(any.document, request))
      }),
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
                if (JSON.stringify(verdictOf(decision)) !== JSON.stringify(verdict))
                  expect(verdictOf(decision), JSON.stringify(request)).toEqual(verdict)
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
    )
  })

  test('a proof of something that has not settled never permits more, for whatever instant', () => {
    fc.assert(
      fc.property(policies, requests, fc.anything(), (any, request, settlesAt) => {
        const newer = request.assurance.proofs.map((proof) => ({ ...proof, settlesAt: settlesAt as number }))
        const settledOnes = request.assurance.proofs.map(({ settlesAt: _, ...proof }) => proof)
        const given = (list: Assurance['proofs']) => ({ ...request, assurance: { ...request.assurance, proofs: list } })
        if (permits(any, given(newer))) expect(permits(any, given(settledOnes))).toBe(true)
      }),
    )
  })

  test('what is enrolled and has not settled is never offered for more', () => {
    fc.assert(
      fc.property(policies, fc.array(fc.tuple(requests, instants), { minLength: 10, maxLength: 10 }), (any, list) => {
        for (const [request, settlesAt] of list) {
          const given = (known: NonNullable<DecideRequest['enrolled']>) => {
            const decision = decide(any, { ...request, enrolled: known })
            return decision.outcome === 'step_up' ? decision.next.methods : []
          }
          const settled = (request.enrolled ?? []).map(({ method, level }) => ({ method, level }))
          expect(given(settled)).toEqual(expect.arrayContaining([...given(settled.map((each) => ({ ...each, settlesAt })))]))
        }
      }),
    )
  })

  test('a mailbox is worth a session and never what risk raised, and a recovery code nothing, whatever level they claim', () => {
    const weak = fc.tuple(requests, fc.constantFrom('email-otp' as const, 'recovery-code' as const), levels)
    fc.assert(
      fc.property(policies, fc.array(weak, { minLength: 20, maxLength: 20 }), (any, list) => {
        for (const [request, method, level] of list) {
          const assurance = { ...request.assurance, proofs: [{ method, level, amr: [], authTime: NOW }] }
          const decision = decide(any, { ...request, assurance, enrolled: [{ method, level }] })
          const counts = decision.outcome === 'permit' || (decision.outcome === 'step_up' && decision.next.methods.includes(method))
          if (!counts) continue
          expect(method).toBe('email-otp')
          expect(requirementOf(any, request.feature, request.license)?.level).toBe('session')
          expect(decision.reasons.map(({ code }) => code)).not.toContain('risk_elevated')
        }
      }),
    )
  })

  test('the order in which a policy names things never matters', () => {
    fc.assert(
      fc.property(policies, requests, (any, request) => {
        const parsed = parsePolicy(backwards(any.document))
        const other = parsed.ok ? decide(parsed.policy, request) : undefined
        const decision = decide(any, request)
        expect(other?.outcome).toBe(decision.outcome)
        if ('requirement' in decision) expect(other).toMatchObject({ requirement: decision.requirement, next: decision.next })
        if (decision.outcome === 'permit') expect(other).toMatchObject(decision.until === undefined ? {} : { until: decision.until })
      }),
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
        // a proof that lay too far in the future may by then count, and one that had not settled for more
        fc.pre(request.assurance.proofs.every((proof) => proof.authTime <= NOW + 30 && proof.settlesAt === undefined))
        expect(permits(any, { ...request, now: decision.until + 1 })).toBe(false)
      }),
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
    )
  })

  const backwards = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.toReversed().map(backwards)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, member]) => [key, backwards(member)]),
    )
  }

  const resolve = (document: unknown, source: string) =>
    source
      .split('/')
      .slice(1)
      .reduce<unknown>(
        (value, key) => (Object.hasOwn(value as object, key) ? (value as Record<string, unknown>)[key] : undefined),
        document,
      )
})

import type { Requirement } from '@stile/protocol'
import { describe, expect, test } from 'vitest'
import { NOW } from './arbitraries.test-support.ts'
import { type DecideRequest, decide } from './decide.ts'
import { codes, license, login, proven } from './example.test-support.ts'
import { definePolicy, parsePolicy } from './policy.ts'
import { combine, isRequirement, isSessionOnly, meets, newestProof } from './requirement.ts'
import { tierChain } from './tiers.ts'

const TIERS = { basic: { features: ['view'] }, pro: { extends: 'basic', features: ['open', 'pay'], requires: { level: 'phr' } } } as const
const document = {
  format: 1,
  features: { view: {}, open: {}, pay: { requires: { level: 'phr', maxAge: '5m', bind: ['amount'] } } },
  tiers: TIERS,
} as const

/** Decides by a policy of its own: what a policy remembers of one test must not hide a fault from the next. */
const ask = (feature: string, more: Partial<DecideRequest> = {}, changes: object = {}) =>
  decide(definePolicy({ ...document, ...changes } as never), {
    feature: feature as never,
    license: license('pro'),
    assurance: login,
    risk: 'normal',
    now: NOW,
    ...more,
  })
const sources = (decision: ReturnType<typeof ask>) => decision.reasons.map(({ source }) => source)

describe('threat: what a license grants in two ways is asked for in the weaker one', () => {
  test('an extra feature that the tier includes as well keeps the demand of the tier', () => {
    expect(ask('open', { license: license('pro', { features: ['open'] }) })).toMatchObject({
      outcome: 'step_up',
      requirement: { level: 'phr' },
    })
    expect(ask('open', { license: license('basic', { features: ['open'] }) }).outcome).toBe('permit')
    expect(ask('open', { license: license('basic', { features: [] }) }).outcome).toBe('upgrade')
  })

  test.each([
    ['trialing', 'upgrade', 'license_required'],
    ['active', 'upgrade', 'license_required'],
    ['past_due', 'upgrade', 'license_expired'],
    ['suspended', 'deny', 'license_suspended'],
    ['expired', 'upgrade', 'license_expired'],
    ['canceled', 'upgrade', 'license_expired'],
  ] as const)('a license that is %s and good for nothing says so', (state, outcome, code) => {
    const states = { [state]: 'none' }
    const decision = ask('view', { license: license('basic', { state }) }, { license: { states } })
    expect(decision).toMatchObject({ outcome, reasons: [{ code, source: `/license/states/${state}` }] })
  })

  test('a pointer leads to the deepest member that there is', () => {
    const ended = { license: license('basic', { state: 'expired' }) }
    expect(sources(ask('view', ended))).toEqual([''])
    expect(sources(ask('view', ended, { license: {} }))).toEqual(['/license'])
    expect(sources(ask('view', ended, { license: { states: {} } }))).toEqual(['/license/states'])
    expect(sources(ask('view', ended, { license: { states: { expired: 'none' } } }))).toEqual(['/license/states/expired'])
    expect(sources(ask('view', { license: null }, { license: { none: 'none' } }))).toEqual(['/license/none'])
    expect(sources(ask('open', { license: null }, { license: { none: { tier: 'basic' } } }))).toEqual(['/tiers/basic'])
  })

  test('a refusal names the tiers that would do by their labels, or else by their names', () => {
    const tiers = { ...TIERS, gold: { label: 'Gold plan', features: ['pay'] } }
    const { message } = ask('pay', { license: license('basic') }, { tiers }).reasons[0] ?? {}
    expect(message).toContain('basic')
    expect(message).toContain('pro or Gold plan')
  })

  test('threat: a feature counts as on trial, so that a guard lets it pass. Only the one that the policy says is', () => {
    const features = { ...document.features, view: { enforce: 'on' }, open: { enforce: 'observe' } }
    const enforced = ['view', 'open', 'pay'].map((feature) => ask(feature, {}, { features }).enforced)
    expect(enforced).toEqual([true, false, true])
  })

  test('threat: a name that is also what a missing one reads as. A tier named undefined grants and asks nothing for others', () => {
    const tiers = { ...TIERS, undefined: { features: ['pay', 'open'], requires: { level: 'phrh' } } }
    expect(ask('pay', { license: license('basic') }, { tiers }).outcome).toBe('upgrade')
    expect(ask('open', { license: license('basic', { features: ['open'] }) }, { tiers }).outcome).toBe('permit')
    expect(tierChain(definePolicy({ ...document, tiers } as never), 'basic' as never)).toEqual(['basic'])
  })

  test('threat: tiers that include each other never end', () => {
    const tiers = { basic: { extends: 'pro', features: ['view'] }, pro: { extends: 'basic', features: ['open', 'pay'] } }
    expect(parsePolicy({ ...document, tiers }).ok).toBe(false)
  })

  test('threat: a compliance rule that the policy does not have is taken for one that asks nothing', () => {
    for (const compliance of [undefined, {}])
      for (const name of ['law', 'constructor']) {
        const features = { ...document.features, open: { compliance: [name] } }
        const issues = [expect.objectContaining({ path: '/features/open/compliance/0' })]
        expect(parsePolicy({ ...document, features, ...(compliance && { compliance }) })).toEqual({ ok: false, issues })
      }
  })

  test('a compliance rule that cannot be read is told once, and what uses it is not', () => {
    for (const name of ['law', 'constructor']) {
      const features = { ...document.features, open: { compliance: [name] } }
      const { issues = [] } = parsePolicy({ ...document, features, compliance: { [name]: 'the law' } }) as { issues?: { path: string }[] }
      expect(issues.map(({ path }) => path)).toEqual([`/compliance/${name}`])
    }
  })

  test('a tier without a list of features adds none', () => {
    expect(ask('open', { license: license('bare') }, { tiers: { ...TIERS, bare: {} } }).outcome).toBe('upgrade')
    expect(tierChain(definePolicy(document as never), 'gone' as never)).toEqual([])
  })
})

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

  test('a band that nobody knows denies, and is told as that', () => {
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

  test('two demands of accounts never share what was worked out for one of them', () => {
    const policy = definePolicy(document as never)
    const asked = (maxAgeSeconds: number) =>
      decide(policy, {
        feature: 'open' as never,
        license: license('pro', { requires: { level: 'mfa', maxAgeSeconds } }),
        assurance: login,
        risk: 'normal',
        now: NOW,
      })
    const list = Array.from({ length: 70 }, (_, index) => index + 1)
    for (const age of [...list, ...list]) expect(asked(age)).toMatchObject({ requirement: { maxAgeSeconds: age } })
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

  test('a step-up names the requirement, and an instant only where there is one', () => {
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

describe('threat: nothing is left to prove it with, and somebody is sent round in circles', () => {
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
    // nobody waits for what is no authenticator
    const signIn = { method: 'login' as never, level: 'phrh', settlesAt: NOW + 50 } as const
    expect(ask('pay', { enrolled: [signIn] }, changes).outcome).toBe('enroll')
    // where nothing must settle, nobody is told to wait
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

test('threat: a caller changes a decision, and with it every later one', () => {
  const policy = definePolicy({
    ...document,
    features: { ...document.features, open: { requires: { level: 'phr', methods: ['passkey'], bind: ['amount'] } } },
  } as never)
  const decision = decide(policy, { feature: 'open' as never, license: license('pro'), assurance: login, risk: 'normal', now: NOW })
  if (decision.outcome !== 'step_up') throw new Error(decision.outcome)
  const { requirement, reasons, next } = decision
  for (const each of [requirement, requirement.methods, requirement.bind, reasons, next.methods]) expect(Object.isFrozen(each)).toBe(true)
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

describe('threat: an account that demands something else at every request fills the memory, or slows everybody down', () => {
  const asker = () => {
    const policy = definePolicy(document)
    return (maxAgeSeconds?: number) => {
      const requires = maxAgeSeconds === undefined ? {} : { requires: { level: 'mfa', maxAgeSeconds } as const }
      const decision = decide(policy, { feature: 'pay', license: license('pro', requires), assurance: login, risk: 'normal', now: NOW })
      return decision.outcome === 'step_up' ? decision.requirement : undefined
    }
  }

  test('what is asked is worked out once, with and without a demand of the account', () => {
    const asks = asker()
    expect(asks()).toBeDefined()
    expect(asks()).toBe(asks())
    expect(asks(7)).toBe(asks(7))
    expect(asks(7)).not.toBe(asks())
  })

  test('the methods and reasons are worked out once too', () => {
    const policy = definePolicy(document)
    const enrolled = [{ method: 'passkey', level: 'phr' }] as const
    const answer = () => decide(policy, { feature: 'pay', license: license('pro'), assurance: login, risk: 'normal', enrolled, now: NOW })
    const [first, second] = [answer(), answer()]
    expect(first.outcome === 'step_up' && first.next.methods).toEqual(['passkey'])
    expect(first.reasons).toBe(second.reasons)
    expect(first.outcome === 'step_up' && first.next.methods).toBe(second.outcome === 'step_up' && second.next.methods)
  })

  test('64 demands are kept, and one more makes room', () => {
    const asks = asker()
    const first = asks(1)
    for (let age = 2; age <= 64; age++) asks(age)
    expect(asks(1)).toBe(first)
    asks(65)
    expect(asks(1)).not.toBe(first)
  })
})

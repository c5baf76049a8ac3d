import type { Assurance, License } from '@stile/protocol'
import { LEVELS, METHODS } from '@stile/protocol'
import { describe, expect, test, vi } from 'vitest'
import { NOW } from './arbitraries.test-support.ts'
import type { Enrolled } from './compile/variant.ts'
import { type DecideRequest, decide } from './decide.ts'
import { codes, license } from './example.test-support.ts'
import { explain } from './explain.ts'
import { settlesFor } from './feature.ts'
import { oracle, verdictOf } from './oracle.test-support.ts'
import { definePolicy } from './policy.ts'
import { canMeet, meets, methodsFor, newestProof } from './requirement.ts'

// many rows: a busy machine is no failure
vi.setConfig({ testTimeout: 60_000 })

const policy = definePolicy({
  format: 1,
  features: {
    open: { requires: { level: 'session', maxAge: '1h' } },
    mail: { requires: { level: 'session', methods: ['email-otp', 'totp'] } },
    factor: { requires: { level: 'mfa', maxAge: '15m' }, compliance: ['light'] },
    plain: { requires: { level: 'phr' } },
    ruled: { requires: { level: 'phr' }, compliance: ['light'] },
    pay: { requires: { level: 'phrh', bind: ['amount'] } },
    local: { requires: { level: 'mfa', methods: ['totp', 'passkey'] }, compliance: ['light'] },
  },
  tiers: { pro: { features: ['open', 'mail', 'factor', 'plain', 'ruled', 'pay', 'local'] } },
  compliance: { light: { requires: { level: 'session' }, because: 'Internal control 12' } },
  risk: { elevated: { level: 'session', maxAge: '30m' }, high: { level: 'mfa' } },
  enrollment: { settle: '1d' },
})

type Feature = (typeof policy.features)[number]

const LATER = NOW + 86_400
const nothing: Assurance = { proofs: [{ method: 'login', level: 'session', amr: [], authTime: 0 }] }
const given = (method: Assurance['proofs'][number]['method'], level: Enrolled['level'], settlesAt?: unknown): Assurance => ({
  proofs: [{ method, level, amr: [], authTime: NOW - 60, ...(settlesAt !== undefined && { settlesAt: settlesAt as number }) }],
})
const ask = (feature: Feature, more: Partial<DecideRequest<Feature>> = {}) =>
  decide(policy, { feature, license: license('pro'), assurance: nothing, risk: 'normal', now: NOW, ...more })

describe('what is new', () => {
  test('threat: an instant that cannot be read passes for one that has come', () => {
    expect(ask('ruled', { assurance: given('passkey', 'phr', NOW) }).outcome).toBe('permit')
    for (const unreadable of [null, '', '0', false, [], {}, { valueOf: () => 0 }, Number.NaN, Number.POSITIVE_INFINITY, 0n])
      expect(ask('ruled', { assurance: given('passkey', 'phr', unreadable) }).outcome, String(unreadable)).toBe('step_up')
  })

  test('threat: a thief enrols a key of their own and pays with it at once', () => {
    const key = { method: 'security-key', level: 'phrh', settlesAt: LATER } as const
    const operation = {
      operationDigest: 'd1',
      assurance: { ...given('security-key', 'phrh', LATER), operation: { feature: 'pay', digest: 'd1' } },
    }
    expect(ask('pay', operation).outcome).toBe('step_up')
    expect(ask('pay', { ...operation, now: LATER }).outcome).toBe('permit')
    expect(ask('pay', { ...operation, enrolled: [key] }).outcome).toBe('deny')
    expect(ask('pay', { ...operation, enrolled: [key, { ...key, settlesAt: NOW }] })).toMatchObject({
      outcome: 'step_up',
      next: { methods: ['security-key'] },
    })
  })

  test('counts in full if nothing is bound and no compliance rule speaks, and for mfa everywhere', () => {
    expect(ask('plain', { assurance: given('passkey', 'phr', LATER) }).outcome).toBe('permit')
    expect(ask('plain', { enrolled: [{ method: 'passkey', level: 'phr', settlesAt: LATER }] }).outcome).toBe('step_up')
    expect(ask('factor', { assurance: given('passkey', 'phr', LATER) }).outcome).toBe('permit')
  })

  test('threat: a new key hides an older one that counts, or an older one lends its time to the new one', () => {
    const fresh = { method: 'security-key', level: 'phr', amr: [], authTime: NOW, settlesAt: LATER } as const
    const old = { method: 'passkey', level: 'phr', amr: [], authTime: NOW - 500 } as const
    const requires = { level: 'phr', maxAgeSeconds: 300 } as const
    const both = { proofs: [fresh, old] }
    expect(ask('ruled', { assurance: both }).outcome).toBe('permit')
    expect(ask('ruled', { assurance: both, license: license('pro', { requires }) }).outcome).toBe('step_up')
    expect(ask('plain', { assurance: both, license: license('pro', { requires }) }).outcome).toBe('permit')
    expect(newestProof({ level: 'phr' }, both, NOW)).toBe(fresh)
    expect(newestProof({ level: 'phr' }, both, NOW, true)).toBe(old)
    expect(newestProof({ level: 'mfa' }, both, NOW, true)).toBe(fresh)
    expect(meets({ level: 'phr' }, { proofs: [fresh] }, NOW, true)).toBe(false)
    expect(meets({ level: 'phr' }, { proofs: [fresh] }, LATER, true)).toBe(true)
  })

  test('an authenticator that has not settled meets no more than mfa if it must have', () => {
    const key = { method: 'security-key', level: 'phrh', settlesAt: LATER } as const
    expect(canMeet({ level: 'phr' }, key)).toBe(true)
    expect(canMeet({ level: 'phr' }, key, NOW)).toBe(false)
    expect(canMeet({ level: 'mfa' }, key, NOW)).toBe(true)
    expect(canMeet({ level: 'phrh' }, key, LATER)).toBe(true)
  })

  test('who must wait is told from when it counts, rounded up to the minute, and is not sent to enrol once more', () => {
    const enrolled = [
      { method: 'passkey', level: 'phr', settlesAt: LATER + 1 },
      { method: 'security-key', level: 'phr', settlesAt: LATER + 90 },
      { method: 'totp', level: 'mfa', settlesAt: NOW + 5 },
    ] as const
    const decision = ask('ruled', { enrolled })
    expect(decision).toMatchObject({ outcome: 'deny' })
    expect(codes(decision)).toEqual(['compliance_required', 'step_up_required', 'enrollment_required'])
    const message = 'What you have enrolled is new, and counts for “ruled” only from 2027-01-16 08:01 UTC on. Come back then.'
    expect(decision.reasons.at(-1)).toEqual({ code: 'enrollment_required', source: '/enrollment/settle', message })
    expect(explain(decision)).toContain(`denied.\n  - Internal control 12 asks for a sign-in. [compliance_required`)
    expect(explain(decision)).toContain(`${message} [enrollment_required at /enrollment/settle]`)
    expect(ask('ruled', { enrolled, now: LATER + 1 })).toMatchObject({ outcome: 'step_up', next: { methods: ['passkey'] } })
    expect(ask('factor', { enrolled })).toMatchObject({ outcome: 'step_up', next: { methods: ['passkey', 'security-key', 'totp'] } })
  })

  test('who has nothing that will ever count is sent to enrol', () => {
    expect(ask('ruled', { enrolled: [{ method: 'totp', level: 'mfa', settlesAt: LATER }] })).toMatchObject({
      outcome: 'enroll',
      next: { methods: ['passkey', 'security-key'] },
    })
    expect(ask('pay', { enrolled: [{ method: 'security-key', level: 'phr', settlesAt: LATER }] }).outcome).toBe('enroll')
    expect(ask('ruled', { enrolled: [{ method: 'passkey', level: 'phr', settlesAt: Number.NaN }] }).outcome).toBe('enroll')
  })

  test('an organisation that binds an operation or a risk that raises makes new ones wait as well', () => {
    const requires = { level: 'phr', bind: ['amount'] } as const
    const assurance = { ...given('passkey', 'phr', LATER), operation: { feature: 'plain', digest: 'd1' } }
    const bound = { license: license('pro', { requires }), assurance, operationDigest: 'd1' }
    expect(ask('plain', bound).outcome).toBe('step_up')
    expect(ask('plain', { ...bound, now: LATER }).outcome).toBe('permit')
    expect(ask('ruled', { assurance: given('passkey', 'phr', LATER), risk: 'high' }).outcome).toBe('step_up')
  })

  test('which features make new ones wait can be asked', () => {
    const requirement = { level: 'phr' } as const
    expect(settlesFor(policy, 'ruled', requirement)).toBe(true)
    expect(settlesFor(policy, 'plain', requirement)).toBe(false)
    expect(settlesFor(policy, 'plain', { ...requirement, bind: ['amount'] })).toBe(true)
    expect(settlesFor(policy, 'plain', { ...requirement, bind: [] })).toBe(false)
    expect(settlesFor(policy, 'stile:authenticators', requirement)).toBe(false)
    expect(settlesFor(policy, 'constructor', requirement)).toBe(false)
  })
})

describe('a login provider that proves more than the session', () => {
  test.each(['mfa', 'phr'] as const)('is a way to prove %s, after what is enrolled', (level) => {
    const provider = { method: 'relogin', level } as const
    expect(ask('factor', { enrolled: [provider] })).toMatchObject({ outcome: 'step_up', next: { methods: ['relogin'] } })
    expect(ask('factor', { enrolled: [provider, { method: 'totp', level: 'mfa' }] })).toMatchObject({
      next: { methods: ['totp', 'relogin'] },
    })
    expect(ask('ruled', { enrolled: [provider] }).outcome).toBe(level === 'phr' ? 'step_up' : 'enroll')
    expect(ask('factor', { assurance: given('relogin', level) }).outcome).toBe('permit')
  })

  test('is never a way to enrol, and none for an operation or if a rule names other methods', () => {
    expect(ask('pay', { enrolled: [{ method: 'relogin', level: 'phrh' }] }).outcome).toBe('enroll')
    expect(ask('plain', { enrolled: [{ method: 'relogin', level: 'mfa' }] })).toMatchObject({
      outcome: 'enroll',
      next: { methods: ['passkey', 'security-key'] },
    })
    expect(ask('local', { enrolled: [{ method: 'relogin', level: 'phrh' }] })).toMatchObject({
      outcome: 'enroll',
      next: { methods: ['passkey', 'totp'] },
    })
    expect(ask('local', { assurance: given('relogin', 'phrh') }).outcome).toBe('step_up')
  })

  test('threat: a weak proof of the operation stands beside a strong login, and the operation passes as strongly proven', () => {
    const proofs = [...given('login', 'phrh').proofs, ...given('totp', 'mfa').proofs, ...given('relogin', 'phrh').proofs]
    const request = { assurance: { proofs, operation: { feature: 'pay', digest: 'd1' } }, operationDigest: 'd1' }
    expect(ask('pay', request)).toMatchObject({ outcome: 'step_up', next: { methods: ['security-key'] } })
    const requires = { level: 'session', bind: ['amount'] } as const
    const bound = {
      license: license('pro', { requires }),
      operationDigest: 'd1',
      enrolled: [{ method: 'relogin', level: 'phrh' }],
    } as const
    const operation = { feature: 'open', digest: 'd1' }
    for (const method of ['login', 'relogin'] as const)
      expect(ask('open', { ...bound, assurance: { ...given(method, 'phrh'), operation } })).toMatchObject({
        outcome: 'enroll',
        next: { methods: ['passkey', 'security-key', 'totp'] },
      })
    expect(ask('open', { ...bound, assurance: { ...given('email-otp', 'session'), operation } }).outcome).toBe('permit')
    expect(methodsFor(requires)).toEqual(['passkey', 'security-key', 'totp', 'email-otp'])
    expect(canMeet(requires, { method: 'relogin', level: 'phrh' })).toBe(false)
    expect(newestProof({ level: 'mfa', bind: ['amount'] }, { proofs }, NOW)?.method).toBe('totp')
  })

  test('without one, signing in again is a way for the session only', () => {
    expect(ask('open', { enrolled: [] })).toMatchObject({ next: { methods: ['relogin'] } })
    expect(ask('factor')).toMatchObject({ next: { methods: ['passkey', 'security-key', 'totp'] } })
    expect(ask('factor', { enrolled: [{ method: 'relogin', level: 'session' }] }).outcome).toBe('enroll')
  })
})

describe('a mailbox', () => {
  const mailbox = { method: 'email-otp', level: 'session' } as const

  test('renews a session, and is offered if the caller says there is one', () => {
    expect(ask('open', { enrolled: [mailbox] })).toMatchObject({ next: { methods: ['email-otp', 'relogin'] } })
    expect(ask('open', { assurance: given('email-otp', 'session') }).outcome).toBe('permit')
  })

  test('threat: somebody who reads the mailbox opens what risk raised, also if no more than the session is asked', () => {
    for (const risk of ['elevated', 'unknown', 'high'] as const) {
      const assurance = given('email-otp', 'session')
      expect(ask('open', { assurance, risk }).outcome).toBe('step_up')
      expect(JSON.stringify(ask('open', { assurance, risk, enrolled: [mailbox] }))).not.toContain('email-otp')
      expect(ask('mail', { assurance, risk })).toMatchObject({ outcome: 'step_up', next: { methods: ['totp'] } })
      const requires = { level: 'session', methods: ['email-otp'] } as const
      expect(ask('open', { assurance, risk, license: license('pro', { requires }) }).outcome).toBe('deny')
    }
    expect(ask('open', { risk: 'elevated', enrolled: [mailbox] })).toMatchObject({ next: { methods: ['relogin'] } })
  })

  test('threat: a mailbox or a recovery code that claims a level opens more than a session', () => {
    for (const level of LEVELS) {
      for (const feature of ['factor', 'plain', 'ruled', 'local'] as const) {
        expect(ask(feature, { assurance: given('email-otp', level) }).outcome).toBe('step_up')
        expect(ask(feature, { enrolled: [{ method: 'email-otp', level }] }).outcome).toBe('enroll')
      }
      for (const feature of ['open', 'mail', 'factor', 'plain', 'ruled', 'local'] as const)
        expect(ask(feature, { assurance: given('recovery-code', level) }).outcome).toBe('step_up')
      expect(ask('open', { enrolled: [{ method: 'recovery-code', level }] })).toMatchObject({ next: { methods: ['relogin'] } })
    }
  })
})

test('the table of proof, enrolment, age of the authenticator, risk and binding comes out as the oracle says, and every outcome occurs', () => {
  const instants = [undefined, NOW - 1, NOW, NOW + 1]
  const licenses: License[] = [license('pro'), license('pro', { requires: { level: 'phr', bind: ['amount'] } })]
  const one = (method: Enrolled['method'], level: Enrolled['level']): Enrolled[][] =>
    instants.map((settlesAt) => [{ method, level, ...(settlesAt !== undefined && { settlesAt }) }])
  const enrolments: (Enrolled[] | undefined)[] = [
    undefined,
    [],
    ...one('passkey', 'phr'),
    ...one('security-key', 'phrh'),
    ...one('relogin', 'mfa'),
    [{ method: 'relogin', level: 'phrh' }],
    [
      { method: 'email-otp', level: 'session' },
      { method: 'totp', level: 'mfa' },
    ],
    [
      { method: 'passkey', level: 'phr', settlesAt: NOW + 1 },
      { method: 'security-key', level: 'phr' },
      { method: 'relogin', level: 'session' },
    ],
  ]
  const seen: Record<string, number> = {}
  for (const feature of policy.features) {
    for (const held of licenses) {
      for (const method of [...METHODS, 'login'] as const) {
        for (const level of LEVELS) {
          for (const settlesAt of instants) {
            const assurance = { ...given(method, level, settlesAt), operation: { feature, digest: 'd1' } }
            for (const risk of ['normal', 'elevated', 'high'] as const) {
              for (const enrolled of enrolments) {
                const request = { feature, license: held, assurance, risk, enrolled, operationDigest: 'd1', now: NOW }
                const found = verdictOf(decide(policy, request))
                const verdict = oracle(policy.document, request)
                // comparing texts is faster than matchers, and there are tens of thousands of rows
                if (JSON.stringify(found) !== JSON.stringify(verdict)) expect(found, JSON.stringify(request)).toEqual(verdict)
                const name = [verdict.outcome, verdict.code].filter(Boolean).join(' ')
                seen[name] = (seen[name] ?? 0) + 1
              }
            }
          }
        }
      }
    }
  }
  expect(Object.keys(seen).toSorted()).toEqual([
    'deny enrollment_required',
    'deny requirement_unsatisfiable',
    'enroll',
    'permit',
    'step_up',
  ])
})

import type { Requirement } from '@stile/protocol'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { assurances, NOW, requirements } from './arbitraries.test-support.ts'
import { canMeet, combine, isSessionOnly, meets, methodsFor, newestProof } from './requirement.ts'

// many generated cases: a busy machine is no failure
vi.setConfig({ testTimeout: 60_000 })

test('combining is commutative', () => {
  fc.assert(
    fc.property(requirements, requirements, (a, b) => {
      expect(combine(a, b)).toEqual(combine(b, a))
    }),
  )
})

test('combining is associative', () => {
  fc.assert(
    fc.property(requirements, requirements, requirements, (a, b, c) => {
      expect(combine(combine(a, b), c)).toEqual(combine(a, combine(b, c)))
      expect(combine(a, b, c)).toEqual(combine(combine(a, b), c))
    }),
  )
})

test('combining is idempotent', () => {
  fc.assert(
    fc.property(requirements, requirements, (a, b) => {
      expect(combine(a, a)).toEqual(combine(a))
      expect(combine(combine(a, b), b)).toEqual(combine(a, b))
    }),
  )
})

test('a requirement that was added is never met by less', () => {
  fc.assert(
    fc.property(requirements, requirements, assurances, (a, b, assurance) => {
      if (meets(combine(a, b), assurance, NOW)) expect(meets(a, assurance, NOW) && meets(b, assurance, NOW)).toBe(true)
    }),
  )
})

test('combining takes the highest level, smallest age, common methods, all bindings and the latest instant', () => {
  const a: Requirement = { level: 'mfa', maxAgeSeconds: 60, provenAfter: 10, methods: ['totp', 'passkey'], bind: ['payee', 'amount'] }
  const b: Requirement = { level: 'phr', maxAgeSeconds: 900, provenAfter: 20, methods: ['passkey', 'security-key'], bind: ['currency'] }
  expect(combine(a, b)).toEqual({
    level: 'phr',
    maxAgeSeconds: 60,
    provenAfter: 20,
    methods: ['passkey'],
    bind: ['amount', 'currency', 'payee'],
  })
})

test('methods that have nothing in common stay an empty list, which nothing meets', () => {
  const none = combine({ level: 'mfa', methods: ['totp'] }, { level: 'mfa', methods: ['passkey'] })
  expect(none.methods).toEqual([])
  expect(methodsFor(none)).toEqual([])
  expect(meets(none, { proofs: [{ method: 'totp', level: 'mfa', amr: [], authTime: NOW }] }, NOW)).toBe(false)
})

test('of all proofs that meet a requirement the newest is found, not the strongest', () => {
  const strong = { method: 'passkey', level: 'phr', amr: [], authTime: NOW - 60 } as const
  const recent = { method: 'totp', level: 'mfa', amr: [], authTime: NOW - 10 } as const
  expect(newestProof({ level: 'mfa' }, { proofs: [strong, recent] }, NOW)).toBe(recent)
  expect(newestProof({ level: 'phr' }, { proofs: [recent, strong] }, NOW)).toBe(strong)
  expect(newestProof({ level: 'phrh' }, { proofs: [recent, strong] }, NOW)).toBeUndefined()
})

test('threat: a proof of the future would stay fresh for ever; beyond the skew of clocks it is ignored', () => {
  const at = (authTime: number) => ({ proofs: [{ method: 'totp', level: 'mfa', amr: [], authTime } as const] })
  expect(meets({ level: 'mfa', maxAgeSeconds: 60 }, at(NOW + 30), NOW)).toBe(true)
  expect(meets({ level: 'mfa', maxAgeSeconds: 60 }, at(NOW + 31), NOW)).toBe(false)
  expect(meets({ level: 'mfa' }, at(NOW + 31), NOW)).toBe(false)
})

test('threat: a login without a trusted time must not pass for a fresh one; its age is infinite', () => {
  for (const authTime of [0, -1, Number.NaN, Number.NEGATIVE_INFINITY, '1' as never, undefined as never]) {
    const assurance = { proofs: [{ method: 'login', level: 'mfa', amr: [], authTime } as const] }
    expect(meets({ level: 'mfa', maxAgeSeconds: 315_360_000 }, assurance, 10)).toBe(false)
    expect(meets({ level: 'mfa', provenAfter: 0 }, assurance, 10)).toBe(false)
  }
  expect(meets({ level: 'mfa' }, { proofs: [{ method: 'login', level: 'mfa', amr: [], authTime: 0 }] }, 10)).toBe(true)
})

test('threat: a method must not count for more than it can reach, whatever its record says', () => {
  const claims = (method: 'totp' | 'email-otp' | 'recovery-code' | 'passkey') => ({
    proofs: [{ method, level: 'phrh', amr: [], authTime: NOW } as const],
  })
  expect(meets({ level: 'phr' }, claims('totp'), NOW)).toBe(false)
  expect(meets({ level: 'mfa' }, claims('totp'), NOW)).toBe(true)
  expect(meets({ level: 'mfa' }, claims('email-otp'), NOW)).toBe(false)
  expect(meets({ level: 'session' }, claims('recovery-code'), NOW)).toBe(false)
  expect(meets({ level: 'phrh' }, claims('passkey'), NOW)).toBe(false)
  expect(canMeet({ level: 'phrh' }, { method: 'passkey', level: 'phrh' })).toBe(false)
  expect(canMeet({ level: 'phrh' }, { method: 'security-key', level: 'phrh' })).toBe(true)
})

test('the login counts for a list of methods only if signing in again does', () => {
  const assurance = { proofs: [{ method: 'login', level: 'mfa', amr: [], authTime: NOW } as const] }
  expect(meets({ level: 'session', methods: ['relogin'] }, assurance, NOW)).toBe(true)
  expect(meets({ level: 'session', methods: ['totp'] }, assurance, NOW)).toBe(false)
})

test('an unknown level is met by nothing, alone and combined', () => {
  const unknown = { level: 'root' as never }
  const assurance = { proofs: [{ method: 'security-key', level: 'phrh', amr: [], authTime: NOW } as const] }
  expect(meets(unknown, assurance, NOW)).toBe(false)
  expect(meets(combine(unknown, { level: 'session' }), assurance, NOW)).toBe(false)
  expect(methodsFor(unknown)).toEqual([])
})

test('only a bare session needs no token', () => {
  expect(isSessionOnly({ level: 'session' })).toBe(true)
  expect(isSessionOnly({ level: 'session', maxAgeSeconds: 60 })).toBe(false)
  expect(isSessionOnly({ level: 'session', bind: ['amount'] })).toBe(false)
  expect(isSessionOnly({ level: 'mfa' })).toBe(false)
})

test('hostile proofs never throw and never meet anything', () => {
  fc.assert(
    fc.property(requirements, fc.array(fc.anything()), (requirement, values) => {
      expect(meets(requirement, { proofs: values as never }, NOW)).toBe(false)
    }),
  )
})

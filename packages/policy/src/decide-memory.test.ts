import { describe, expect, test } from 'vitest'
import { NOW } from './arbitraries.test-support.ts'
import { decide } from './decide.ts'
import { license, login } from './example.test-support.ts'
import { definePolicy } from './policy.ts'
import { document } from './small-policy.test-support.ts'

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

import { ASSURANCE_MAX_SECONDS, type AssuranceClaims, CLOCK_SKEW_SECONDS } from '@stile/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRevocations, type Revocations } from './revocations.ts'
import { TOKEN_LEEWAY_SECONDS } from './token.ts'

const NOW = 1_800_000_000
const issued = (iat: number, who: Partial<AssuranceClaims> = {}): AssuranceClaims =>
  ({ iat, sid: 'sid-1', account: 'acme', sub: 'demo|ada', ...who }) as AssuranceClaims
const at = (time: number): { clock: { now: number }; revocations: Revocations } => {
  const clock = { now: time }
  return { clock, revocations: createRevocations({ now: () => clock.now }) }
}

test('threat: a service whose clock is ahead, so that a token from before its revocation lies in the future here', () => {
  const { revocations } = at(NOW)
  revocations.add({ sid: 'sid-1', before: NOW + CLOCK_SKEW_SECONDS })
  expect(revocations.isRevoked(issued(NOW + CLOCK_SKEW_SECONDS))).toBe(true)
  expect(revocations.isRevoked(issued(NOW + CLOCK_SKEW_SECONDS + 1))).toBe(false)
  expect(revocations.isRevoked(issued(NOW, { sid: 'sid-2' }))).toBe(false)
})

test('threat: a revocation that is forgotten while a token from before it is still taken, also after the clock was set back', () => {
  const { clock, revocations } = at(NOW)
  revocations.add({ sid: 'sid-1', before: NOW })
  // the last second in which a token that was issued at that instant is taken, and as far ahead as a clock may be
  clock.now = NOW + ASSURANCE_MAX_SECONDS + TOKEN_LEEWAY_SECONDS + CLOCK_SKEW_SECONDS
  revocations.add({ sid: 'sid-2', before: clock.now })
  expect(revocations.isRevoked(issued(NOW))).toBe(true)
  clock.now += 20
  revocations.add({ sid: 'sid-2', before: clock.now })
  expect(revocations.isRevoked(issued(NOW))).toBe(false)
})

test('threat: one subject ends ten thousand sessions, and everybody’s tokens are refused', () => {
  const { revocations } = at(NOW)
  for (let index = 0; index <= 10_000; index++) revocations.add({ subject: 'demo|mallory', sid: `dev-${index}`, before: NOW })
  expect(revocations.isRevoked(issued(NOW - 5))).toBe(false)
  // all of them count, and what was issued to the subject later does not
  for (const sid of ['dev-0', 'dev-10000', 'dev-x']) expect(revocations.isRevoked(issued(NOW, { sub: 'demo|mallory', sid }))).toBe(true)
  expect(revocations.isRevoked(issued(NOW + 1, { sub: 'demo|mallory', sid: 'dev-1' }))).toBe(false)
})

test('threat: a hundred thousand revocations of as many subjects refuse somebody whom they do not name', () => {
  const { revocations } = at(NOW)
  for (let index = 0; index < 100_000; index++) revocations.add({ subject: `demo|${index}`, sid: `sid-${index}`, before: NOW })
  expect(revocations.isRevoked(issued(NOW - 300))).toBe(false)
  for (const index of [0, 50_000, 99_999]) {
    expect(revocations.isRevoked(issued(NOW, { sub: `demo|${index}`, sid: `sid-${index}` }))).toBe(true)
    expect(revocations.isRevoked(issued(NOW, { sub: `demo|${index}` }))).toBe(false)
  }
})

test('threat: more than can be remembered lets a revoked token pass. The greediest subjects are folded first, then the oldest', () => {
  const clock = { now: NOW }
  const revocations = createRevocations({ now: () => clock.now, max: 100 })
  const revoked = (iat: number, sub: string, sid: string): boolean => revocations.isRevoked(issued(iat, { sub, sid }))
  for (let index = 0; index < 60; index++) revocations.add({ subject: 'demo|greedy', sid: `g-${index}`, before: NOW })
  revocations.add({ subject: 'demo|eve', sid: 'e-1', before: NOW })
  revocations.add({ subject: 'demo|eve', sid: 'e-2', before: NOW })
  for (let index = 0; index < 50; index++) revocations.add({ subject: `demo|${index}`, sid: 's', before: NOW + 1 })
  expect([revoked(NOW, 'demo|greedy', 'other'), revoked(NOW, 'demo|eve', 'e-2'), revoked(NOW, 'demo|eve', 'e-3')]).toEqual([
    true,
    true,
    false,
  ])
  expect(revoked(NOW - 5, 'demo|ada', 'sid-1')).toBe(false)
  for (let index = 50; index < 200; index++) revocations.add({ subject: `demo|${index}`, sid: 's', before: NOW + 2 })
  for (let index = 0; index < 200; index++) expect(revoked(NOW, `demo|${index}`, 's')).toBe(true)
  expect(revoked(NOW + 3, 'demo|ada', 'sid-1')).toBe(false)
})

test('threat: long names take more memory than is counted, or are mixed up with each other', () => {
  const { revocations } = at(NOW)
  const long = 'x'.repeat(250)
  revocations.add({ subject: `demo|${long}1`, sid: `${long}1`, before: NOW })
  revocations.add({ account: `${long}1`, before: NOW })
  expect(revocations.isRevoked(issued(NOW, { sub: `demo|${long}1`, sid: `${long}1` }))).toBe(true)
  expect(revocations.isRevoked(issued(NOW, { sub: `demo|${long}1`, sid: `${long}2` }))).toBe(false)
  expect(revocations.isRevoked(issued(NOW, { sub: `demo|${long}2`, sid: `${long}1` }))).toBe(false)
  expect(revocations.isRevoked(issued(NOW, { account: `${long}1` }))).toBe(true)
  expect(revocations.isRevoked(issued(NOW, { account: `${long}2` }))).toBe(false)
})

test('property: exactly those tokens are refused that a revocation names', () => {
  const name = (prefix: string) => fc.constantFrom(undefined, `${prefix}1`, `${prefix}2`)
  const revocation = fc.record({ sid: name('s'), account: name('a'), subject: name('u'), before: fc.integer({ min: NOW - 3, max: NOW }) })
  fc.assert(
    fc.property(fc.array(revocation, { maxLength: 8 }), fc.integer({ min: NOW - 4, max: NOW + 1 }), (list, iat) => {
      const { revocations } = at(NOW)
      for (const { sid, account, subject, before } of list) {
        revocations.add({ before, ...(sid && { sid }), ...(account && { account }), ...(subject && { subject }) })
      }
      for (const sid of ['s1', 's2']) {
        for (const account of ['a1', 'a2']) {
          const expected = list.some(
            (each) =>
              iat <= each.before &&
              [sid, undefined].includes(each.sid) &&
              [account, undefined].includes(each.account) &&
              each.subject !== 'u2',
          )
          expect(revocations.isRevoked(issued(iat, { sid, account, sub: 'u1' }))).toBe(expected)
        }
      }
    }),
  )
})

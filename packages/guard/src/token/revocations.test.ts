import { ASSURANCE_MAX_SECONDS, type AssuranceClaims, CLOCK_SKEW_SECONDS } from '@stile/protocol'
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

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createReplayMemory, type UsedProof } from './replay.ts'

/** A proof of a device that is its subject's only one. */
const proofOf = (jkt: string, jti: string, madeAt: number): UsedProof => ({ subject: `owner of ${jkt}`, jkt, jti, madeAt })

test('exactly one of a burst is fresh', () => {
  const memory = createReplayMemory({ now: () => 1_000, windowSeconds: 60 })
  const verdicts = Array.from({ length: 50 }, () => memory.use(proofOf('key', 'jti', 1_000)))
  expect(verdicts.filter((each) => each === 'fresh')).toHaveLength(1)
})

test('the same jti of another device is another proof', () => {
  const memory = createReplayMemory({ now: () => 1_000, windowSeconds: 60 })
  expect([memory.use(proofOf('a', 'jti', 1_000)), memory.use(proofOf('b', 'jti', 1_000))]).toEqual(['fresh', 'fresh'])
})

test('threat: a flood makes it forget. A full memory refuses, and has room again when the window is over', () => {
  let now = 1_000
  const memory = createReplayMemory({ now: () => now, windowSeconds: 60, max: 3 })
  expect(['1', '2', '3', '4'].map((jti) => memory.use(proofOf(`key-${jti}`, jti, now)))).toEqual(['fresh', 'fresh', 'fresh', 'full'])
  expect(memory.use(proofOf('key-1', '1', 1_000))).toBe('replayed')
  now += 180
  expect(memory.use(proofOf('key', '5', now))).toBe('fresh')
})

test('threat: one device fills it for all', () => {
  const memory = createReplayMemory({ now: () => 1_000, windowSeconds: 60, maxPerDevice: 2 })
  expect(['1', '2', '3'].map((jti) => memory.use(proofOf('greedy', jti, 1_000)))).toEqual(['fresh', 'fresh', 'full'])
  expect(memory.use(proofOf('other', '1', 1_000))).toBe('fresh')
})

test('threat: one subject with many devices fills it for all', () => {
  const memory = createReplayMemory({ now: () => 1_000, windowSeconds: 60, maxPerSubject: 2 })
  const use = (subject: string, jkt: string): string => memory.use({ subject, jkt, jti: '1', madeAt: 1_000 })
  expect(['a', 'b', 'c'].map((jkt) => use('greedy', jkt))).toEqual(['fresh', 'fresh', 'full'])
  expect(use('greedy', 'a')).toBe('replayed')
  expect(use('other', 'd')).toBe('fresh')
})

test('threat: a subject spreads proofs over the times that they may claim, to hold more than its share', () => {
  const memory = createReplayMemory({ now: () => 1_000, windowSeconds: 60, maxPerSubject: 2 })
  const use = (madeAt: number): string => memory.use({ subject: 'greedy', jkt: `key-${madeAt}`, jti: '1', madeAt })
  expect([940, 1_000, 1_060].map(use)).toEqual(['fresh', 'fresh', 'full'])
})

test('a device that another subject uses too does not make a used proof fresh', () => {
  const memory = createReplayMemory({ now: () => 1_000, windowSeconds: 60 })
  const proof = { jkt: 'key', jti: 'jti', madeAt: 1_000 }
  expect([memory.use({ subject: 'a', ...proof }), memory.use({ subject: 'b', ...proof })]).toEqual(['fresh', 'replayed'])
})

test('threat: the clock is set back to a time that was forgotten', () => {
  let now = 1_000
  const memory = createReplayMemory({ now: () => now, windowSeconds: 60 })
  expect(memory.use(proofOf('key', 'jti', 1_000))).toBe('fresh')
  now = 2_000
  expect(memory.use(proofOf('key', 'later', 2_000))).toBe('fresh')
  now = 1_000
  expect(memory.use(proofOf('key', 'jti', 1_000))).toBe('full')
})

test('a proof that is as old as it may be is still told from one that was used', () => {
  let now = 1_020
  const memory = createReplayMemory({ now: () => now, windowSeconds: 60 })
  expect(memory.use(proofOf('key', 'early', 1_020))).toBe('fresh')
  now = 1_080
  expect(memory.use(proofOf('key', 'early', 1_020))).toBe('replayed')
  expect(memory.use(proofOf('key', 'slow', 1_020))).toBe('fresh')
  now = 1_135
  expect(memory.use(proofOf('key', 'late', 1_075))).toBe('fresh')
})

test('nothing is ever fresh twice while it could be accepted, however time passes', () => {
  const step = fc.record({ wait: fc.nat(70), jti: fc.constantFrom('a', 'b', 'c'), skew: fc.integer({ min: -60, max: 60 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let now = 10_000
      const memory = createReplayMemory({ now: () => now, windowSeconds: 60, max: 5 })
      const used = new Set<string>()
      for (const { wait, jti, skew } of steps) {
        now += wait
        // a proof is its jti and its iat together: a device that signs the same jti again made another one
        const iat = now + skew
        const name = `${jti}@${Math.floor(iat / 60)}`
        const verdict = memory.use(proofOf('key', jti, iat))
        if (used.has(name)) expect(verdict).not.toBe('fresh')
        if (verdict === 'fresh') used.add(name)
      }
    }),
  )
})

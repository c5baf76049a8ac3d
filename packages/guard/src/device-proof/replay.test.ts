import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createReplayMemory, proofsIn, type UsedProof } from './replay.ts'

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

test('threat: one subject with many devices fills it for all. It gets half, and another one half of what is left', () => {
  const memory = createReplayMemory({ now: () => 1_000, windowSeconds: 60, max: 1_000 })
  let made = 0
  const flood = (subject: string): number => {
    for (let used = 0; ; used++) if (memory.use({ subject, jkt: `key-${made++}`, jti: '1', madeAt: 1_000 }) !== 'fresh') return used
  }
  expect(flood('greedy')).toBe(500)
  expect(flood('next')).toBe(250)
  expect(memory.use({ subject: 'greedy', jkt: 'key-0', jti: '1', madeAt: 1_000 })).toBe('replayed')
  expect(memory.usage()).toMatchObject({ entries: 750, refusals: 2 })
})

test('threat: a thousand subjects fill it for one more', () => {
  const memory = createReplayMemory({ now: () => 1_000, windowSeconds: 60, max: 100_000 })
  for (let round = 0; round < 200; round++)
    for (let each = 0; each < 1_000; each++) memory.use({ subject: `greedy-${each}`, jkt: 'key', jti: `${each}-${round}`, madeAt: 1_000 })
  expect(memory.usage().refusals).toBeGreaterThan(0)
  for (let each = 0; each < 45; each++) expect(memory.use(proofOf('other', `${each}`, 1_000))).toBe('fresh')
})

test('threat: a subject spreads proofs over the times that they may claim, to hold more than its share', () => {
  const memory = createReplayMemory({ now: () => 1_000, windowSeconds: 60, max: 4 })
  const use = (madeAt: number): string => memory.use({ subject: 'greedy', jkt: `key-${madeAt}`, jti: '1', madeAt })
  expect([940, 1_000, 1_060].map(use)).toEqual(['fresh', 'fresh', 'full'])
})

test('what is forgotten gives its subject room again', () => {
  let now = 1_000
  const memory = createReplayMemory({ now: () => now, windowSeconds: 60, max: 4 })
  const use = (jti: string): string => memory.use({ subject: 'one', jkt: 'key', jti, madeAt: now })
  expect(['1', '2', '3'].map(use)).toEqual(['fresh', 'fresh', 'full'])
  now += 62
  expect(['4', '5', '6'].map(use)).toEqual(['fresh', 'fresh', 'full'])
  expect(memory.usage().entries).toBe(2)
})

test('an eighth of the default is enough for an eighth of 10,000 proofs a second, of many subjects or of one, with clocks that are ahead', () => {
  const budget = 8 * 2 ** 20
  for (const { subjects, ahead } of [
    { subjects: 500, ahead: 60 },
    { subjects: 1, ahead: 0 },
  ]) {
    let now = 1_000
    const memory = createReplayMemory({ now: () => now, windowSeconds: 60, max: proofsIn(budget) })
    for (let second = 0; second < 125; second++, now++) {
      for (let each = 0; each < 1_250; each++) {
        const name = `${each % subjects}`
        const verdict = memory.use({ subject: name, jkt: name, jti: `${second}-${each}`, madeAt: now + ahead })
        if (verdict !== 'fresh') throw new Error(`Refused after ${second} seconds.`)
      }
    }
    expect(memory.usage()).toMatchObject({ refusals: 0 })
    expect(memory.usage().bytes).toBeLessThanOrEqual(budget)
  }
})

test('threat: ids are spread so that their tables take the most. The budget holds all the same', () => {
  const budget = 2 * 2 ** 20
  const memory = createReplayMemory({ now: () => 1_000, windowSeconds: 60, max: proofsIn(budget) })
  // a table doubles with its 49th, 97th, 193rd … id
  const most = 3 * 2 ** 8 + 1
  for (let second = 940; second <= 1_060; second++)
    for (let each = 0; each < most; each++) memory.use({ subject: `${second}-${each}`, jkt: 'key', jti: `${each}`, madeAt: second })
  expect(memory.usage().bytes).toBeLessThanOrEqual(budget)
  expect(memory.usage().bytes).toBeGreaterThan(budget / 2)
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
        const name = `${jti}@${Math.floor(iat)}`
        const verdict = memory.use(proofOf('key', jti, iat))
        if (used.has(name)) expect(verdict).not.toBe('fresh')
        if (verdict === 'fresh') used.add(name)
      }
    }),
  )
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Store } from '../store.ts'
import { BURST, burst, T0 } from './fixtures.test-support.ts'

const WINDOW = 900
const LIMIT = 3
const HIT = { key: 'alice', now: T0, windowSeconds: WINDOW } as const

/** The window as it should behave, in a few lines: what a property test compares the store with. */
function modelOfWindows() {
  const windows = new Map<string, { count: number; resetsAt: number }>()
  const present = (key: string, now: number) => {
    const window = windows.get(key)
    return window !== undefined && window.resetsAt > now ? window : undefined
  }
  return {
    hit: (key: string, now: number) => {
      const window = present(key, now) ?? { count: 0, resetsAt: now + WINDOW }
      if (window.count >= LIMIT) return { counted: false, ...window }
      windows.set(key, { ...window, count: window.count + 1 })
      return { counted: true, ...window, count: window.count + 1 }
    },
    forgive: (key: string, resetsAt: number) => {
      const window = windows.get(key)
      if (window?.resetsAt !== resetsAt) return
      if (window.count === 1) windows.delete(key)
      else windows.set(key, { ...window, count: window.count - 1 })
    },
    count: (key: string, now: number) => present(key, now) ?? { count: 0, resetsAt: now },
  }
}

/** Windows of attempts. */
export function attemptsContract(store: () => Store): void {
  describe('attempts', () => {
    it('threat: guesses sent at the same time would share one count', async () => {
      const hits = await burst(() => store().attempts.hit({ ...HIT, limit: BURST }))
      expect(hits.map(({ count }) => count).sort((one, other) => one - other)).toEqual(
        Array.from({ length: BURST }, (_, index) => index + 1),
      )
      expect(new Set(hits.map(({ resetsAt }) => resetsAt))).toEqual(new Set([T0 + WINDOW]))
      expect(await store().attempts.count({ key: 'alice', now: T0 + 1 })).toEqual({ count: BURST, resetsAt: T0 + WINDOW })
    })

    it('threat: a burst would get more attempts than the limit, or refused ones would draw it out', async () => {
      const hits = await burst(() => store().attempts.hit({ ...HIT, limit: LIMIT }))
      expect(hits.filter(({ counted }) => counted)).toHaveLength(LIMIT)
      expect(hits.filter(({ counted }) => !counted)).toEqual(
        Array.from({ length: BURST - LIMIT }, () => ({ counted: false, count: LIMIT, resetsAt: T0 + WINDOW })),
      )
      expect(await store().attempts.count({ key: 'alice', now: T0 })).toEqual({ count: LIMIT, resetsAt: T0 + WINDOW })
    })

    it('takes back exactly as many as were forgiven', async () => {
      await burst(() => store().attempts.hit({ ...HIT, limit: BURST }))
      await burst(() => store().attempts.forgive({ key: 'alice', resetsAt: T0 + WINDOW }), 20)
      expect((await store().attempts.count({ key: 'alice', now: T0 })).count).toBe(BURST - 20)
      await burst(() => store().attempts.forgive({ key: 'alice', resetsAt: T0 + WINDOW }))
      expect((await store().attempts.count({ key: 'alice', now: T0 })).count).toBe(0)
    })

    it('threat: what is taken back of a window that is over would buy attempts in the next', async () => {
      const { resetsAt } = await store().attempts.hit({ ...HIT, limit: LIMIT })
      for (let each = 0; each < LIMIT; each++) await store().attempts.hit({ ...HIT, now: T0 + WINDOW, limit: LIMIT })
      await burst(() => store().attempts.forgive({ key: 'alice', resetsAt }))
      expect(await store().attempts.count({ key: 'alice', now: T0 + WINDOW })).toEqual({ count: LIMIT, resetsAt: T0 + 2 * WINDOW })
    })

    it('agrees with the model for any order of hits, forgiveness and time', async () => {
      let run = 0
      const step = fc.record({
        verb: fc.constantFrom('hit', 'hit', 'forgive', 'count'),
        key: fc.constantFrom('alice', 'bob'),
        later: fc.constantFrom(0, 1, 400, WINDOW - 1, WINDOW, WINDOW + 1),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          run += 1
          const model = modelOfWindows()
          let now = T0
          let resetsAt = T0
          for (const { verb, key: name, later } of steps) {
            now += later
            const key = `${run}:${name}`
            if (verb === 'hit') {
              const hit = await store().attempts.hit({ key, now, windowSeconds: WINDOW, limit: LIMIT })
              expect(hit).toEqual(model.hit(key, now))
              resetsAt = hit.resetsAt
            } else if (verb === 'forgive') {
              await store().attempts.forgive({ key, resetsAt })
              model.forgive(key, resetsAt)
            }
            expect(await store().attempts.count({ key, now })).toEqual(model.count(key, now))
          }
        }),
        { numRuns: 60 },
      )
    })
  })
}

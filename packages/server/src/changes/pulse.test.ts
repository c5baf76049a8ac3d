import { expect, test } from 'vitest'
import { createPulse } from './pulse.ts'

test('everybody is called once a period, not all at the same instant, and nobody after leaving', async () => {
  const pulse = createPulse(0.16)
  const calls = Array.from({ length: 64 }, () => 0)
  let most = 0
  let now = 0
  const leave = calls.map((_, index) =>
    pulse.add(() => {
      calls[index] = (calls[index] ?? 0) + 1
      now += 1
      most = Math.max(most, now)
      queueMicrotask(() => {
        now = 0
      })
    }),
  )
  await expect.poll(() => Math.min(...calls), { interval: 5 }).toBe(2)
  expect(Math.max(...calls)).toBeLessThanOrEqual(3)
  expect(most).toBe(4)
  for (const each of leave) {
    each()
    each()
  }
  const before = [...calls]
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(calls).toEqual(before)
  const again = Promise.withResolvers<void>()
  const stop = pulse.add(() => again.resolve())
  await again.promise
  stop()
})

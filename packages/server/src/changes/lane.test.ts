import { expect, test } from 'vitest'
import { createLane } from './lane.ts'

test('no more tasks run at once than the lane is wide, a failed one makes room, and all are answered in order', async () => {
  const lane = createLane(3)
  let running = 0
  let most = 0
  const order: number[] = []
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      lane(async () => {
        running += 1
        most = Math.max(most, running)
        order.push(index)
        await new Promise((resolve) => setImmediate(resolve))
        running -= 1
        if (index % 5 === 0) throw new Error('failed')
        return index
      }),
    ),
  )
  expect(most).toBe(3)
  expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index))
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(4)
})

test('threat: tasks that wait for nothing keep everything else from its turn', async () => {
  const lane = createLane(4, 5)
  let done = 0
  let turns = 0
  const tasks = Promise.all(
    Array.from({ length: 40 }, () =>
      lane(async () => {
        const until = performance.now() + 2
        while (performance.now() < until);
        done += 1
      }),
    ),
  )
  let most = 0
  while (done < 40) {
    const before = done
    await new Promise((resolve) => setImmediate(resolve))
    most = Math.max(most, done - before)
    turns += 1
  }
  await tasks
  // a slice of 5 ms, and what was under way at its end
  expect(most).toBeLessThanOrEqual(8)
  expect(turns).toBeGreaterThanOrEqual(5)
})

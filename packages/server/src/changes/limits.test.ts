import { expect, test } from 'vitest'
import { createLane, createOpenStreams } from './limits.ts'

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

test('leaving twice makes room once', () => {
  const streams = createOpenStreams(2)
  const leave = streams.enter('a')
  streams.enter('a')
  expect(streams.enter('a')).toBeUndefined()
  leave?.()
  leave?.()
  expect(streams.enter('a')).toBeDefined()
  expect(streams.enter('a')).toBeUndefined()
  expect(streams.enter('b')).toBeDefined()
})

import { expect, test } from 'vitest'
import { createOpenStreams } from './limits.ts'

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

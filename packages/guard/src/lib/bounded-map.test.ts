import { expect, test } from 'vitest'
import { createBoundedMap } from './bounded-map.ts'

test('tells of every entry that is no longer there, so that what is kept beside it does not grow', () => {
  const dropped: string[] = []
  const map = createBoundedMap<string, number>(2, (key, value) => void dropped.push(`${key}${value}`))
  map.set('a', 1)
  map.set('b', 1)
  map.set('a', 2)
  map.set('c', 1)
  map.get('a')
  map.set('d', 1)
  map.delete('d')
  map.delete('d')
  map.clear()
  expect(dropped).toEqual(['a1', 'b1', 'c1', 'd1', 'a2'])
  expect([map.size(), map.peek('a')]).toEqual([0, undefined])
})

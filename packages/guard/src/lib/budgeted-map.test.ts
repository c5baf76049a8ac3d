import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBudgetedMap } from './budgeted-map.ts'

test('forgets what was not used for longest, about: what was read since others were forgotten stays', () => {
  const dropped: string[] = []
  const map = createBudgetedMap<string, number>({ maxBytes: 4, sizeOf: () => 1, onDrop: (key) => void dropped.push(key) })
  for (const key of ['a', 'b', 'c', 'd']) map.set(key, 1)
  map.set('e', 1)
  expect(dropped).toEqual(['a'])
  expect(map.get('b')).toBe(1)
  map.set('f', 1)
  map.set('g', 1)
  expect(dropped).toEqual(['a', 'c', 'd'])
  expect([map.get('b'), map.usage()]).toEqual([1, { bytes: 4, entries: 4, evictions: 3 }])
})

test('what lies beside it is counted, and what is larger than all of it is not kept', () => {
  const map = createBudgetedMap<string, number>({ maxBytes: 10, sizeOf: (_, value) => value })
  map.set('a', 4)
  map.set('b', 4)
  map.charge(4)
  expect([map.get('a'), map.get('b'), map.usage().bytes]).toEqual([undefined, 4, 8])
  map.charge(-4)
  map.set('c', 11)
  expect([map.get('c'), map.usage()]).toEqual([undefined, { bytes: 0, entries: 0, evictions: 3 }])
})

test('property: the budget holds, and every entry that goes is told of exactly once', () => {
  const step = fc.record({
    does: fc.constantFrom('set', 'set', 'set', 'get', 'delete', 'clear'),
    key: fc.nat(9),
    size: fc.integer({ min: 1, max: 5 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const held = new Map<string, number>()
      const map = createBudgetedMap<string, Readonly<{ id: string; size: number }>>({
        maxBytes: 12,
        sizeOf: (_, { size }) => size,
        onDrop: (_, { id }) => expect(held.delete(id)).toBe(true),
      })
      for (const [at, { does, key, size }] of steps.entries()) {
        const name = `k${key}`
        if (does === 'set') {
          held.set(`${name} ${at}`, size)
          map.set(name, { id: `${name} ${at}`, size })
        } else if (does === 'get') {
          const found = map.get(name)
          expect(found !== undefined).toBe([...held.keys()].some((id) => id.startsWith(`${name} `)))
        } else if (does === 'delete') map.delete(name)
        else map.clear()
        const bytes = [...held.values()].reduce((sum, each) => sum + each, 0)
        expect(map.usage()).toMatchObject({ bytes, entries: held.size })
        expect(bytes).toBeLessThanOrEqual(12)
      }
    }),
  )
})

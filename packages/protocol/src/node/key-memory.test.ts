import { expect, test } from 'vitest'
import { createDevice } from './device.test-support.ts'
import { createKeyMemory } from './key-memory.ts'

test('threat: keys that are made for nothing fill the memory; it keeps those that were used last', () => {
  const [a, b, c] = [createDevice().publicKey, createDevice().publicKey, createDevice().publicKey]
  const memory = createKeyMemory(2)
  const kept = () => ['a', 'b', 'c'].map((jkt) => memory.get(jkt))
  memory.remember('a', a)
  memory.remember('b', b)
  expect(kept()).toEqual([a, b, undefined])
  memory.remember('a', a)
  memory.remember('c', c)
  expect(kept()).toEqual([a, undefined, c])
  memory.remember('b', b)
  expect(kept()).toEqual([undefined, b, c])
})

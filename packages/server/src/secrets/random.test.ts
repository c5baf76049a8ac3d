import { expect, test } from 'vitest'
import { createRandom } from './random.ts'

test('threat: two ids are made of the same bytes, or of none', () => {
  const random = createRandom()
  const seen = new Set<string>()
  for (let count = 0; count < 5_000; count++) seen.add(Buffer.from(random(16)).toString('hex'))
  expect(seen.size).toBe(5_000)
  expect(seen).not.toContain('0'.repeat(32))
})

test('gives as many bytes as asked for, which are the caller’s own', () => {
  const random = createRandom()
  for (const length of [0, 1, 16, 32, 63, 64, 65, 4096, 10_000]) expect(random(length)).toHaveLength(length)
  const first = random(32)
  const copy = Buffer.from(first).toString('hex')
  for (let count = 0; count < 1_000; count++) random(32).fill(0)
  expect(Buffer.from(first).toString('hex')).toBe(copy)
  expect(first.buffer.byteLength).toBe(32)
})

test('every byte takes every value', () => {
  const random = createRandom()
  const values = new Set<number>()
  for (let count = 0; count < 1_000; count++) for (const byte of random(16)) values.add(byte)
  expect(values.size).toBe(256)
})

import { expect, test } from 'vitest'
import { coseKey, keyPair } from './authenticator.test-support.ts'
import { createKeyCache } from './key-cache.ts'

const newKey = () => {
  const { publicKey } = keyPair('ES256')
  return { publicKey, stored: Buffer.from(coseKey(publicKey)).toString('base64url') }
}

test('threat: a key that was read before is taken for that of another credential, or of one whose key was replaced', () => {
  const keyOf = createKeyCache()
  const [first, second] = [newKey(), newKey()]
  for (const { stored, publicKey } of [first, second, first]) expect(keyOf(stored).equals(publicKey)).toBe(true)
  expect(keyOf(second.stored).equals(first.publicKey)).toBe(false)
})

test('imports a key once, and forgets the one that was used least recently', () => {
  const keyOf = createKeyCache(2)
  const [first, second, third] = [newKey(), newKey(), newKey()]
  const [one, two] = [keyOf(first.stored), keyOf(second.stored)]
  expect(keyOf(first.stored)).toBe(one)
  keyOf(third.stored)
  expect(keyOf(first.stored)).toBe(one)
  expect(keyOf(second.stored)).not.toBe(two)
})

test('throws each time for what is no key', () => {
  const keyOf = createKeyCache()
  for (const _ of [1, 2]) expect(() => keyOf('AAAA')).toThrow('response_malformed')
})

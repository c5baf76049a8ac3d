import { sign } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyPair } from './authenticator.test-support.ts'
import { isDerSignature } from './ecdsa-signature.ts'

const { privateKey } = keyPair('ES256')

test('what node:crypto signs is DER', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (data) => {
      expect(isDerSignature(sign('sha256', data, privateKey))).toBe(true)
    }),
  )
})

test.each([
  ['the shortest there is', '3006020101020101', true],
  ['an integer with its sign byte', '300702020080020101', true],
  ['nothing', '', false],
  ['another tag', 'b006020101020101', false],
  ['a shorter outer length', '3005020101020101', false],
  ['a longer outer length', '3007020101020101', false],
  ['an outer length in two bytes', '308106020101020101', false],
  ['an indefinite length', '30800201010201010000', false],
  ['an inner length in two bytes', '300702810101020101', false],
  ['something after it', '300602010102010100', false],
  ['a third integer', '3009020101020101020101', false],
  ['one integer', '3003020101', false],
  ['a negative integer', '3006020181020101', false],
  ['an integer with a byte too many', '300702020001020101', false],
  ['an empty integer', '30050200020101', false],
  ['an integer that goes beyond the end', '3006020101020201', false],
  ['another type inside', '3006020101030101', false],
])('%s (%s) counts: %s', (_, hex, counts) => {
  expect(isDerSignature(Buffer.from(hex, 'hex'))).toBe(counts)
})

test('anything at all is read without throwing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect(typeof isDerSignature(bytes)).toBe('boolean')
    }),
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBase64url, encodeBase64url, isBase64url } from './base64url.ts'

test.each([
  ['', ''],
  ['f', 'Zg'],
  ['fo', 'Zm8'],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg'],
  ['fooba', 'Zm9vYmE'],
  ['foobar', 'Zm9vYmFy'],
])('writes and reads the test vector of RFC 4648 §10 for %j', (text, encoded) => {
  const bytes = new TextEncoder().encode(text)
  expect(encodeBase64url(bytes)).toBe(encoded)
  expect(decodeBase64url(encoded)).toEqual(bytes)
})

test.each([
  ['padding', 'Zg=='],
  ['the other alphabet', '+/+/'],
  ['white space', 'Zm 9v'],
  ['a line break at the end', 'Zm9v\n'],
  ['a length that no bytes have', 'Zm9vY'],
  ['a bit that belongs to no byte, after one byte', 'Zh'],
  ['a bit that belongs to no byte, after two bytes', 'Zm9'],
  ['a letter beyond ASCII', 'Zm9é'],
  ['a NUL', 'Zm9\0'],
])('threat: two texts mean the same bytes, by %s', (_, text) => {
  expect(decodeBase64url(text)).toBeUndefined()
})

test('property: writes what Node writes, and reads it back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(encodeBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
      expect(encodeBase64url(bytes.slice().buffer)).toBe(encodeBase64url(bytes))
      expect(decodeBase64url(encodeBase64url(bytes))).toEqual(bytes)
    }),
  )
})

test('property: never throws, and reads no text that it would not write', () => {
  const near = fc.array(fc.constantFrom(...'AQgw09-_+/= \n'), { maxLength: 12 }).map((letters) => letters.join(''))
  const codeUnit = fc.integer({ min: 0, max: 0xff_ff }).map((code) => String.fromCharCode(code))
  fc.assert(
    fc.property(fc.oneof(near, fc.string({ unit: codeUnit })), (text) => {
      const bytes = decodeBase64url(text)
      expect(isBase64url(text)).toBe(bytes !== undefined)
      expect(bytes !== undefined).toBe(Buffer.from(text, 'base64url').toString('base64url') === text)
      if (bytes !== undefined) expect(encodeBase64url(bytes)).toBe(text)
    }),
    { numRuns: 2000 },
  )
})

test('writes more bytes than a call takes arguments', () => {
  const bytes = new Uint8Array(200_000).fill(255)
  expect(decodeBase64url(encodeBase64url(bytes))).toEqual(bytes)
})

test('threat: a text of megabytes breaks the reader: it is read in one pass, without a stack', () => {
  expect(isBase64url('A'.repeat(10_000_000))).toBe(true)
  expect(isBase64url(`${'A'.repeat(10_000_000)}=`)).toBe(false)
})

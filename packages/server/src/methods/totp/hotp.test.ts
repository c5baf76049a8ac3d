import { expect, test } from 'vitest'
import { hotp } from './hotp.ts'

const secret = Buffer.from('12345678901234567890')

test.each([
  [0, '755224'],
  [1, '287082'],
  [2, '359152'],
  [3, '969429'],
  [4, '338314'],
  [5, '254676'],
  [6, '287922'],
  [7, '162583'],
  [8, '399871'],
  [9, '520489'],
])('counter %i gives %s, as in RFC 4226 appendix D', (counter, code) => {
  expect(hotp(secret, counter)).toBe(code)
})

test.each([
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
])('second %i gives %s, as in RFC 6238 appendix B', (seconds, code) => {
  expect(hotp(secret, Math.floor(seconds / 30), 8)).toBe(code)
})

test('a counter beyond 32 bits is not cut off', () => {
  expect(hotp(secret, 2 ** 32)).not.toBe(hotp(secret, 0))
})

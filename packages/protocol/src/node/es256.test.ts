import { generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDevice } from './device.test-support.ts'
import { importP256, isPrivateJwk, p256Point, thumbprint, verifyEs256 } from './es256.ts'

const { privateKey, publicKey, jwk } = createDevice()
const other = createDevice()

/** What the platform says of the form that JWTs have. */
const platform = (signed: string, signature: Buffer, key = publicKey): boolean =>
  verify('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature)

test('verifies what the platform verifies, and nothing else', () => {
  for (let count = 0; count < 600; count += 1) {
    const signed = `data ${count}`
    const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    expect(verifyEs256({ signed, signature }, publicKey)).toBe(true)
    expect(verifyEs256({ signed, signature }, other.publicKey)).toBe(false)
    expect(verifyEs256({ signed: `${signed}.`, signature }, publicKey)).toBe(false)
  }
})

test('threat: a signature of zeros, of the order of the curve, or of any other 64 bytes is good for every message', () => {
  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
  const one = '1'.padStart(64, '0')
  const zero = '0'.repeat(64)
  for (const r of [zero, one, order, 'f'.repeat(64)]) {
    for (const s of [zero, one, order, 'f'.repeat(64)]) {
      expect(verifyEs256({ signed: 'data', signature: Buffer.from(r + s, 'hex') }, publicKey)).toBe(false)
    }
  }
  const zeros = fc.constantFrom(0, 1, 31, 32)
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), zeros, zeros, (bytes, first, second) => {
      const signature = Buffer.from(bytes)
        .fill(0, 0, first)
        .fill(0, 32, 32 + second)
      expect(verifyEs256({ signed: 'data', signature }, publicKey)).toBe(platform('data', signature))
    }),
    { numRuns: 300 },
  )
})

test('threat: a signature in DER, cut short or made longer passes too', () => {
  const signed = 'data'
  const raw = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  const der = sign('sha256', Buffer.from(signed), privateKey)
  for (const signature of [
    der,
    raw.subarray(0, 63),
    Buffer.concat([raw, Buffer.alloc(1)]),
    Buffer.concat([Buffer.alloc(1), raw]),
    // the same two numbers, with a zero before the second
    Buffer.concat([raw.subarray(0, 32), Buffer.alloc(1), raw.subarray(32)]),
    raw.subarray(0, 0),
  ])
    expect(verifyEs256({ signed, signature }, publicKey)).toBe(false)
})

test('the thumbprint of the key of RFC 9449 is the one of its §6.1', () => {
  const point = { x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs', y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA' }
  expect(thumbprint(point)).toBe('0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I')
})

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const secondSpelling = (text: string): string => text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1) as string) + 1]

test('reads the point of a P-256 key', () => {
  const { x, y } = jwk
  expect(p256Point({ ...jwk, kid: 'k', use: 'sig' })).toEqual({ x, y })
  expect(importP256({ x: String(x), y: String(y) })?.equals(publicKey)).toBe(true)
})

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a text', 'key'],
  ['an array', []],
  ['an object', {}],
  ['an RSA key', generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey.export({ format: 'jwk' })],
  ['another curve', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' })],
  ['another name of the curve', { ...jwk, crv: 'P-384' }],
  ['another type', { ...jwk, kty: 'OKP' }],
  ['no x', { ...jwk, x: undefined }],
  ['no y', { ...jwk, y: undefined }],
  ['an x that is no text', { ...jwk, x: [jwk.x] }],
  ['padding', { ...jwk, x: `${jwk.x}=` }],
  ['a longer x', { ...jwk, x: `A${jwk.x}` }],
  ['a shorter y', { ...jwk, y: String(jwk.y).slice(1) }],
  ['a second spelling of x', { ...jwk, x: secondSpelling(String(jwk.x)) }],
  ['a second spelling of y', { ...jwk, y: secondSpelling(String(jwk.y)) }],
])('threat: a key without exactly one thumbprint: %s is refused', (_, value) => {
  expect(p256Point(value)).toBeUndefined()
})

test('threat: a point off the curve is taken for a key', () => {
  expect(importP256({ x: String(jwk.x), y: String(jwk.x) })).toBeUndefined()
  expect(importP256({ x: 'A'.repeat(43), y: 'A'.repeat(43) })).toBeUndefined()
})

test('tells a private key, whatever its members hold', () => {
  expect(isPrivateJwk(jwk)).toBe(false)
  expect(isPrivateJwk(privateKey.export({ format: 'jwk' }))).toBe(true)
  for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) expect(isPrivateJwk({ ...jwk, [member]: '' })).toBe(true)
  for (const value of [undefined, null, 'd', 7]) expect(isPrivateJwk(value)).toBe(false)
})

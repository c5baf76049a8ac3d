import { generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isDerSignature } from '../methods/webauthn/ecdsa-signature.ts'
import { derSignature } from './der-signature.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey

test('verifies whatever the other form verifies, and nothing else', () => {
  for (let count = 0; count < 600; count++) {
    const data = Buffer.from(`data ${count}`)
    const raw = sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    const der = derSignature(raw)
    expect(isDerSignature(der)).toBe(true)
    expect(verify('sha256', data, publicKey, der)).toBe(true)
    expect(verify('sha256', data, other, der)).toBe(false)
    expect(verify('sha256', Buffer.from('other data'), publicKey, der)).toBe(false)
  }
})

test('is well formed for any 64 bytes, and verifies none of them', () => {
  const zeros = fc.constantFrom(0, 1, 31, 32)
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), zeros, zeros, (bytes, first, second) => {
      const raw = bytes.slice()
      raw.fill(0, 0, first)
      raw.fill(0, 32, 32 + second)
      const der = derSignature(raw)
      expect(isDerSignature(der)).toBe(true)
      expect(verify('sha256', Buffer.from('data'), publicKey, der)).toBe(
        verify('sha256', Buffer.from('data'), { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw),
      )
    }),
    { numRuns: 300 },
  )
})

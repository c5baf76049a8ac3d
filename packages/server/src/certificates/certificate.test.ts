import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aaguidIn, formatAaguid } from '../attestation/aaguid.ts'
import { LONGEST_CERTIFICATE, readCertificate, readPem } from './certificate.ts'
import { der, testCertificate, testRoot } from './certificates.test-support.ts'
import { onlyDer, readAllDer, readDer, smallInteger } from './der.ts'

const aaguid = randomBytes(16)

describe('a certificate', () => {
  test('tells its version, its bounds and the model that it names', () => {
    const leaf = readCertificate(testCertificate({ aaguid }).der)
    expect(leaf).toMatchObject({ version: 3, pathLength: undefined, isSignedSafely: true })
    expect(leaf && aaguidIn(leaf)).toBe(formatAaguid(aaguid))
    expect(readCertificate(testRoot('Root', { pathLength: 2 }).der)?.pathLength).toBe(2)
    expect(readCertificate(testCertificate({ version: 1 }).der)).toMatchObject({ version: 1 })
  })

  test('without the extension names no model', () => {
    const leaf = readCertificate(testCertificate({}).der)
    expect(leaf && aaguidIn(leaf)).toBeUndefined()
  })

  test('is read from PEM, and only if that is one certificate', () => {
    const { pem, der: bytes } = testRoot('Root')
    expect(readPem(pem)?.der).toEqual(bytes)
    expect(readPem(`\n${pem}\n`)).toBeDefined()
    for (const text of ['', 'x', pem + pem, pem.replace('CERTIFICATE', 'PRIVATE KEY'), pem.slice(0, 200)])
      expect(readPem(text)).toBeUndefined()
  })
})

describe('an attacker who writes a certificate', () => {
  test('and puts something behind it is refused', () => {
    expect(readCertificate(new Uint8Array([...testCertificate({}).der, 0]))).toBeUndefined()
  })

  test('that names its model twice is refused', () => {
    const value = der(4, randomBytes(16))
    const extensions = [{ oid: '2b0601040182e51c010104', value }]
    expect(readCertificate(testCertificate({ aaguid, extensions }).der)).toBeUndefined()
  })

  test('that is larger than allowed is refused', () => {
    const extensions = [{ oid: '2a0304', value: randomBytes(LONGEST_CERTIFICATE) }]
    expect(readCertificate(testCertificate({ extensions }).der)).toBeUndefined()
  })

  test('and changes any byte of it never makes it throw', () => {
    const { der: bytes } = testCertificate({ aaguid, pathLength: 1 })
    for (const [at, byte] of bytes.entries()) {
      const changed = Uint8Array.from(bytes)
      changed[at] = byte ^ 0x81
      expect(() => readCertificate(changed)).not.toThrow()
    }
  })

  test('of any bytes at all never makes it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(readCertificate(bytes)).toBeUndefined()
        readAllDer(bytes)
      }),
    )
  })
})

describe('DER', () => {
  test('reads back what was written, of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (content) => {
        expect(onlyDer(new Uint8Array(der(4, content)), 4)).toEqual(content)
      }),
    )
  })

  test.each<[string, number[]]>([
    ['nothing', []],
    ['a tag alone', [4]],
    ['fewer bytes than it says', [4, 2, 1]],
    ['an open length', [0x24, 0x80, 0, 0]],
    ['a length in more bytes than it needs', [4, 0x81, 1, 7]],
    ['a length that begins with a zero', [4, 0x82, 0, 0x80, ...Array(128).fill(0)]],
    ['a length of four bytes', [4, 0x84, 1, 0, 0, 0]],
    ['a tag without end', [0xbf, 0xff, 0xff, 0xff, 0xff, 1, 0]],
  ])('%s is no value', (_, bytes) => {
    expect(readDer(Uint8Array.from(bytes))).toBeUndefined()
  })

  test('reads the high tags of Android, and whole numbers', () => {
    expect(readDer(Uint8Array.from([0xbf, 0x84, 0x58, 0]))).toMatchObject({ tagClass: 2, tag: 600 })
    expect([[0], [127], [1, 0], [128], [], [1, 0, 0, 0, 0]].map((bytes) => smallInteger(Uint8Array.from(bytes)))).toEqual([
      0,
      127,
      256,
      undefined,
      undefined,
      undefined,
    ])
  })
})

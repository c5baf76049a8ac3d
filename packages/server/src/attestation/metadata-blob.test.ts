import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCertificate } from '../certificates/certificate.ts'
import { testRoot } from '../certificates/certificates.test-support.ts'
import { type BlobInit, metadataSigner } from './metadata.test-support.ts'
import { MetadataError, verifyMetadata } from './metadata-blob.ts'

const NOW = 1_800_000_000
const signer = metadataSigner()
const roots = [signer.root].map(({ der }) => readCertificate(der)).filter((root) => root !== undefined)
const verify = (blob: string, more: { signers?: string[] } = {}) => verifyMetadata({ blob, roots, now: NOW, ...more })
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

const aaguid = '2FC0579F-8113-47EA-B116-BB5A8DB9202A'
const root = testRoot('Maker')

test('a signed blob tells its number, when the next is due, and each model with its roots and whether it is safe', () => {
  const entries = [
    { aaguid, roots: [root] },
    { aaguid: '11111111-2222-3333-4444-555555555555', roots: [], statuses: ['REVOKED'] },
  ]
  const metadata = verify(signer.sign({ no: 42, nextUpdate: '2027-02-01', entries, payload: {} }))
  expect(metadata).toMatchObject({ no: 42, nextUpdate: Date.parse('2027-02-01T23:59:59Z') / 1000 })
  expect([...metadata.models].map(([model, { roots: found, revoked }]) => [model, found.length, revoked])).toEqual([
    ['2fc0579f-8113-47ea-b116-bb5a8db9202a', 1, false],
    ['11111111-2222-3333-4444-555555555555', 0, true],
  ])
})

test('entries without an AAGUID, and of an unknown shape, are passed over', () => {
  const entries = [{ aaid: '4e4e#4005', statusReports: [] }, null, 7, { aaguid: 'x' }]
  expect(verify(signer.sign({ payload: { entries } })).models.size).toBe(0)
})

test('a model that is listed twice is safe only if both say so', () => {
  const entries = [
    { aaguid, roots: [root], statuses: ['REVOKED'] },
    { aaguid: aaguid.toLowerCase(), roots: [root] },
  ]
  expect(verify(signer.sign({ entries })).models.get(aaguid.toLowerCase())).toMatchObject({ revoked: true })
})

test('a blob of the FIDO Alliance is signed by one of its own hosts, for its root signs for others too', () => {
  const named = (name: string, names?: string[]) => {
    const { sign } = metadataSigner({ subject: [['CN', name]], ...(names && { names }) }, signer.root)
    return () => verify(sign(), { signers: ['mds.fidoalliance.org', 'mds3.fidoalliance.org'] }).no
  }
  expect(named('mds.fidoalliance.org')()).toBe(1)
  expect(named('mds', ['mds3.fidoalliance.org'])()).toBe(1)
  for (const name of ['mds.example', 'fidoalliance.org', 'mds.fidoalliance.org.evil.test', 'xmds.fidoalliance.org'])
    expect(named(name)).toThrow('somebody else')
})

describe('an attacker who publishes metadata', () => {
  const mallory = metadataSigner()
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const [head, body, signature] = signer.sign().split('.') as [string, string, string]
  const header = (changes: BlobInit['header']) => signer.sign(changes === undefined ? {} : { header: changes })

  test.each<[string, string]>([
    ['under a root of their own', mallory.sign()],
    [
      'under a root of their own, and sends it too',
      mallory.sign({ header: { x5c: [mallory.signing, mallory.root].map(({ der }) => base64(der)) } }),
    ],
    ['with the certificate of the right signer', mallory.sign({ header: { x5c: [base64(signer.signing.der)] } })],
    ['with a certificate that only claims its issuer', metadataSigner({ signedWith: privateKey }, signer.root).sign()],
    ['with a certificate that has expired', metadataSigner({ to: NOW - 1 }, signer.root).sign()],
    [
      'and takes the body of another',
      `${head}.${Buffer.from('{"no":9,"nextUpdate":"2044-01-01","entries":[]}').toString('base64url')}.${signature}`,
    ],
    ['without a signature', `${head}.${body}.`],
    ['without an algorithm', header({ alg: 'none' })],
    ['with a shared secret', header({ alg: 'HS256' })],
    ['with the algorithm of another key', header({ alg: 'RS256' })],
    ['with certificates at an address', header({ x5c: undefined, x5u: 'https://evil.test/x5u' })],
    ['with an empty chain', header({ x5c: [] })],
    ['with a chain of something else', header({ x5c: [base64(signer.signing.der), 'AAAA'] })],
    ['as three words', 'a.b.c'],
    ['as nothing', ''],
    ['without a number', signer.sign({ payload: { no: undefined } })],
    ['with a number that is none', signer.sign({ payload: { no: '12' } })],
    ['without saying when the next is due', signer.sign({ payload: { nextUpdate: undefined } })],
    ['with a date that is none', signer.sign({ nextUpdate: '2027-13-45' })],
    ['without entries', signer.sign({ payload: { entries: undefined } })],
  ])('%s is refused', (_, blob) => {
    expect(() => verify(blob)).toThrow(MetadataError)
  })

  test('of any text at all is refused in words', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.tuple(fc.json(), fc.json()).map((parts) => `${parts.map((part) => Buffer.from(part).toString('base64url')).join('.')}.AA`),
        ),
        (blob) => {
          expect(() => verify(blob)).toThrow(MetadataError)
        },
      ),
    )
  })
})

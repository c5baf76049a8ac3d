import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Certificate, readCertificate } from './certificate.ts'
import { type CertificateInit, type TestCertificate, testCertificate, testRoot } from './certificates.test-support.ts'
import { anchorOf } from './chain.ts'

const NOW = 1_800_000_000
const root = testRoot('Root')
const middle = (init: CertificateInit = {}) => testCertificate({ ca: true, subject: [['CN', 'Middle']], issuer: root, ...init })
const leafOf = (issuer: TestCertificate, init: CertificateInit = {}) => testCertificate({ issuer, ...init })

const read = ({ der }: TestCertificate) => readCertificate(der) as Certificate
const leads = (certificates: readonly TestCertificate[], anchors: readonly TestCertificate[] = [root], at = NOW) =>
  anchorOf({ certificates: certificates.map(read), anchors: anchors.map(read), at }) !== undefined

describe('a chain leads to a root', () => {
  test('directly, over others, and also if the root is sent too', () => {
    const one = middle()
    const leaf = leafOf(one)
    expect(leads([leafOf(root)])).toBe(true)
    expect(leads([leaf, one])).toBe(true)
    expect(leads([leaf, one, root])).toBe(true)
  })

  test('if the certificate itself is trusted', () => {
    const leaf = leafOf(testRoot('Nobody'))
    expect(leads([leaf], [leaf])).toBe(true)
  })

  test('if a certificate in its middle is trusted', () => {
    const one = middle()
    expect(leads([leafOf(one), one], [one])).toBe(true)
  })
})

describe('an attacker who builds a chain', () => {
  const one = middle()
  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const chains: [string, () => readonly TestCertificate[]][] = [
    ['to a root of their own', () => [leafOf(testRoot('Mallory'))]],
    ['to a root of their own with the name of the trusted one', () => [leafOf(testRoot('Root')), testRoot('Root')]],
    ['with a leaf that only claims its issuer', () => [leafOf(one, { signedWith: foreign }), one]],
    ['with a certificate between that only claims its issuer', () => leafAnd(middle({ signedWith: foreign }))],
    ['without the certificate between', () => [leafOf(one)]],
    ['in another order', () => swapped(leafAnd(below(one), one))],
    ['through a leaf that signs as if it were an authority', () => leafAnd(middle({ ca: false }))],
    ['longer than an authority allows', () => bounded(0)],
    ['through an authority that has expired', () => leafAnd(middle({ to: NOW - 1 }))],
    ['through an authority that is not valid yet', () => leafAnd(middle({ from: NOW + 1 }))],
    ['with a leaf that has expired', () => [leafOf(root, { to: NOW - 1 })]],
    [
      'with an unknown critical extension',
      () => [leafOf(root, { extensions: [{ oid: '2a0304', critical: true, value: Buffer.from([5, 0]) }] })],
    ],
    ['with a signature over SHA-1', () => [leafOf(root, { hash: 'sha1' })]],
    ['by the key of the root under another name', () => [leafOf({ ...root, subject: testRoot('Another').subject })]],
    ['of more certificates than allowed', () => longChain(7)],
    ['of nothing', () => []],
  ]

  function leafAnd(...authorities: readonly TestCertificate[]): TestCertificate[] {
    return [leafOf(authorities[0] as TestCertificate), ...authorities]
  }

  function below(issuer: TestCertificate): TestCertificate {
    return testCertificate({ ca: true, subject: [['CN', 'Below']], issuer })
  }

  function bounded(pathLength: number): TestCertificate[] {
    const bound = middle({ pathLength })
    return leafAnd(below(bound), bound)
  }

  function swapped([leaf, ...authorities]: readonly TestCertificate[]): TestCertificate[] {
    return [leaf as TestCertificate, ...authorities.reverse()]
  }

  function longChain(count: number): TestCertificate[] {
    const chain: TestCertificate[] = [root]
    while (chain.length < count)
      chain.unshift(testCertificate({ ca: true, subject: [['CN', `Middle ${chain.length}`]], issuer: chain[0] as TestCertificate }))
    return [leafOf(chain[0] as TestCertificate), ...chain.slice(0, -1)]
  }

  test.each(chains)('%s is not believed', (_, chain) => {
    expect(leads(chain())).toBe(false)
  })

  test('is believed if it is as long as allowed, so that the bound is what refuses', () => {
    expect(leads(longChain(6))).toBe(true)
    expect(leads(bounded(1))).toBe(true)
    expect(leads(leafAnd(below(one), one))).toBe(true)
  })

  test('to a root that is no authority, or has expired, is not believed', () => {
    const noAuthority = testRoot('Root', { ca: false })
    expect(leads([leafOf(noAuthority)], [noAuthority])).toBe(false)
    const expired = testRoot('Root', { to: NOW - 1 })
    expect(leads([leafOf(expired)], [expired])).toBe(false)
  })

  test('to a root with an RSA key of 1024 bits is not believed', () => {
    for (const [modulusLength, believed] of [
      [1024, false],
      [2048, true],
    ] as const) {
      const rsa = testRoot('RSA', { keys: generateKeyPairSync('rsa', { modulusLength }) })
      expect(leads([leafOf(rsa)], [rsa])).toBe(believed)
    }
  })
})

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** A certificate with its private key, to sign others with. */
export type TestCertificate = Readonly<{
  der: Uint8Array<ArrayBuffer>
  pem: string
  privateKey: KeyObject
  publicKey: KeyObject
  subject: Uint8Array
}>

/** What a certificate says; whatever is left out is as an attestation certificate should be. */
export type CertificateInit = Readonly<{
  /** Name parts in order; those of §8.2.1 if nothing is given. */
  subject?: readonly (readonly [keyof typeof NAMES, string])[]
  issuer?: TestCertificate
  /** Replaces the key that signs, and leaves the issuer's name. */
  signedWith?: KeyObject
  keys?: Readonly<{ privateKey: KeyObject; publicKey: KeyObject }>
  ca?: boolean
  pathLength?: number
  /** Seconds since the epoch. */
  from?: number
  to?: number
  version?: 1 | 3
  hash?: 'sha256' | 'sha1'
  /** The AAGUID extension, 16 bytes; `aaguidCritical` marks it as it must not be. */
  aaguid?: Uint8Array
  aaguidCritical?: boolean
  /** Where a client would fetch a revocation list. */
  crl?: string
  /** Further extensions: the DER of the object identifier's content in hexadecimal, criticality and value. */
  extensions?: readonly Readonly<{ oid: string; critical?: boolean; value: Uint8Array }>[]
  /** DNS names. */
  names?: readonly string[]
}>

const NAMES = { C: '550406', O: '55040a', OU: '55040b', CN: '550403' }
const YEAR_2020 = 1_577_836_800
const YEAR_2045 = 2_366_841_600
const ATTESTATION_SUBJECT = [
  ['C', 'DE'],
  ['O', 'Example'],
  ['OU', 'Authenticator Attestation'],
  ['CN', 'Example Key'],
] as const

/** Writes a value in DER: its tag, its length, its content. */
export function der(tag: number | readonly number[], ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const size = content.length
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from(typeof tag === 'number' ? [tag] : tag), Buffer.from(length), content])
}

const hex = (text: string) => Buffer.from(text, 'hex')
const oid = (text: string) => der(6, hex(text))
const SIGNATURES = {
  ec: { sha256: der(0x30, oid('2a8648ce3d040302')), sha1: der(0x30, oid('2a8648ce3d0401')) },
  rsa: { sha256: der(0x30, oid('2a864886f70d01010b'), der(5)), sha1: der(0x30, oid('2a864886f70d010105'), der(5)) },
}
const BOOLEAN_TRUE = Buffer.from([1, 1, 0xff])

/** Makes a certificate authority that signs itself. */
export function testRoot(name: string, init: CertificateInit = {}): TestCertificate {
  return testCertificate({ ca: true, subject: [['CN', name]], ...init })
}

/** Makes an X.509 certificate with a P-256 key, as its own issuer if none is given. */
export function testCertificate(init: CertificateInit): TestCertificate {
  const { ca = false, version = 3, from = YEAR_2020, to = YEAR_2045, hash = 'sha256' } = init
  const { privateKey, publicKey } = init.keys ?? generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signer = init.signedWith ?? init.issuer?.privateKey ?? privateKey
  const algorithm = SIGNATURES[signer.asymmetricKeyType === 'rsa' ? 'rsa' : 'ec'][hash]
  const subject = nameOf(init.subject ?? ATTESTATION_SUBJECT)
  const extensions = [
    extension('551d13', der(0x30, ca ? BOOLEAN_TRUE : Buffer.alloc(0), integerOf(init.pathLength)), true),
    ...(init.aaguid ? [extension('2b0601040182e51c010104', der(4, init.aaguid), init.aaguidCritical)] : []),
    ...(init.crl ? [extension('551d1f', der(0x30, der(0x30, der(0xa0, der(0xa0, der(0x86, Buffer.from(init.crl)))))))] : []),
    ...(init.names ? [extension('551d11', der(0x30, ...init.names.map((name) => der(0x82, Buffer.from(name)))))] : []),
    ...(init.extensions ?? []).map(({ oid: id, critical, value }) => extension(id, value, critical)),
  ]
  const tbs = der(
    0x30,
    version === 3 ? der(0xa0, der(2, Buffer.from([2]))) : Buffer.alloc(0),
    der(2, Buffer.from([0x11])),
    algorithm,
    init.issuer?.subject ?? subject,
    der(0x30, timeOf(from), timeOf(to)),
    subject,
    publicKey.export({ format: 'der', type: 'spki' }),
    version === 3 ? der(0xa3, der(0x30, ...extensions)) : Buffer.alloc(0),
  )
  const signature = sign(hash, tbs, signer)
  const bytes = new Uint8Array(der(0x30, tbs, algorithm, der(3, Buffer.from([0]), signature)))
  const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes).toString('base64')}\n-----END CERTIFICATE-----\n`
  return { der: bytes, pem, privateKey, publicKey, subject }
}

function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return der(0x30, oid(id), critical ? BOOLEAN_TRUE : Buffer.alloc(0), der(4, value))
}

function nameOf(parts: NonNullable<CertificateInit['subject']>): Buffer {
  return der(
    0x30,
    ...parts.map(([name, text]) => der(0x31, der(0x30, oid(NAMES[name]), der(name === 'C' ? 0x13 : 0x0c, Buffer.from(text))))),
  )
}

function integerOf(number: number | undefined): Buffer {
  return number === undefined ? Buffer.alloc(0) : der(2, Buffer.from([number]))
}

function timeOf(seconds: number): Buffer {
  const text = new Date(seconds * 1000).toISOString().replace(/[-:T]/g, '').slice(0, 14)
  return der(0x18, Buffer.from(`${text}Z`))
}

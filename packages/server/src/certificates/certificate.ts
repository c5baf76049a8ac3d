import { X509Certificate } from 'node:crypto'
import { DER, isDer, oidOf, onlyDer, readAllDer, readDer, smallInteger } from './der.ts'

/** An X.509 certificate with what `node:crypto` does not tell of it. */
export type Certificate = Readonly<{
  x509: X509Certificate
  der: Uint8Array
  /** As people count: 3 for all that have extensions. */
  version: number
  /** Object identifier in hexadecimal DER; see {@link EXTENSIONS}. */
  extensions: ReadonlyMap<string, Extension>
  /** How many more certificates may stand below the one that this one signs; `undefined` if nothing bounds it. */
  pathLength: number | undefined
  /** Whether its signature is of an algorithm that is still safe. */
  isSignedSafely: boolean
}>

/** An extension of a certificate, its value in DER. */
export type Extension = Readonly<{ critical: boolean; value: Uint8Array }>

/** The largest certificate that is read, in bytes. */
export const LONGEST_CERTIFICATE = 8192

/** Extensions by their object identifier in hexadecimal DER. */
export const EXTENSIONS = {
  basicConstraints: '551d13',
  keyUsage: '551d0f',
  extendedKeyUsage: '551d25',
  subjectAltName: '551d11',
  certificatePolicies: '551d20',
  authorityKeyIdentifier: '551d23',
  subjectKeyIdentifier: '551d0e',
  /** `id-fido-gen-ce-aaguid`, 1.3.6.1.4.1.45724.1.1.4 (WebAuthn L3 §8.2.1). */
  aaguid: '2b0601040182e51c010104',
  /** The key description of Android, 1.3.6.1.4.1.11129.2.1.17 (WebAuthn L3 §8.4). */
  androidKey: '2b06010401d679020111',
  /** The nonce of Apple, 1.2.840.113635.100.8.2 (WebAuthn L3 §8.8). */
  appleNonce: '2a864886f763640802',
} as const

/** SHA-1 and MD5 are not among them: anybody who finds a collision has a certificate. */
const SAFE_SIGNATURES: readonly string[] = [
  '2a8648ce3d040302', // ecdsa-with-SHA256
  '2a8648ce3d040303', // ecdsa-with-SHA384
  '2a8648ce3d040304', // ecdsa-with-SHA512
  '2a864886f70d01010b', // sha256WithRSAEncryption
  '2a864886f70d01010c', // sha384WithRSAEncryption
  '2a864886f70d01010d', // sha512WithRSAEncryption
  '2a864886f70d01010a', // RSASSA-PSS
  '2b6570', // Ed25519
]

/** Reads a certificate; `undefined` if it is none, is not in DER, is larger than allowed or names an extension twice. */
export function readCertificate(der: Uint8Array): Certificate | undefined {
  if (der.length > LONGEST_CERTIFICATE) return undefined
  const parts = partsOf(der)
  const extensions = parts && readExtensions(parts.extensions)
  if (parts === undefined || extensions === undefined) return undefined
  try {
    const x509 = new X509Certificate(der)
    const { version, signature } = parts
    return { x509, der, version, extensions, pathLength: pathLengthOf(extensions), isSignedSafely: SAFE_SIGNATURES.includes(signature) }
  } catch {
    return undefined
  }
}

/** Reads a certificate in PEM; `undefined` if the text is anything but one certificate. */
export function readPem(pem: string): Certificate | undefined {
  const match = /^\s*-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(pem)
  return match === null ? undefined : readCertificate(new Uint8Array(Buffer.from(match[1] as string, 'base64')))
}

/** RFC 5280 §4.1: version, the algorithm that it was signed with, and the extensions of version 3. */
function partsOf(der: Uint8Array): Readonly<{ version: number; signature: string; extensions: Uint8Array | undefined }> | undefined {
  const outer = onlyDer(der, DER.sequence)
  const [tbs, algorithm, ...others] = (outer && readAllDer(outer)) ?? []
  if (!isDer(tbs, DER.sequence) || !isDer(algorithm, DER.sequence) || others.length !== 1) return undefined
  const members = readAllDer(tbs.content)
  const oid = readDer(algorithm.content)
  if (members === undefined || !isDer(oid, DER.oid)) return undefined
  const context = (tag: number) => members.find((member) => member.tagClass === 2 && member.tag === tag)?.content
  const explicit = context(0)
  const number = explicit && onlyDer(explicit, DER.integer)
  const version = explicit === undefined ? 0 : number && smallInteger(number)
  return version === undefined ? undefined : { version: version + 1, signature: oidOf(oid.content), extensions: context(3) }
}

function readExtensions(bytes: Uint8Array | undefined): ReadonlyMap<string, Extension> | undefined {
  const found = new Map<string, Extension>()
  if (bytes === undefined) return found
  const list = onlyDer(bytes, DER.sequence)
  for (const each of (list && readAllDer(list)) ?? [undefined]) {
    if (!isDer(each, DER.sequence)) return undefined
    const members = readAllDer(each.content) ?? []
    const [oid, second] = members
    const flag = isDer(second, DER.boolean) ? second : undefined
    const value = members[flag === undefined ? 1 : 2]
    if (!isDer(oid, DER.oid) || !isDer(value, DER.octetString) || members.length !== (flag === undefined ? 2 : 3)) return undefined
    const name = oidOf(oid.content)
    if (found.has(name)) return undefined
    found.set(name, { critical: flag !== undefined && flag.content[0] !== 0, value: value.content })
  }
  return found
}

/** RFC 5280 §4.2.1.9; what cannot be read bounds it most. */
function pathLengthOf(extensions: ReadonlyMap<string, Extension>): number | undefined {
  const extension = extensions.get(EXTENSIONS.basicConstraints)
  if (extension === undefined) return undefined
  const content = onlyDer(extension.value, DER.sequence)
  const members = content && readAllDer(content)
  if (members === undefined) return 0
  const bound = members.find((member) => isDer(member, DER.integer))
  return bound === undefined ? undefined : (smallInteger(bound.content) ?? 0)
}

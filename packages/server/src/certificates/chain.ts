import { type Certificate, EXTENSIONS } from './certificate.ts'

/** The most certificates that a chain is made of, without the root. */
export const LONGEST_CHAIN = 6
const LEAST_RSA_BITS = 2048

/** Critical extensions that are looked at; another one would have to be understood (RFC 5280 §4.2). */
const UNDERSTOOD: readonly string[] = [
  EXTENSIONS.basicConstraints,
  EXTENSIONS.keyUsage,
  EXTENSIONS.extendedKeyUsage,
  EXTENSIONS.subjectAltName,
  EXTENSIONS.certificatePolicies,
]

/** What a chain is held against. */
export type ChainDemand = Readonly<{
  /** The end certificate first, each signed by the next one. */
  certificates: readonly Certificate[]
  /** Who is trusted: a certificate authority, or the end certificate itself. */
  anchors: readonly Certificate[]
  /** When all of them must have been valid, in seconds since the epoch. */
  at: number
}>

/**
 * The anchor that a chain of certificates leads to, or `undefined` if it leads to none (RFC 5280 §6.1, the parts that attestation uses).
 *
 * Nothing is fetched: certificates come from the person who enrols, and so would the addresses in them. Whether a model or a certificate is
 * revoked is for the list of allowed models and the metadata to say.
 */
export function anchorOf({ certificates, anchors, at }: ChainDemand): Certificate | undefined {
  if (certificates.length > LONGEST_CHAIN) return undefined
  for (const [below, certificate] of certificates.entries()) {
    if (!isUsable(certificate, at)) return undefined
    const known = anchors.find((anchor) => isSame(anchor, certificate))
    if (known !== undefined) return known
    const anchor = anchors.find((each) => isUsable(each, at) && isIssuedBy(certificate, each, below))
    if (anchor !== undefined) return anchor
    const next = certificates[below + 1]
    if (next === undefined || !isIssuedBy(certificate, next, below)) return undefined
  }
  return undefined
}

/** Whether two certificates are the same, byte for byte. */
export function isSame(a: Certificate, b: Certificate): boolean {
  return Buffer.compare(a.der, b.der) === 0
}

function isUsable({ x509, extensions }: Certificate, at: number): boolean {
  const isValid = Date.parse(x509.validFrom) <= at * 1000 && at * 1000 <= Date.parse(x509.validTo)
  return isValid && [...extensions].every(([name, { critical }]) => !critical || UNDERSTOOD.includes(name))
}

/** Whether one certificate was signed by another that may sign certificates; `below` counts those between it and the end certificate. */
function isIssuedBy(certificate: Certificate, issuer: Certificate, below: number): boolean {
  if (!certificate.isSignedSafely || !issuer.x509.ca || !certificate.x509.checkIssued(issuer.x509)) return false
  if (issuer.pathLength !== undefined && issuer.pathLength < below) return false
  const { publicKey } = issuer.x509
  const { modulusLength } = publicKey.asymmetricKeyDetails ?? {}
  return (modulusLength === undefined || modulusLength >= LEAST_RSA_BITS) && certificate.x509.verify(publicKey)
}

import { constants, verify } from 'node:crypto'
import { type Certificate, readCertificate } from '../certificates/certificate.ts'
import { anchorOf } from '../certificates/chain.ts'

/** The largest metadata blob that is read, in bytes; that of the FIDO Alliance has about a fifth of it. */
export const LONGEST_BLOB = 33_554_432

/** What the metadata say of one model of authenticators. */
export type ModelMetadata = Readonly<{
  /** The roots that its attestation certificates lead to. */
  roots: readonly Certificate[]
  /** Whether a status report says that it is not safe. */
  revoked: boolean
  /** Whether its keys are kept in hardware and never in software (FIDO Registry, key protection types). */
  hardware: boolean
}>

/** A metadata blob whose signature was right (FIDO Metadata Service v3 §3.1). */
export type Metadata = Readonly<{
  /** Its serial number: a newer blob has a greater one. */
  no: number
  /** By when the next one is due, in seconds since the epoch. */
  nextUpdate: number
  /** By AAGUID, in lower case with hyphens. */
  models: ReadonlyMap<string, ModelMetadata>
}>

/** Says what is wrong with a blob; the sentence is for the operator, and goes on after "the metadata". */
export class MetadataError extends Error {
  override readonly name = 'MetadataError'
}

/** What a blob is held against. */
export type VerifyMetadata = Readonly<{
  blob: string
  roots: readonly Certificate[]
  /** The signing certificate must be for one of these hosts, if its root signs for others too. */
  signers?: readonly string[]
  /** Seconds since the epoch. */
  now: number
}>

/** Statuses after which a model proves nothing of its hardware (FIDO Metadata Service v3 §3.1.4), and whatever begins like them later. */
const UNSAFE = /^REVOKED|COMPROMISE|^USER_VERIFICATION_BYPASS|^USER_KEY_/
const AAGUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Verifies a metadata blob, signature and certificate chain, and reads what is needed of it (FIDO Metadata Service v3 §3.2).
 *
 * Certificates are taken from its header only and no address in them is followed.
 *
 * @throws {MetadataError}
 */
export function verifyMetadata({ blob, roots, signers, now }: VerifyMetadata): Metadata {
  const [head, body, signature, ...others] = blob.trim().split('.')
  if (head === undefined || body === undefined || signature === undefined || others.length > 0)
    throw new MetadataError('are not a signed blob')
  const header = jsonOf(head)
  const signing = signedBy(header, { roots, now })
  // anybody who has any certificate of that root could sign metadata otherwise
  if (signers?.some((host) => signing.x509.checkHost(host) !== undefined) === false)
    throw new MetadataError(`are signed by somebody else than ${signers.join(' or ')}`)
  if (!isSignature(header.alg, signing, Buffer.from(`${head}.${body}`), Buffer.from(signature, 'base64url')))
    throw new MetadataError('have a signature that is not right')
  return read(jsonOf(body))
}

/** The certificate that signed, once it leads to a root. */
function signedBy({ x5c }: Readonly<Record<string, unknown>>, { roots, now }: Pick<VerifyMetadata, 'roots' | 'now'>): Certificate {
  const certificates = Array.isArray(x5c) ? x5c.map(certificateOf) : []
  const [signing] = certificates
  if (signing === undefined) throw new MetadataError('do not say in their header (x5c) who signed them')
  if (!certificates.every((each) => each !== undefined)) throw new MetadataError('have a certificate in their header that cannot be read')
  if (anchorOf({ certificates, anchors: roots, at: now }) === undefined)
    throw new MetadataError('are signed with a certificate that does not lead to the root, or is not valid now')
  return signing
}

function isSignature(alg: unknown, { x509 }: Certificate, data: Buffer, signature: Buffer): boolean {
  const { publicKey: key } = x509
  const { namedCurve } = key.asymmetricKeyDetails ?? {}
  if (alg === 'ES256' && namedCurve === 'prime256v1') return verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)
  if (alg === 'ES384' && namedCurve === 'secp384r1') return verify('sha384', data, { key, dsaEncoding: 'ieee-p1363' }, signature)
  if (key.asymmetricKeyType !== 'rsa') return false
  if (alg === 'RS256') return verify('sha256', data, key, signature)
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return alg === 'PS256' && verify('sha256', data, pss, signature)
}

function read({ no, nextUpdate, entries }: Readonly<Record<string, unknown>>): Metadata {
  const due = typeof nextUpdate === 'string' && /^\d{4}-\d\d-\d\d$/.test(nextUpdate) ? Date.parse(`${nextUpdate}T23:59:59Z`) : Number.NaN
  if (typeof no !== 'number' || !Number.isSafeInteger(no) || no < 0) throw new MetadataError('have no serial number (no)')
  if (Number.isNaN(due)) throw new MetadataError('do not say when the next ones are due (nextUpdate)')
  if (!Array.isArray(entries)) throw new MetadataError('have no entries')
  const models = new Map<string, ModelMetadata>()
  for (const entry of entries) {
    const aaguid: unknown = isRecord(entry) ? entry.aaguid : undefined
    // entries of protocols without an AAGUID are of no use here
    if (typeof aaguid !== 'string' || !AAGUID.test(aaguid.toLowerCase())) continue
    const known = models.get(aaguid.toLowerCase())
    const model = modelOf(entry)
    models.set(aaguid.toLowerCase(), {
      roots: [...(known?.roots ?? []), ...model.roots],
      revoked: model.revoked || known?.revoked === true,
      hardware: model.hardware && known?.hardware !== false,
    })
  }
  return { no, nextUpdate: Math.floor(due / 1000), models }
}

/** Where keys are out of reach of software. */
const HARDWARE: readonly unknown[] = ['hardware', 'tee', 'secure_element']

/** What cannot be read is not safe: a report that is there says something. */
function modelOf({ statusReports, metadataStatement }: Readonly<Record<string, unknown>>): ModelMetadata {
  const reports: readonly unknown[] = Array.isArray(statusReports) ? statusReports : [undefined]
  const { attestationRootCertificates: listed, keyProtection } = isRecord(metadataStatement) ? metadataStatement : {}
  const kept: readonly unknown[] = Array.isArray(keyProtection) ? keyProtection : []
  return {
    roots: (Array.isArray(listed) ? listed : []).map(certificateOf).filter((root) => root !== undefined),
    revoked: reports.some((report) => !isRecord(report) || typeof report.status !== 'string' || UNSAFE.test(report.status)),
    hardware: HARDWARE.some((place) => kept.includes(place)) && !kept.includes('software'),
  }
}

function certificateOf(text: unknown): Certificate | undefined {
  return typeof text === 'string' ? readCertificate(new Uint8Array(Buffer.from(text, 'base64'))) : undefined
}

function jsonOf(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    if (isRecord(value)) return value
  } catch {
    // said below
  }
  throw new MetadataError('are not a signed blob')
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

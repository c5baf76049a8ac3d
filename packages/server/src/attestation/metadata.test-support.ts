import { sign } from 'node:crypto'
import { type CertificateInit, type TestCertificate, testCertificate, testRoot } from '../certificates/certificates.test-support.ts'

/** What the metadata say of one model. */
export type Entry = Readonly<{
  aaguid: string
  roots: readonly TestCertificate[]
  statuses?: readonly string[]
  protection?: readonly string[]
}>

/** A blob as it is signed; whatever is left out is right. */
export type BlobInit = Readonly<{
  no?: number
  nextUpdate?: string
  entries?: readonly Entry[]
  /** Replaces members of the header or of the payload; `undefined` leaves one out. */
  header?: Readonly<Record<string, unknown>>
  payload?: Readonly<Record<string, unknown>>
}>

/** Who signs metadata: a root, and a certificate below it. */
export function metadataSigner(leaf: CertificateInit = {}, root: TestCertificate = testRoot('Metadata Root')) {
  const signing = testCertificate({ issuer: root, subject: [['CN', 'mds.example']], ...leaf })
  return {
    root,
    signing,
    /** Signs a blob (FIDO Metadata Service v3 §3.1.7). */
    sign({ no = 1, nextUpdate = '2044-01-01', entries = [], header = {}, payload = {} }: BlobInit = {}): string {
      const head = { alg: 'ES256', typ: 'JWT', x5c: [signing].map(({ der }) => Buffer.from(der).toString('base64')), ...header }
      const body = { legalHeader: 'for tests', no, nextUpdate, entries: entries.map(written), ...payload }
      const input = [head, body].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
      const signature = sign('sha256', Buffer.from(input), { key: signing.privateKey, dsaEncoding: 'ieee-p1363' })
      return `${input}.${signature.toString('base64url')}`
    },
  }
}

function written({ aaguid, roots, statuses = ['FIDO_CERTIFIED'], protection = ['hardware', 'secure_element'] }: Entry) {
  const attestationRootCertificates = roots.map(({ der }) => Buffer.from(der).toString('base64'))
  return {
    aaguid,
    metadataStatement: { aaguid, attestationRootCertificates, keyProtection: protection },
    statusReports: statuses.map((status) => ({ status, effectiveDate: '2026-01-01' })),
    timeOfLastStatusChange: '2026-01-01',
  }
}

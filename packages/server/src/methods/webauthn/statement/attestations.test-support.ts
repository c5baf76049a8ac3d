import { createHash, type KeyObject, sign } from 'node:crypto'
import {
  type CertificateInit,
  der,
  type TestCertificate,
  testCertificate,
  testRoot,
} from '../../../certificates/certificates.test-support.ts'
import type { Lies, Signed } from '../authenticator.test-support.ts'

type Attestation = { fmt: string; attStmt: Map<string, unknown> }

/** A maker of security keys: a root, an intermediate below it, and attestation certificates for one model. */
export type Maker = Readonly<{
  root: TestCertificate
  /** 16 bytes. */
  aaguid: Uint8Array
  /** As the service writes it. */
  model: string
  intermediate: TestCertificate
  /** What a key of the maker says at its registration; changes to its certificate, its chain or who signs make it a lie. */
  attests(changes?: AttestationChanges): Pick<Lies, 'aaguid' | 'attestation'>
}>

export type AttestationChanges = Readonly<{
  leaf?: CertificateInit
  /** Replaces the certificates that are sent. */
  chain?: (leaf: TestCertificate) => readonly TestCertificate[]
  /** Signs with another key than the certificate's. */
  signedWith?: KeyObject
  statement?: (attStmt: Map<string, unknown>) => void
}>

/** Makes a maker whose keys attest in the `packed` format (WebAuthn L3 §8.2). */
export function maker(name = 'Example Root', aaguid: Uint8Array = createHash('sha256').update(name).digest().subarray(0, 16)): Maker {
  const root = testRoot(name)
  const intermediate = testCertificate({ ca: true, pathLength: 0, subject: [['CN', `${name} 1`]], issuer: root })
  const model = Buffer.from(aaguid)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return {
    root,
    aaguid,
    model,
    intermediate,
    attests: ({ leaf = {}, chain, signedWith, statement } = {}) => ({
      aaguid,
      attestation: (signed) => {
        const certificate = testCertificate({ issuer: intermediate, aaguid, ...leaf })
        const attestation = packed(signed, chain?.(certificate) ?? [certificate, intermediate], signedWith ?? certificate.privateKey)
        statement?.(attestation.attStmt)
        return attestation
      },
    }),
  }
}

/** A `packed` attestation by the key of a certificate. */
export function packed({ authData, clientDataHash }: Signed, chain: readonly TestCertificate[], key: KeyObject): Attestation {
  const attStmt = new Map<string, unknown>([
    ['alg', -7],
    ['sig', new Uint8Array(sign('sha256', Buffer.concat([authData, clientDataHash]), key))],
    ['x5c', chain.map((certificate) => certificate.der)],
  ])
  return { fmt: 'packed', attStmt }
}

/** A `packed` attestation by the credential's own key. */
export function selfAttestation({ authData, clientDataHash, privateKey }: Signed, alg = -7): Attestation {
  const sig = new Uint8Array(sign('sha256', Buffer.concat([authData, clientDataHash]), privateKey))
  return { fmt: 'packed', attStmt: new Map<string, unknown>(Object.entries({ alg, sig })) }
}

/** What an Android key attestation says; each member can be made a lie. */
export type AndroidLies = Partial<{
  challenge: Uint8Array
  software: readonly Buffer[]
  hardware: readonly Buffer[]
  keys: Signed
  crl: string
}>

export const ANDROID = {
  sign: der(0xa1, der(0x31, der(2, Buffer.from([2])))),
  generated: der([0xbf, 0x85, 0x3e], der(2, Buffer.from([0]))),
  imported: der([0xbf, 0x85, 0x3e], der(2, Buffer.from([2]))),
  allApplications: der([0xbf, 0x84, 0x58], der(5)),
}

/** An `android-key` attestation (WebAuthn L3 §8.4). */
export function androidKey(signed: Signed, root: TestCertificate, lies: AndroidLies = {}): Attestation {
  const { challenge = signed.clientDataHash, software = [], hardware = [ANDROID.sign, ANDROID.generated] } = lies
  const one = der(2, Buffer.from([1]))
  const level = der(10, Buffer.from([1]))
  const description = der(0x30, one, level, one, level, der(4, challenge), der(4), der(0x30, ...software), der(0x30, ...hardware))
  const leaf = testCertificate({
    issuer: root,
    keys: lies.keys ?? signed,
    subject: [['CN', 'Android Keystore Key']],
    extensions: [{ oid: '2b06010401d679020111', value: description }],
    ...(lies.crl !== undefined && { crl: lies.crl }),
  })
  const sig = new Uint8Array(sign('sha256', Buffer.concat([signed.authData, signed.clientDataHash]), (lies.keys ?? signed).privateKey))
  return { fmt: 'android-key', attStmt: new Map<string, unknown>(Object.entries({ alg: -7, sig, x5c: [leaf.der, root.der] })) }
}

/** An `apple` attestation (WebAuthn L3 §8.8). */
export function appleAttestation(
  signed: Signed,
  root: TestCertificate,
  lies: Partial<{ nonce: Uint8Array; keys: Signed }> = {},
): Attestation {
  const nonce = lies.nonce ?? createHash('sha256').update(signed.authData).update(signed.clientDataHash).digest()
  const leaf = testCertificate({
    issuer: root,
    keys: lies.keys ?? signed,
    subject: [['CN', 'Example']],
    extensions: [{ oid: '2a864886f763640802', value: der(0x30, der(0xa1, der(4, nonce))) }],
  })
  return { fmt: 'apple', attStmt: new Map<string, unknown>([['x5c', [leaf.der, root.der]]]) }
}

/** A `fido-u2f` attestation (WebAuthn L3 §8.6), of a P-256 credential at the usual relying party. */
export function u2fAttestation(signed: Signed, leaf: TestCertificate): Attestation {
  const { x = '', y = '' } = signed.publicKey.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  const rpIdHash = signed.authData.subarray(0, 32)
  const data = Buffer.concat([Buffer.from([0]), rpIdHash, signed.clientDataHash, signed.credentialId, point])
  const sig = new Uint8Array(sign('sha256', data, leaf.privateKey))
  return { fmt: 'fido-u2f', attStmt: new Map<string, unknown>(Object.entries({ sig, x5c: [leaf.der] })) }
}

/** A `tpm` attestation (WebAuthn L3 §8.3) of a P-256 credential. */
export function tpmAttestation(
  signed: Signed,
  issuer: TestCertificate,
  lies: Partial<{ extraData: Uint8Array; keys: Signed }> = {},
): Attestation {
  const { x = '', y = '' } = (lies.keys ?? signed).publicKey.export({ format: 'jwk' })
  const sized = (bytes: Uint8Array) => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
  // TPMT_PUBLIC: an ECC key, named with SHA-256, of P-256
  const scheme = Buffer.from('0010001000030010', 'hex')
  const point = [x, y].map((text) => sized(Buffer.from(text, 'base64url')))
  const pubArea = Buffer.concat([Buffer.from('0023000b00060472', 'hex'), sized(Buffer.alloc(0)), scheme, ...point])
  const name = Buffer.concat([Buffer.from('000b', 'hex'), sha256(pubArea)])
  const extraData = lies.extraData ?? sha256(Buffer.concat([signed.authData, signed.clientDataHash]))
  const certInfo = Buffer.concat([
    Buffer.from('ff5443478017', 'hex'),
    ...[sized(Buffer.alloc(34)), sized(extraData), Buffer.alloc(25), sized(name), sized(name)],
  ])
  const part = (oid: string, text: string) => der(0x31, der(0x30, der(6, Buffer.from(oid, 'hex')), der(0x0c, Buffer.from(text))))
  const device = der(0x30, part('6781050201', 'id:414D4400'), part('6781050202', 'Example'), part('6781050203', 'id:00010001'))
  const leaf = testCertificate({
    issuer,
    subject: [],
    extensions: [
      { oid: '551d11', critical: true, value: der(0x30, der(0xa4, device)) },
      { oid: '551d25', value: der(0x30, der(6, Buffer.from('6781050803', 'hex'))) },
    ],
  })
  const sig = new Uint8Array(sign('sha256', certInfo, leaf.privateKey))
  const members = { ver: '2.0', alg: -7, x5c: [leaf.der], sig, certInfo: new Uint8Array(certInfo), pubArea: new Uint8Array(pubArea) }
  return { fmt: 'tpm', attStmt: new Map<string, unknown>(Object.entries(members)) }
}

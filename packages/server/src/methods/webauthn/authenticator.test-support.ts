import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isoCBOR } from '@simplewebauthn/server/helpers'

/** What a dishonest authenticator or client says instead of the truth. */
export type Lies = Partial<{
  origin: string
  type: string
  challenge: string
  crossOrigin: unknown
  topOrigin: string
  rpId: string
  up: boolean
  uv: boolean
  be: boolean
  bs: boolean
  counter: number
  id: string
  rawId: string
  userHandle: string
  /** Signs with another key. */
  key: KeyObject
  /** Changes the client data after it was signed. */
  clientData: (text: string) => string
  attestation: { fmt: string; attStmt: Map<string, unknown> } | ((signed: Signed) => { fmt: string; attStmt: Map<string, unknown> })
  /** 16 bytes. */
  aaguid: Uint8Array
  credentialId: Uint8Array
  publicKey: Uint8Array
}>

/** What an attestation signs, and about which credential. */
export type Signed = Readonly<{
  authData: Buffer
  clientDataHash: Buffer
  credentialId: Uint8Array
  publicKey: KeyObject
  privateKey: KeyObject
}>

/** An authenticator and client in one, which can also lie in every way that a test needs. */
export type SoftAuthenticator = Readonly<{
  credentialId: string
  register(challenge: string, lies?: Lies): Record<string, unknown>
  assert(challenge: string, lies?: Lies): Record<string, unknown>
}>

export const ORIGIN = 'https://app.example'
export const RP_ID = 'app.example'

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest()
const encoded = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')

/** Makes an authenticator with a new credential. `counter` is where its signature counter begins; 0 never counts. */
export function softAuthenticator(
  options: { algorithm?: 'ES256' | 'EdDSA' | 'RS256'; counter?: number; synced?: boolean } = {},
): SoftAuthenticator {
  const { algorithm = 'ES256', synced = false } = options
  let counter = options.counter ?? 0
  const { privateKey, publicKey } = keyPair(algorithm)
  const credentialId = randomBytes(32)

  function authData(lies: Lies, attested?: Uint8Array): Buffer {
    const { up = true, uv = true, be = synced, bs = synced } = lies
    if (counter > 0 && attested === undefined) counter += 1
    const flags = (up ? 1 : 0) | (uv ? 4 : 0) | (be ? 8 : 0) | (bs ? 16 : 0) | (attested ? 64 : 0)
    const count = Buffer.alloc(4)
    count.writeUInt32BE(lies.counter ?? counter)
    return Buffer.concat([sha256(lies.rpId ?? RP_ID), Buffer.from([flags]), count, attested ?? new Uint8Array()])
  }

  function clientData(type: string, challenge: string, lies: Lies): string {
    const { origin = ORIGIN, crossOrigin = false, topOrigin } = lies
    return JSON.stringify({ type: lies.type ?? type, challenge: lies.challenge ?? challenge, origin, crossOrigin, topOrigin })
  }

  return {
    credentialId: encoded(credentialId),
    register(challenge, lies = {}) {
      const id = lies.credentialId ?? credentialId
      const length = Buffer.alloc(2)
      length.writeUInt16BE(id.length)
      const attested = Buffer.concat([lies.aaguid ?? Buffer.alloc(16), length, id, lies.publicKey ?? coseKey(publicKey)])
      const text = clientData('webauthn.create', challenge, lies)
      const data = authData(lies, attested)
      const signed = { authData: data, clientDataHash: sha256(text), credentialId: id, publicKey, privateKey }
      const given = lies.attestation ?? { fmt: 'none', attStmt: new Map() }
      const { fmt, attStmt } = typeof given === 'function' ? given(signed) : given
      const attestationObject = isoCBOR.encode(
        new Map<string, unknown>([
          ['fmt', fmt],
          ['attStmt', attStmt],
          ['authData', new Uint8Array(data)],
        ]) as never,
      )
      return {
        id: lies.id ?? encoded(id),
        rawId: lies.rawId ?? lies.id ?? encoded(id),
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: encoded(Buffer.from(lies.clientData?.(text) ?? text)),
          attestationObject: encoded(attestationObject),
          transports: ['internal', 'telepathy'],
        },
      }
    },
    assert(challenge, lies = {}) {
      const text = clientData('webauthn.get', challenge, lies)
      const data = authData(lies)
      const signed = Buffer.concat([data, sha256(text)])
      const signature = sign(algorithm === 'EdDSA' ? null : 'sha256', signed, lies.key ?? privateKey)
      return {
        id: lies.id ?? encoded(credentialId),
        rawId: lies.rawId ?? lies.id ?? encoded(credentialId),
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: encoded(Buffer.from(lies.clientData?.(text) ?? text)),
          authenticatorData: encoded(data),
          signature: encoded(signature),
          ...(lies.userHandle !== undefined && { userHandle: lies.userHandle }),
        },
      }
    },
  }
}

/** A key pair of one of the algorithms that WebAuthn authenticators use. */
export function keyPair(algorithm: 'ES256' | 'EdDSA' | 'RS256' | 'RS256-1024' | 'ES384'): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  if (algorithm === 'ES384') return generateKeyPairSync('ec', { namedCurve: 'P-384' })
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: algorithm === 'RS256' ? 2048 : 1024 })
}

/** A public key as a COSE key (RFC 9052 §7, RFC 9053); `changes` replaces members of it. */
export function coseKey(key: KeyObject, changes: readonly (readonly [number, unknown])[] = []): Uint8Array {
  const jwk = key.export({ format: 'jwk' })
  const bytes = (text: string | undefined) => new Uint8Array(Buffer.from(text ?? '', 'base64url'))
  const members: (readonly [number, unknown])[] =
    jwk.kty === 'EC'
      ? [
          [1, 2],
          [3, jwk.crv === 'P-256' ? -7 : -35],
          [-1, jwk.crv === 'P-256' ? 1 : 2],
          [-2, bytes(jwk.x)],
          [-3, bytes(jwk.y)],
        ]
      : jwk.kty === 'OKP'
        ? [
            [1, 1],
            [3, -8],
            [-1, 6],
            [-2, bytes(jwk.x)],
          ]
        : [
            [1, 3],
            [3, -257],
            [-1, bytes(jwk.n)],
            [-2, bytes(jwk.e)],
          ]
  return isoCBOR.encode(new Map([...members, ...changes]) as never)
}

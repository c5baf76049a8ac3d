import { createHash, generateKeyPairSync, type JsonWebKey, type KeyObject, randomBytes, sign } from 'node:crypto'

/** The relying party and the origin of every ceremony. */
export const RP_ID = 'localhost'
export const ORIGIN = 'http://localhost:5173'
/** Who signs session tokens, for whom. */
export const ISSUER = 'https://login.bench.example'
export const SESSION_AUDIENCE = 'bench-service'
/** The API that tokens are for. */
export const API = 'https://api.bench.example'
export const FEATURE = 'payouts.approve'

/** What a server has to know of a person before the load begins. */
export type Enrolled = Readonly<{ sub: string; sid: string; jkt: string; credentialId: string; publicKey: string; userHandle: string }>

/** A person with a device key, a session token and a passkey, as a program that signs as fast as it can. */
export type Person = Readonly<{
  enrolled: Enrolled
  sessionToken: string
  /** A proof of the device key (RFC 9449 §4.2). */
  proof(method: string, url: string, nonce: string | undefined): string
  /** Answers WebAuthn request options. */
  assert(challenge: string): object
}>

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest()
const encoded = (data: string | Uint8Array) => Buffer.from(data).toString('base64url')

/** The key pair that signs session tokens. */
export function createIssuer(): Readonly<{ publicJwk: JsonWebKey; mint(claims: object): string }> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    publicJwk: { ...publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'bench' } as JsonWebKey,
    mint: (claims) => jwt({ alg: 'ES256', typ: 'JWT', kid: 'bench' }, claims, privateKey),
  }
}

export function createPerson(index: number, mint: (claims: object) => string): Person {
  const device = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = device.publicKey.export({ format: 'jwk' })
  const jwk = { kty, crv, x, y }
  const jkt = encoded(sha256(JSON.stringify({ crv, kty, x, y })))
  const passkey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const credentialId = encoded(randomBytes(32))
  const [sub, sid] = [`person-${index}`, `sid-${index}`]
  const now = Math.floor(Date.now() / 1000)
  const sessionToken = mint({
    iss: ISSUER,
    aud: SESSION_AUDIENCE,
    sub,
    sid,
    account: 'acme',
    auth_time: now,
    iat: now,
    exp: now + 1800,
  })
  const ath = encoded(sha256(sessionToken))
  // user present and verified, synced passkey: the counter stays 0
  const authenticatorData = Buffer.concat([sha256(RP_ID), Buffer.from([0b0001_1101, 0, 0, 0, 0])])
  return {
    enrolled: { sub, sid, jkt, credentialId, publicKey: encoded(coseKey(passkey.publicKey)), userHandle: encoded(randomBytes(32)) },
    sessionToken,
    proof: (htm, htu, nonce) =>
      jwt(
        { alg: 'ES256', typ: 'dpop+jwt', jwk },
        { htm, htu, iat: Math.floor(Date.now() / 1000), jti: encoded(randomBytes(16)), ath, ...(nonce !== undefined && { nonce }) },
        device.privateKey,
      ),
    assert(challenge) {
      const clientData = JSON.stringify({ type: 'webauthn.get', challenge, origin: ORIGIN, crossOrigin: false })
      return {
        id: credentialId,
        rawId: credentialId,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: encoded(clientData),
          authenticatorData: encoded(authenticatorData),
          signature: encoded(sign('sha256', Buffer.concat([authenticatorData, sha256(clientData)]), passkey.privateKey)),
        },
      }
    },
  }
}

function jwt(header: object, claims: object, key: KeyObject): string {
  const input = `${encoded(JSON.stringify(header))}.${encoded(JSON.stringify(claims))}`
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** A P-256 public key as a COSE key (RFC 9053 §7.1): a map of five members, in CBOR. */
export function coseKey(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  const bytes = (text: string) => Buffer.concat([Buffer.from([0x58, 32]), Buffer.from(text, 'base64url')])
  return Buffer.concat([Buffer.from([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21]), bytes(x), Buffer.from([0x22]), bytes(y)])
}

import { createHash, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto'
import { normalizeHtu } from '@stile/protocol'
import { StileError } from '../error.ts'
import { isName } from '../input/name.ts'
import type { ReplayStore } from '../stores/store.ts'
import { derSignature } from './der-signature.ts'
import { NONCE_LIFETIME_SECONDS } from './dpop-nonce.ts'
import { decodeJwt } from './jwt.ts'

/** How far the `iat` of a proof without a nonce may lie from now, in seconds, either way. */
export const PROOF_WINDOW_SECONDS = 60
/** How long a used proof is remembered, in seconds: until its nonce is refused, and for clocks of instances that differ. */
const REMEMBER_SECONDS = NONCE_LIFETIME_SECONDS + PROOF_WINDOW_SECONDS

const MAX_PROOF_LENGTH = 4096
const MAX_JTI_LENGTH = 256
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** What a proof is checked against. */
export type DpopCheck = Readonly<{
  /** The `DPoP` header as it was received. */
  proof: string | readonly string[] | undefined
  method: string
  /** The target URI; query and fragment are ignored. */
  url: string
  /** The access token that came with it; the proof must then name it in `ath`. */
  accessToken?: string
  /** The thumbprint of the key that the access token is bound to, where it is. */
  jkt?: string
  /** Whether a nonce is one of this server's, at most {@link NONCE_LIFETIME_SECONDS} old. Absent where no nonce is asked for. */
  isNonce?: (nonce: string) => boolean
  /** Seconds since the epoch. */
  now: number
}>

/** A proof that passed every check. */
export type DpopProof = Readonly<{
  /** RFC 7638 thumbprint of the key. */
  jkt: string
  jti: string
}>

/**
 * Makes the twelve checks of RFC 9449 §4.3 in their order. Follow it with {@link consumeDpop}, last where something else can still refuse
 * the request: what is remembered is written to the store.
 *
 * @throws {StileError} `invalid_dpop_proof`, or `use_dpop_nonce` where only the nonce is missing or old
 */
export function checkDpop({ proof, method, url, accessToken, jkt, isNonce, now }: DpopCheck): DpopProof {
  // 1. There is not more than one DPoP header field (Node joins repeated fields with a comma).
  if (proof === undefined || proof === '') throw refused('The DPoP header is missing. Send a proof of the device key with every request.')
  if (typeof proof !== 'string' || proof.includes(',')) throw refused('There is more than one DPoP header. Send exactly one proof.')

  // 2. The value is a single and well-formed JWT.
  const jwt = decodeJwt(proof, MAX_PROOF_LENGTH)
  if (jwt === undefined) throw refused('The DPoP header is not a well-formed JWT.')
  const { header, payload } = jwt

  // 3. All required claims are contained.
  const { jti, htm, htu, iat, nonce, ath } = payload
  if (!isName(jti, MAX_JTI_LENGTH))
    throw refused(`The proof has no usable jti. Give a new random one of at most ${MAX_JTI_LENGTH} characters each time.`)
  if (typeof htm !== 'string' || typeof htu !== 'string') throw refused('The proof does not name the method (htm) and URI (htu) it is for.')
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw refused('The proof does not say when it was made (iat).')

  // 4. The typ header says that it is a proof and no other JWT.
  if (header.typ !== 'dpop+jwt') throw refused('The typ of the proof is not dpop+jwt.')

  // 5. The algorithm is asymmetric and one that we accept.
  if (header.alg !== 'ES256') throw refused('The proof is not signed with ES256, the one algorithm accepted here.')

  // 6. The signature verifies with the key in the jwk header.
  const jwk = readJwk(header.jwk)
  if (jwk === undefined) throw refused('The jwk of the proof is not a P-256 public key.')
  if (jwt.signature.length !== 64 || !signatureVerifies(jwt.signingInput, jwk.key, jwt.signature))
    throw refused('The signature of the proof does not match its key.')
  remember(jwk)

  // 7. The jwk header holds no private key.
  if (jwk.isPrivate) throw refused('The jwk of the proof holds a private key, which is now known to others. Make a new device key.')

  // 8. The method is that of this request.
  if (htm !== method) throw refused('The proof is for another HTTP method (htm).')

  // 9. The URI is that of this request, query and fragment aside.
  if (normalizeHtu(htu) !== normalizeHtu(url)) throw refused('The proof is for another URI (htu).')

  // 10. The nonce is one that this server gave.
  if (isNonce !== undefined) {
    if (nonce === undefined) throw new StileError('use_dpop_nonce', 'The proof needs the nonce of the DPoP-Nonce header. Make a new proof.')
    if (typeof nonce !== 'string' || nonce.length > 256 || !isNonce(nonce))
      throw new StileError('use_dpop_nonce', 'The nonce of the proof is too old. Make a new proof with the one of the DPoP-Nonce header.')
  }

  // 11. It was made just now: the nonce bounds that where there is one, so that a device whose clock is wrong is not locked out.
  if (isNonce === undefined && Math.abs(now - iat) > PROOF_WINDOW_SECONDS)
    throw refused(`The proof was not made within ${PROOF_WINDOW_SECONDS} seconds of now (iat). Check the clock of this device.`)

  // 12. It is for the access token that came with it, and made by the key that the token is bound to.
  if (accessToken !== undefined && !(typeof ath === 'string' && sameText(ath, sha256(accessToken))))
    throw refused('The proof is for another access token (ath).')
  if (jkt !== undefined && !sameText(jkt, jwk.thumbprint)) throw refused('The token is bound to another device key.')

  return { jkt: jwk.thumbprint, jti }
}

/**
 * Remembers a proof until it could no longer be accepted, and refuses one that is remembered already (RFC 9449 §11.1).
 *
 * @throws {StileError} `invalid_dpop_proof`
 */
export async function consumeDpop(replay: ReplayStore, { jkt, jti }: DpopProof, now: number): Promise<void> {
  const key = `dpop:${sha256(`${jkt} ${jti}`)}`
  const first = await replay.once({ key, now, expiresAt: now + REMEMBER_SECONDS })
  if (!first) throw refused('The proof was used before. Make a new one for every request.')
}

type Jwk = Readonly<{ key: KeyObject; thumbprint: string; isPrivate: boolean }>

/** Keys of devices that have proven to hold them: reading one anew takes as long as verifying with it. By thumbprint, oldest first. */
const seen = new Map<string, KeyObject>()
const MOST_SEEN = 5_000

function remember({ thumbprint, key }: Jwk): void {
  if (seen.has(thumbprint)) return
  seen.set(thumbprint, key)
  if (seen.size > MOST_SEEN) for (const oldest of seen.keys()) return void seen.delete(oldest)
}

function readJwk(value: unknown): Jwk | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { kty, crv, x, y } = value as Readonly<Record<string, unknown>>
  if (kty !== 'EC' || crv !== 'P-256' || !isCoordinate(x) || !isCoordinate(y)) return undefined
  // RFC 7638 §3.2: the required members in lexicographic order
  const thumbprint = sha256(JSON.stringify({ crv, kty, x, y }))
  try {
    return {
      // only the public members are given on, so nothing else in it can change the key; a point off the curve throws
      key: seen.get(thumbprint) ?? createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' }),
      thumbprint,
      isPrivate: PRIVATE_MEMBERS.some((member) => Object.hasOwn(value, member)),
    }
  } catch {
    return undefined
  }
}

/** Exactly one spelling of 32 bytes, so that one key has one thumbprint. */
function isCoordinate(value: unknown): value is string {
  return typeof value === 'string' && value.length === 43 && Buffer.from(value, 'base64url').toString('base64url') === value
}

function signatureVerifies(input: string, key: KeyObject, signature: Buffer): boolean {
  try {
    return verify('sha256', Buffer.from(input), key, derSignature(signature))
  } catch {
    return false
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}

function refused(detail: string): StileError {
  return new StileError('invalid_dpop_proof', detail)
}

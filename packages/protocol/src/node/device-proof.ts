import { importP256, isPrivateJwk, p256Point, sha256Base64url, thumbprint, verifyEs256 } from './es256.ts'
import { parseJwt } from './jwt.ts'
import { createKeyMemory } from './key-memory.ts'
import { type ProofMismatch, shownHash, shownMethod, shownUrl } from './proof-mismatch.ts'

/** Why a device proof is refused, by the step of RFC 9449 §4.3 that it fails. */
export type ProofRefusal =
  /** 1 */
  | 'missing'
  | 'repeated'
  /** 2 */
  | 'malformed'
  /** 3 */
  | 'jti_unusable'
  | 'target_missing'
  | 'time_missing'
  /** 4 */
  | 'wrong_type'
  /** 5 */
  | 'wrong_algorithm'
  /** 6 */
  | 'wrong_jwk'
  | 'wrong_signature'
  /** 7 */
  | 'private_key'
  /** 8 */
  | 'wrong_method'
  /** 9 */
  | 'wrong_url'
  /** 10 */
  | 'nonce_missing'
  | 'nonce_refused'
  /** 11 */
  | 'not_fresh'
  | 'expired'
  /** 12 */
  | 'wrong_token'
  | 'wrong_key'

/** What came of a device proof. A valid one may have been used before: the caller's memory of used proofs tells. */
export type ProofVerdict =
  | Readonly<{
      status: 'valid'
      /** RFC 7638 thumbprint of the key. */
      jkt: string
      jti: string
      /** When it was made by the clock of the device, in seconds since the epoch. */
      iat: number
      /** False if the device says that it could not store its key (`stored`), which is gone with its page then. */
      stored: boolean
      /** The nonce that showed its freshness; absent if none was asked for. */
      nonce?: string
    }>
  | Readonly<{
      status: 'refused'
      reason: ProofRefusal
      /** With `wrong_method`, `wrong_url`, `not_fresh` and `wrong_token`: what was expected, and what came. */
      mismatch?: ProofMismatch
    }>

/** What a proof must be about. */
export type ProofExpectation = Readonly<{
  method: string
  /** The URL of the request, for messages. */
  url: string
  /** Whether an `htu` is the URL of the request. */
  isUrl: (htu: string) => boolean
  /** The access token that came with it; the proof must then name it in `ath`. */
  accessToken?: string | undefined
  /** The thumbprint of the key that the access token is bound to. */
  jkt?: string | undefined
  /** What shows that it was made just now: a nonce of this server, or else an `iat` at most so many seconds from now. */
  freshness: Readonly<{ isNonce: (nonce: string) => boolean }> | Readonly<{ windowSeconds: number }>
  /** Seconds since the epoch. */
  now: number
}>

/** Verifies the `DPoP` header of a request as it was received. Never throws, and writes nothing down. */
export type ProofVerifier = (header: string | readonly string[] | undefined, expected: ProofExpectation) => ProofVerdict

/** What a verifier of device proofs is made of. */
export type ProofVerifierOptions = Readonly<{
  /** How many keys of devices that have proven to hold them are remembered. Default 5000. */
  maxKeys?: number
}>

const MAX_PROOF_LENGTH = 4_096
/** The longest `jti` of a device proof, in characters. */
export const MAX_JTI_LENGTH = 128
const MAX_NONCE_LENGTH = 256

/** Makes a verifier of device proofs: the twelve checks of RFC 9449 §4.3 in their order, and `exp` if the proof has one. */
export function createProofVerifier({ maxKeys = 5_000 }: ProofVerifierOptions = {}): ProofVerifier {
  const keys = createKeyMemory(maxKeys)

  return (proof, { method, url, isUrl, accessToken, jkt, freshness, now }) => {
    // 1. There is not more than one DPoP header field (Node joins repeated fields with a comma).
    if (proof === undefined || proof === '') return refused('missing')
    if (typeof proof !== 'string' || proof.includes(',')) return refused('repeated')

    // 2. The value is a single and well-formed JWT.
    const jwt = parseJwt(proof, MAX_PROOF_LENGTH)
    if (jwt === undefined) return refused('malformed')
    const { header, payload } = jwt

    // 3. All required claims are contained.
    const { jti, htm, htu, iat, exp, nonce, ath } = payload
    if (!isJti(jti)) return refused('jti_unusable')
    if (typeof htm !== 'string' || typeof htu !== 'string') return refused('target_missing')
    if (!isTime(iat)) return refused('time_missing')

    // 4. The typ header says that it is a proof and no other JWT.
    if (header.typ !== 'dpop+jwt') return refused('wrong_type')

    // 5. The algorithm is asymmetric and accepted here.
    if (header.alg !== 'ES256') return refused('wrong_algorithm')

    // 6. The signature verifies with the key in the jwk header.
    const point = p256Point(header.jwk)
    if (point === undefined) return refused('wrong_jwk')
    const made = thumbprint(point)
    // a part of step 12: a hash costs less than checking the signature of a key that was not expected
    if (jkt !== undefined && jkt !== made) return refused('wrong_key')
    const key = keys.get(made) ?? importP256(point)
    if (key === undefined) return refused('wrong_jwk')
    if (!verifyEs256(jwt, key)) return refused('wrong_signature')
    keys.remember(made, key)

    // 7. The jwk header holds no private key.
    if (isPrivateJwk(header.jwk)) return refused('private_key')

    // 8. The method is that of this request.
    if (htm !== method) return refused('wrong_method', { claim: 'htm', expected: method, received: shownMethod(htm) })

    // 9. The URI is that of this request.
    if (!isUrl(htu)) return refused('wrong_url', { claim: 'htu', expected: shownUrl(url), received: shownUrl(htu) })

    const isNonceAsked = 'isNonce' in freshness
    if (isNonceAsked) {
      // 10. The nonce is one that this server gave. It also bounds the time, so that a device whose clock is wrong is not locked out.
      if (nonce === undefined) return refused('nonce_missing')
      if (typeof nonce !== 'string' || nonce.length > MAX_NONCE_LENGTH || !freshness.isNonce(nonce)) return refused('nonce_refused')
    } else if (!(Math.abs(now - iat) <= freshness.windowSeconds)) {
      // 11. It was made just now.
      const { windowSeconds } = freshness
      return refused('not_fresh', { claim: 'iat', expected: `${now - windowSeconds} to ${now + windowSeconds}`, received: String(iat) })
    }
    if (exp !== undefined && !(isTime(exp) && now < exp)) return refused('expired')

    // 12. It is for the access token that came with it; its key was compared above.
    const hash = accessToken === undefined ? undefined : sha256Base64url(accessToken)
    if (hash !== undefined && ath !== hash) return refused('wrong_token', { claim: 'ath', expected: hash, received: shownHash(ath) })
    const stored = payload.stored !== false
    return { status: 'valid', jkt: made, jti, iat, stored, ...(isNonceAsked && { nonce: nonce as string }) }
  }
}

/** Whether a value can be kept and compared as an id: bounded, no control characters, no lone surrogates. */
function isJti(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_JTI_LENGTH && !/[\p{Cc}\p{Cs}]/u.test(value)
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function refused(reason: ProofRefusal, mismatch?: ProofMismatch): ProofVerdict {
  return { status: 'refused', reason, ...(mismatch && { mismatch }) }
}

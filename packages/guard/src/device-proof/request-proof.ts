import { normalizeHtu } from '@stile/protocol'
import { createProofVerifier, type DpopNonces, type ProofMismatch, type ProofRefusal } from '@stile/protocol/node'
import type { Header } from '../requests/request.ts'

/** What a proof must be about. */
export type ProofContext = Readonly<{
  method: string
  /** Path and query as they were sent. */
  url: string
  /** The assurance token that came with it. */
  token: string
  /** The thumbprint that the token is bound to (`cnf.jkt`). */
  jkt: string
}>

/** What came of a device proof. */
export type RequestProofVerdict =
  | Readonly<{
      status: 'valid'
      /** RFC 7638 thumbprint of the key. */
      jkt: string
      jti: string
      /** When it was made, in seconds since the epoch: by its nonce if one is asked for, else by the clock of the device. */
      madeAt: number
      /** Another nonce for the next proof, because that of this one is getting old. */
      nextNonce?: string
    }>
  | Readonly<{ status: 'refused'; reason: ProofRefusal; mismatch?: ProofMismatch }>

/**
 * Verifies device proofs. A valid one may have been used before: the replay memory tells, and is asked last, when a request is about to pass.
 */
export type RequestProofVerifier = (proof: Header, context: ProofContext) => RequestProofVerdict

/** What the verifier is made of. */
export type RequestProofVerifierOptions = Readonly<{
  origin: string
  now: () => number
  /** If given, every proof must carry one of them; its age then counts instead of `iat`, so that a wrong clock locks nobody out. */
  nonces?: DpopNonces | undefined
  /** How many keys of devices are remembered. Default 5000. */
  maxKeys?: number
}>

/** How far the `iat` of a proof may be from now, in seconds, if no nonce is asked for. */
export const PROOF_WINDOW_SECONDS = 60
// segments that a URL parser takes away but a router may not: such a path has two meanings
const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i

/**
 * Makes a verifier of device proofs at a resource server (RFC 9449 §4.3 and §7.1).
 *
 * The URL is the configured public origin and the path as it was sent; `Host` is never asked.
 */
export function createRequestProofVerifier({ origin, now, nonces, maxKeys }: RequestProofVerifierOptions): RequestProofVerifier {
  const verifyProof = createProofVerifier(maxKeys === undefined ? {} : { maxKeys })
  return (proof, { method, url, token, jkt }) => {
    let madeAt: number | undefined
    const isNonce = (nonce: string): boolean => {
      madeAt = nonces?.handedOutAt(nonce)
      return madeAt !== undefined
    }
    const freshness = nonces === undefined ? { windowSeconds: PROOF_WINDOW_SECONDS } : { isNonce }
    const verdict = verifyProof(proof, {
      method,
      url: origin + url,
      isUrl: (htu) => isSameUrl(htu, origin, url),
      accessToken: token,
      jkt,
      freshness,
      now: now(),
    })
    if (verdict.status === 'refused') return verdict
    const { jti, iat, nonce } = verdict
    const current = nonces?.current()
    return {
      status: 'valid',
      jkt: verdict.jkt,
      jti,
      madeAt: madeAt ?? iat,
      ...(current !== undefined && current !== nonce && { nextNonce: current }),
    }
  }
}

function isSameUrl(htu: string, origin: string, url: string): boolean {
  const end = url.search(/[?#]/)
  const path = end < 0 ? url : url.slice(0, end)
  if (!path.startsWith('/') || path.includes('\\') || DOT_SEGMENT.test(path)) return false
  return normalizeHtu(htu) === normalizeHtu(origin + path)
}

/** Why a proof is refused, in a sentence that never quotes it. What was expected and received is told beside it. */
export const PROOF_FAULTS: Readonly<Record<ProofRefusal, string>> = {
  missing: 'The token came without a proof of its key.',
  repeated: 'More than one proof came with the token.',
  malformed: 'The proof is not a compact JWT of at most 4096 characters without critical extensions.',
  jti_unusable: 'The proof has no jti of 1 to 128 characters.',
  target_missing: 'The proof does not name the method (htm) and URL (htu) it is for.',
  time_missing: 'The proof does not say when it was made (iat).',
  wrong_type: 'The typ of the proof must be dpop+jwt.',
  wrong_algorithm: 'The proof must be signed with ES256 and nothing else.',
  wrong_jwk: 'The proof must carry a public P-256 key as jwk.',
  wrong_signature: 'The signature of the proof is wrong.',
  private_key: 'The proof carries a private key, which is now known to others.',
  wrong_method: 'The proof is for another HTTP method.',
  wrong_url: 'The proof is for another URL. If it should be this one, check the origin option of the guard.',
  nonce_missing: 'The proof lacks the nonce of this API.',
  nonce_refused: 'The nonce of the proof is too old, or of another server.',
  not_fresh: 'The proof is older than a minute or of the future; the clocks may differ.',
  expired: 'The proof has expired.',
  wrong_token: 'The proof is for another token.',
  wrong_key: 'The proof is of another key than the one that the token is bound to.',
}

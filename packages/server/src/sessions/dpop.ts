import { normalizeHtu } from '@stile/protocol'
import {
  createProofVerifier,
  describeMismatch,
  MAX_JTI_LENGTH,
  NONCE_LIFETIME_SECONDS,
  type ProofRefusal,
  sha256Base64url,
} from '@stile/protocol/node'
import { StileError } from '../error.ts'
import type { Use } from '../stores/store.ts'

/** How far the `iat` of a proof without a nonce may lie from now, in seconds, either way. */
export const PROOF_WINDOW_SECONDS = 60
/** How far the clocks of instances may differ, in seconds. */
const APART_SECONDS = 60
/** How long a used proof is remembered, in seconds: until its nonce is refused, or its `iat` if it has none, by every instance. */
const REMEMBER_SECONDS: number = Math.max(NONCE_LIFETIME_SECONDS, 2 * PROOF_WINDOW_SECONDS) + APART_SECONDS

/** What a proof is checked against. */
export type DpopCheck = Readonly<{
  /** The `DPoP` header as it was received. */
  proof: string | readonly string[] | undefined
  method: string
  /** The target URI; query and fragment are ignored. */
  url: string
  /** The access token that came with it; the proof must then name it in `ath`. */
  accessToken?: string
  /** The thumbprint of the key that the access token is bound to, if it is bound. */
  jkt?: string
  /** Whether a nonce is one of this server's, at most {@link NONCE_LIFETIME_SECONDS} old. Absent if no nonce is asked for. */
  isNonce?: (nonce: string) => boolean
  /** Seconds since the epoch. */
  now: number
}>

/** A proof that passed every check. */
export type DpopProof = Readonly<{
  /** RFC 7638 thumbprint of the key. */
  jkt: string
  jti: string
  /** Whether the device has stored its key; false if it says that the key is gone with its page. */
  stored: boolean
}>

/**
 * Makes the checks of device proofs, all but their replay, and remembers the keys of the devices. What
 * {@link useOfDpop} says is to be remembered once nothing else can refuse the request: it is written to the store.
 *
 * A check throws a {@link StileError}: `invalid_dpop_proof`, or `use_dpop_nonce` if only the nonce is missing or old.
 */
export function createDpopChecks(): (check: DpopCheck) => DpopProof {
  const verifyProof = createProofVerifier()
  return ({ proof, method, url, accessToken, jkt, isNonce, now }) => {
    const verdict = verifyProof(proof, {
      method,
      url,
      isUrl: (htu) => normalizeHtu(htu) === normalizeHtu(url),
      accessToken,
      jkt,
      freshness: isNonce ? { isNonce } : { windowSeconds: PROOF_WINDOW_SECONDS },
      now,
    })
    if (verdict.status === 'valid') return verdict
    const { reason, mismatch } = verdict
    throw new StileError(
      reason === 'nonce_missing' || reason === 'nonce_refused' ? 'use_dpop_nonce' : 'invalid_dpop_proof',
      DETAILS[reason] + describeMismatch(mismatch),
    )
  }
}

/** What a client is told; of what it sent only the claim that does not fit. */
const DETAILS: Readonly<Record<ProofRefusal, string>> = {
  missing: 'The DPoP header is missing. Send a proof of the device key with every request.',
  repeated: 'There is more than one DPoP header. Send exactly one proof.',
  malformed: 'The DPoP header is not a well-formed JWT.',
  jti_unusable: `The proof has no usable jti. Give a new random one of at most ${MAX_JTI_LENGTH} characters each time.`,
  target_missing: 'The proof does not name the method (htm) and URI (htu) it is for.',
  time_missing: 'The proof does not say when it was made (iat).',
  wrong_type: 'The typ of the proof is not dpop+jwt.',
  wrong_algorithm: 'The proof is not signed with ES256, the one algorithm accepted here.',
  wrong_jwk: 'The jwk of the proof is not a P-256 public key.',
  wrong_signature: 'The signature of the proof does not match its key.',
  private_key: 'The jwk of the proof holds a private key, which is now known to others. Make a new device key.',
  wrong_method: 'The proof is for another HTTP method (htm).',
  wrong_url: 'The proof is for another URI (htu). If it should be this one, check publicUrl and what a proxy in front strips or adds.',
  nonce_missing: 'The proof needs the nonce of the DPoP-Nonce header. Make a new proof.',
  nonce_refused: 'The nonce of the proof is too old. Make a new proof with the one of the DPoP-Nonce header.',
  not_fresh: `The proof was not made within ${PROOF_WINDOW_SECONDS} seconds of now (iat). Check the clock of this device.`,
  expired: 'The proof has expired (exp). Make a new one for every request.',
  wrong_token: 'The proof is for another access token (ath).',
  wrong_key: 'The token is bound to another device key.',
}

/** What is remembered of a proof, until it could no longer be accepted: it is used once (RFC 9449 §11.1). */
export function useOfDpop({ jkt, jti }: Pick<DpopProof, 'jkt' | 'jti'>, now: number): Use {
  return { key: `dpop:${sha256Base64url(`${jkt} ${jti}`)}`, now, expiresAt: now + REMEMBER_SECONDS }
}

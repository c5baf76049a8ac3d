import type { KeyObject } from 'node:crypto'
import { normalizeHtu } from '@stile/protocol'
import { createBoundedMap } from './lib/bounded-map.ts'
import { importP256, isPlainEs256, isTyp, p256Coordinates, parseCompact, verifyEs256 } from './lib/jwt.ts'
import { sha256Base64Url, thumbprint } from './lib/thumbprint.ts'

/**
 * What came of a device proof. `why` is a sentence that never quotes it.
 *
 * A valid one may have been used before: that is for the replay memory to say, which is asked last, when a request is about to be let on.
 */
export type ProofVerdict = Readonly<{ status: 'valid'; jti: string; iat: number }> | Readonly<{ status: 'invalid'; why: string }>

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

/** Verifies device proofs. */
export type ProofVerifier = (proof: string, context: ProofContext) => ProofVerdict

/** What the verifier is made of. */
export type ProofVerifierOptions = Readonly<{ origin: string; now: () => number }>

/** How far the `iat` of a proof may be from now, in seconds. */
export const PROOF_WINDOW_SECONDS = 60
const PROOF_MAX_LENGTH = 4_096
const JTI_MAX_LENGTH = 128
const MAX_KEYS = 5_000
// segments that a URL parser takes away but a router may not: such a path has two meanings
const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i

/**
 * Makes a verifier of DPoP proofs at a resource server: the checks of RFC 9449 §4.3 and §7.1 in their order, all but the replay of a `jti`. Writes
 * nothing down.
 *
 * The URL is the configured public origin and the path as it was sent; `Host` is never asked.
 */
export function createProofVerifier({ origin, now }: ProofVerifierOptions): ProofVerifier {
  // importing costs as much as verifying; only keys that a valid token names get here
  const imported = createBoundedMap<string, KeyObject>(MAX_KEYS)

  const importKey = (jkt: string, point: Readonly<{ x: string; y: string }>): KeyObject | undefined => {
    const known = imported.get(jkt)
    if (known !== undefined) return known
    const key = importP256(point)
    if (key !== undefined) imported.set(jkt, key)
    return key
  }

  return (proof, { method, url, token, jkt }) => {
    const jwt = parseCompact(proof, PROOF_MAX_LENGTH)
    if (jwt === undefined) return MALFORMED
    const { header, payload } = jwt
    const { jti, htm, htu, iat, ath } = payload
    if (typeof jti !== 'string' || jti === '' || jti.length > JTI_MAX_LENGTH) return WRONG_JTI
    if (!isTyp(header.typ, 'dpop+jwt')) return WRONG_TYPE
    if (!isPlainEs256(header)) return WRONG_ALGORITHM
    const point = p256Coordinates(header.jwk)
    if (point === undefined) return WRONG_JWK
    if (thumbprint(point) !== jkt) return WRONG_KEY
    const key = importKey(jkt, point)
    if (key === undefined) return WRONG_JWK
    if (!verifyEs256(jwt, key)) return WRONG_SIGNATURE
    if (htm !== method) return WRONG_METHOD
    if (typeof htu !== 'string' || !isSameUrl(htu, origin, url)) return WRONG_URL
    if (typeof iat !== 'number' || !(Math.abs(now() - iat) <= PROOF_WINDOW_SECONDS)) return WRONG_TIME
    if (ath !== sha256Base64Url(token)) return WRONG_TOKEN
    return { status: 'valid', jti, iat }
  }
}

function isSameUrl(htu: string, origin: string, url: string): boolean {
  const end = url.search(/[?#]/)
  const path = end < 0 ? url : url.slice(0, end)
  if (!path.startsWith('/') || path.includes('\\') || DOT_SEGMENT.test(path)) return false
  return normalizeHtu(htu) === normalizeHtu(origin + path)
}

function invalid(why: string): ProofVerdict {
  return Object.freeze({ status: 'invalid', why })
}

const MALFORMED = invalid('The proof is not a compact JWT.')
const WRONG_JTI = invalid('The proof has no jti of 1 to 128 characters.')
const WRONG_TYPE = invalid('The typ of the proof must be dpop+jwt.')
const WRONG_ALGORITHM = invalid('The proof must be signed with ES256 and nothing else.')
const WRONG_JWK = invalid('The proof must carry a public P-256 key as jwk.')
const WRONG_KEY = invalid('The proof is of another key than the one that the token is bound to.')
const WRONG_SIGNATURE = invalid('The signature of the proof is wrong.')
const WRONG_METHOD = invalid('The proof is for another HTTP method.')
const WRONG_URL = invalid('The proof is for another URL. If it should be this one, check the origin option of the guard.')
const WRONG_TIME = invalid('The proof is older than a minute or of the future; the clocks may differ.')
const WRONG_TOKEN = invalid('The proof is for another token.')

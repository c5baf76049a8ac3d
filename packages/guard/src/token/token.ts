import type { KeyObject } from 'node:crypto'
import {
  ASSURANCE_MAX_SECONDS,
  ASSURANCE_TYP,
  type Assurance,
  type AssuranceClaims,
  assuranceOf,
  CLOCK_SKEW_SECONDS,
  parseAssuranceClaims,
} from '@stile/protocol'
import { mediaType, parseJwt, shownName, verifyEs256 } from '@stile/protocol/node'
import { type BudgetedMap, createBudgetedMap } from '../lib/budgeted-map.ts'
import { DEFAULT_BUDGETS } from '../options/memory.ts'
import type { Jwks } from '../service/jwks.ts'

/** What came of an assurance token. `why` is a sentence that never quotes it. */
export type TokenVerdict =
  | Readonly<{ status: 'valid'; claims: AssuranceClaims; assurance: Assurance }>
  | Readonly<{ status: 'invalid'; why: string; foreign?: ForeignAudience }>
  | Readonly<{ status: 'pending'; wait: Promise<unknown> }>
  | Readonly<{ status: 'unavailable' }>

/** A good token of the service for another API, for messages. */
export type ForeignAudience = Readonly<{ expected: string; received: string }>

/** Verifies assurance tokens. */
export type TokenVerifier = (token: string) => TokenVerdict

/** What the verifier is made of. */
export type TokenVerifierOptions = Readonly<{
  issuer: string
  audience: string
  keys: Pick<Jwks, 'lookup'>
  now: () => number
  /** The signatures that were verified. What is forgotten is verified again. */
  seen?: SeenTokens
}>

/**
 * How much longer than it says a token is taken, in seconds. Less than two clocks may differ, `CLOCK_SKEW_SECONDS`: that much is allowed only
 * to times that lie ahead: there a strict limit would refuse good tokens.
 */
export const TOKEN_LEEWAY_SECONDS = 5
/** The longest token that is looked at, in characters. */
export const TOKEN_MAX_LENGTH = 8_192

// measured with bench/growth.bench.ts, rounded up: what its claims say is kept beside the token
const TOKEN_BYTES = 1_500

type Valid = Extract<TokenVerdict, { status: 'valid' }>
type Seen = Readonly<{ kid: string; key: KeyObject; verdict: Valid }>
/** Tokens whose signature was verified, and with which key. */
export type SeenTokens = BudgetedMap<string, Seen>

/** Makes the memory of verified signatures. */
export function createSeenTokens(maxBytes: number): SeenTokens {
  return createBudgetedMap({ maxBytes, sizeOf: (token) => TOKEN_BYTES + token.length })
}

/**
 * Makes a verifier of assurance tokens (RFC 9068 §4, RFC 8725): `typ: at+jwt`, ES256, a key of the service, exact issuer and audience,
 * at most five minutes of life.
 *
 * Only "this key signed this very token", and what the token's bytes say, is remembered; everything else is checked on every call.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { issuer, audience, keys, now, seen = createSeenTokens(DEFAULT_BUDGETS.tokens) } = options

  const check = (verdict: Valid): TokenVerdict => {
    const why = faultOf(verdict.claims, { issuer, audience, now: now() })
    return why === undefined ? verdict : { status: 'invalid', ...why }
  }

  return (token) => {
    const known = seen.get(token)
    if (known !== undefined) {
      const found = keys.lookup(known.kid)
      // the very key that verified it: a kid that now names another key proves nothing
      if (found.status === 'known' && found.key === known.key) return check(known.verdict)
    }
    const jwt = parseJwt(token, TOKEN_MAX_LENGTH)
    if (jwt === undefined) return MALFORMED
    const { header, payload } = jwt
    const { kid } = header
    if (mediaType(header.typ) !== ASSURANCE_TYP) return WRONG_TYPE
    if (header.alg !== 'ES256') return WRONG_ALGORITHM
    if (typeof kid !== 'string') return UNKNOWN_KEY
    const found = keys.lookup(kid)
    if (found.status === 'unknown') return UNKNOWN_KEY
    if (found.status !== 'known') return found
    if (!verifyEs256(jwt, found.key)) return WRONG_SIGNATURE
    const claims = parseAssuranceClaims(payload)
    if (claims === undefined) return INCOMPLETE
    const verdict: Valid = { status: 'valid', claims, assurance: assuranceOf(claims) }
    seen.set(token, { kid, key: found.key, verdict })
    return check(verdict)
  }
}

/** What is wrong with the claims of a token whose signature is right. */
function faultOf(
  { iss, aud, exp, iat, nbf }: AssuranceClaims,
  { issuer, audience, now }: Readonly<{ issuer: string; audience: string; now: number }>,
): Omit<Extract<TokenVerdict, { status: 'invalid' }>, 'status'> | undefined {
  if (iss !== issuer) return { why: 'The token is of another issuer.' }
  if (aud !== audience)
    return { why: 'The token is for another audience.', foreign: { expected: shownName(audience), received: shownName(aud) } }
  // written so that a time that is no number is a fault too
  if (!(exp > now - TOKEN_LEEWAY_SECONDS)) return { why: 'The token has expired.' }
  if (!(nbf <= now + CLOCK_SKEW_SECONDS && iat <= now + CLOCK_SKEW_SECONDS)) return { why: 'The token is not valid yet.' }
  if (!(exp - iat <= ASSURANCE_MAX_SECONDS + TOKEN_LEEWAY_SECONDS)) return { why: 'The token lives longer than five minutes.' }
  if (!(now - iat <= ASSURANCE_MAX_SECONDS + TOKEN_LEEWAY_SECONDS)) return { why: 'The token is too old.' }
  return undefined
}

function invalid(why: string): TokenVerdict {
  return Object.freeze({ status: 'invalid', why })
}

const MALFORMED = invalid('The token is not a compact JWT.')
const WRONG_TYPE = invalid('The token is not an assurance token: its typ must be at+jwt.')
const WRONG_ALGORITHM = invalid('The token must be signed with ES256 and nothing else.')
const UNKNOWN_KEY = invalid('The token is signed with a key that the service does not have.')
const WRONG_SIGNATURE = invalid('The signature of the token is wrong.')
const INCOMPLETE = invalid('The token lacks claims that an assurance token has.')

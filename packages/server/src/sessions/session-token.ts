import { createHash } from 'node:crypto'
import { ASSURANCE_TYP, CLOCK_SKEW_SECONDS } from '@stile/protocol'
import { mediaType, parseJwt, shownName } from '@stile/protocol/node'
import { compactVerify, errors } from 'jose'
import { StileError } from '../error.ts'
import type { IssuerOptions } from '../options/options.ts'
import { accountNamed } from './account.ts'
import { readSessionClaims, type SessionClaims } from './claims.ts'
import { createIssuers, type Issuer, type IssuersDeps } from './issuers.ts'
import { readNumericDate } from './numeric-date.ts'

const MAX_TOKEN_LENGTH = 8192
/** How many signatures are remembered as valid, and for how long at most: a key that its issuer withdraws stops counting by then. */
const REMEMBERED = 10_000
const REMEMBER_SECONDS = 300
/** Never, whatever a configuration says: no key, or a key that the verifier shares with the signer. */
const ALGORITHM = /^(ES256|ES384|ES512|RS256|RS384|RS512|PS256|PS384|PS512|EdDSA|Ed25519)$/

/** A session token that passed every check. */
export type SessionToken = SessionClaims &
  Readonly<{
    /** Issuer id of the configuration. */
    issuer: string
    /** Seconds since the epoch. */
    issuedAt: number
    /** Seconds since the epoch. */
    expiresAt: number
  }>

/** Verifies session tokens of the configured issuers. */
export type SessionTokens = Readonly<{
  /** @throws {StileError} `invalid_token`, or `service_unavailable` if the keys of the issuer cannot be fetched */
  verify(token: string): Promise<SessionToken>
}>

const TIMELESS =
  'a session token does not say when its user signed in (claims.authTime), so the login counts as infinitely old; said once per issuer'
const UNREADABLE_TIME =
  'a session token says in a way that cannot be read when its user signed in: seconds since the epoch were expected, so the login counts as infinitely old; said once per issuer'
const UNVERIFIED =
  'a session token says with the text "true" that an address is verified, which counts as no; set emailVerifiedAsText if the issuer writes it so; said once per issuer'

type Payload = Readonly<Record<string, unknown>>

/**
 * Creates the verifier of session tokens (RFC 8725): algorithm and `typ` from lists, exact issuer and audience, `exp` and `iat` present.
 *
 * Only "this signature is valid" is remembered; issuer, audience, times and names are checked each time.
 */
export function createSessionTokens(deps: IssuersDeps): SessionTokens {
  const issuers = createIssuers(deps)
  const remembered = new Map<string, number>()
  /** The issuers and claims that were warned of already. */
  const warned = new Set<string>()

  async function verifySignature(token: string, issuer: Issuer, now: number): Promise<void> {
    const key = createHash('sha256').update(token).digest('base64')
    if ((remembered.get(key) ?? Number.NEGATIVE_INFINITY) > now) return
    remembered.delete(key)
    try {
      await compactVerify(token, issuer.getKey, { algorithms: issuer.options.algs.filter((alg) => ALGORITHM.test(alg)) })
    } catch (cause) {
      if (cause instanceof StileError) throw cause
      // jose answers with its own errors for what is wrong with the token, and with others for what is wrong with a key
      if (cause instanceof errors.JOSEError || cause instanceof TypeError)
        throw new StileError('invalid_token', 'The signature of the session token is not valid.', {}, { cause })
      throw cause
    }
    // the oldest goes first: a Map keeps the order of insertion
    if (remembered.size >= REMEMBERED) remembered.delete(remembered.keys().next().value ?? '')
    remembered.set(key, now + REMEMBER_SECONDS)
  }

  function warnOfTime({ id, claims }: IssuerOptions, payload: Payload): void {
    const isMissing = !Object.hasOwn(payload, claims.authTime) || payload[claims.authTime] === null
    warnOnce(id, claims.authTime, isMissing ? TIMELESS : UNREADABLE_TIME)
  }

  /** Says what the tokens of an issuer lack once: it is so of all of them, and whoever signs in must not fill the log. */
  function warnOnce(issuer: string, claim: string, what: string): void {
    const key = `${issuer} ${claim}`
    if (warned.has(key)) return
    warned.add(key)
    deps.log.warn({ issuer, claim }, what)
  }

  return {
    async verify(token) {
      const now = deps.now()
      if (token.length > MAX_TOKEN_LENGTH)
        throw invalid(`is too long: ${token.length} characters, at most ${MAX_TOKEN_LENGTH} are read. Leave out claims such as groups.`)
      const jwt = parseJwt(token, MAX_TOKEN_LENGTH)
      if (jwt === undefined) throw invalid('is not a JWT that can be read.')
      const { header, payload } = jwt
      if (payload.iss === deps.publicUrl) throw invalid('was issued by Stile itself. Send a token of the primary login.')
      const issuer = typeof payload.iss === 'string' ? issuers.find(payload.iss) : undefined
      if (issuer === undefined) throw invalid('is of an issuer that is not configured here.')
      const { options } = issuer
      checkHeader(header, options)
      await verifySignature(token, issuer, now)
      const times = checkTimes(payload, options, now)
      if (!isFor(payload.aud, options.audience)) throw invalid(otherAudience(payload.aud, options.audience))
      // RFC 8417 §4.2: a logout token, say, must not open a session, even if no typ tells them apart
      if (payload.events !== undefined) throw invalid('is a security event. Send a session token of the primary login.')
      const claims = readSessionClaims(payload, options, now)
      if (claims.login.authTime === 0) warnOfTime(options, payload)
      if (payload[options.claims.emailVerified] === 'true' && !options.emailVerifiedAsText)
        warnOnce(options.id, options.claims.emailVerified, UNVERIFIED)
      return { issuer: options.id, ...times, ...claims, account: accountNamed(claims.account, options, deps.issuers) }
    },
  }
}

function checkHeader({ alg, typ }: Payload, { algs, typ: typs }: IssuerOptions): void {
  if (typeof alg !== 'string' || !ALGORITHM.test(alg) || !(algs as readonly string[]).includes(alg))
    throw invalid('is signed with an algorithm that is not accepted for its issuer.')
  const type = mediaType(typ)
  // an assurance token must never open a session, even if the configuration lists its typ
  if (type === ASSURANCE_TYP) throw invalid('is an access token. Send a session token of the primary login.')
  if (typ === undefined && !typs.includes(null)) throw invalid("has no typ. If its issuer never sends one, list null in the issuer's typ.")
  if (typ !== undefined && !typs.some((each) => each !== null && mediaType(each) === type))
    throw invalid('is of a typ that is not accepted for its issuer.')
}

function checkTimes(payload: Payload, { maxTokenAgeSeconds }: IssuerOptions, now: number): Pick<SessionToken, 'issuedAt' | 'expiresAt'> {
  const [exp, iat, nbf] = [payload.exp, payload.iat, payload.nbf].map(readNumericDate)
  if (exp === undefined || iat === undefined) throw invalid('does not say when it was issued and when it expires (iat, exp).')
  if (exp <= now) throw invalid('has expired. Get a new one from the app.')
  if (iat > now + CLOCK_SKEW_SECONDS) throw invalid('was issued in the future. Check the clock of its issuer.')
  if (payload.nbf !== undefined && !(nbf !== undefined && nbf <= now + CLOCK_SKEW_SECONDS)) throw invalid('is not valid yet.')
  if (maxTokenAgeSeconds !== undefined && now - iat > maxTokenAgeSeconds) throw invalid('is too old. Get a new one from the app.')
  return { issuedAt: Math.floor(iat), expiresAt: Math.floor(exp) }
}

function isFor(aud: unknown, audience: string): boolean {
  return aud === audience || (Array.isArray(aud) && aud.includes(audience))
}

/** How many names of a list are shown. */
const SHOWN_AUDIENCES = 3

function otherAudience(aud: unknown, audience: string): string {
  const named = (Array.isArray(aud) ? aud : [aud]).slice(0, SHOWN_AUDIENCES).map(shownName)
  const received = named.length === 0 ? 'none' : named.join(', ')
  return `is for another audience. Expected aud: ${shownName(audience)}; received: ${received}. Give issuers[].audience of the service and the audience that the token is made with (that of createSessionIssuer, or of the login provider) the same name.`
}

function invalid(what: string): StileError {
  return new StileError('invalid_token', `The session token ${what}`)
}

import { CLOCK_SKEW_SECONDS, isThumbprint, type Level, NAME_RULE, type Proof } from '@stile/protocol'
import { StileError } from '../error.ts'
import { isName, MAX_NAME_LENGTH } from '../input/name.ts'
import { normalizeAddress } from '../messages/address.ts'
import type { IssuerOptions } from '../options/options.ts'
import type { Caller } from './caller.ts'
import { readNumericDate } from './numeric-date.ts'

type Payload = Readonly<Record<string, unknown>>

/** Who a session token speaks of and what it says about the primary login. */
export type SessionClaims = Readonly<{
  sub: string
  account: string | undefined
  /** Absent if the issuer has no claim for it. */
  sid: string | undefined
  /** The device key that its issuer gave the token to (`cnf.jkt`, RFC 9449 §6.1). */
  confirmedKey: string | undefined
  /** Whom its issuer gave the token to (`azp`, RFC 9068 `client_id`). */
  party: string | undefined
  login: Proof
  actor: string | undefined
  displayName: string | undefined
  email: NonNullable<Caller['email']> | undefined
}>

const MAX_AMR = 16
const MAX_AMR_LENGTH = 64
/** The one name that is a path; every other is the name of a claim as it stands, dots, colons and slashes included. */
const ACTOR_PATH = 'act.sub'
const NOT_SESSION = ['jti', 'iat', 'exp', 'nbf']
const NOT_AUTH_TIME = ['iat', 'exp', 'nbf']

/**
 * Refuses a configuration that takes the session or the time of the login from a claim that differs in every token.
 *
 * @throws {TypeError}
 */
export function forbidClaims({ id, claims }: IssuerOptions): void {
  if (NOT_SESSION.includes(claims.session))
    throw new TypeError(`Issuer "${id}": "${claims.session}" cannot be the session claim. It differs in every token; name one that stays.`)
  if (NOT_AUTH_TIME.includes(claims.authTime))
    throw new TypeError(`Issuer "${id}": "${claims.authTime}" cannot be the time of the login. It says when the token was made.`)
}

/**
 * Reads the claims of a verified session token by the names that its issuer uses.
 *
 * @param now  seconds since the epoch
 * @throws {StileError} `invalid_token` if a claim that decides who someone is cannot be understood
 */
export function readSessionClaims(
  payload: Payload,
  options: Pick<IssuerOptions, 'claims' | 'acrMap'> & Partial<Pick<IssuerOptions, 'requireCnf' | 'emailVerifiedAsText'>>,
  now: number,
): SessionClaims {
  const { claims, acrMap, requireCnf, emailVerifiedAsText } = options
  const sub = claim(payload, claims.subject)
  if (!isName(sub)) throw unreadable('subject', claims.subject)
  const account = claims.account === undefined ? undefined : claim(payload, claims.account)
  if (account !== undefined && !isName(account)) throw unreadable('account', claims.account ?? '')
  const sid = claim(payload, claims.session)
  if (sid !== undefined && !isName(sid)) throw unreadable('session', claims.session)
  return {
    sub,
    account,
    sid,
    confirmedKey: readConfirmedKey(payload, requireCnf),
    party: [claim(payload, 'azp'), claim(payload, 'client_id')].find((each) => isName(each)),
    login: readLogin({ payload, claims, acrMap, now }),
    actor: readActor(payload, claims.actor),
    displayName: readDisplayName(payload, claims),
    email: readEmail(payload, claims, emailVerifiedAsText),
  }
}

/** Claims that speak of a login, and how their issuer means them; `now` in seconds since the epoch. */
type LoginClaims = Pick<IssuerOptions, 'claims' | 'acrMap'> & Readonly<{ payload: Payload; now: number }>

/**
 * What claims say of the primary login, as the issuer's acrMap counts it; `authTime` 0 if no time can be trusted.
 *
 * @throws {StileError} `invalid_token` if it was given in the future
 */
export function readLogin({ payload, claims, acrMap, now }: LoginClaims): Proof {
  const acr = claim(payload, claims.acr)
  const level: Level =
    typeof acr === 'string' && Object.hasOwn(acrMap, acr) ? ((acrMap as Readonly<Record<string, Level>>)[acr] ?? 'session') : 'session'
  const amr = claim(payload, claims.amr)
  const time = claim(payload, claims.authTime)
  // without a time that can be trusted the login is infinitely old
  const authTime = Math.floor(readNumericDate(time) ?? 0)
  if (authTime > now + CLOCK_SKEW_SECONDS)
    throw new StileError(
      'invalid_token',
      'The session token says that its user signed in in the future. Its time must be in seconds since the epoch.',
    )
  return { method: 'login', level, amr: readAmr(amr), authTime }
}

function readAmr(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return []
  return value.filter((item): item is string => isName(item, MAX_AMR_LENGTH)).slice(0, MAX_AMR)
}

/** A token that is bound to something which cannot be understood, such as a certificate, must not pass for one that is bound to nothing. */
function readConfirmedKey(payload: Payload, isRequired = false): string | undefined {
  const cnf = claim(payload, 'cnf')
  if (cnf === undefined && isRequired)
    throw new StileError(
      'invalid_token',
      'The session token does not name the key of its device (cnf), and requireCnf demands it of this issuer. Mint it for the key that the SDK passes to session().',
    )
  if (cnf === undefined) return undefined
  const jkt = memberOf(cnf, 'jkt')
  if (isThumbprint(jkt)) return jkt
  throw new StileError(
    'invalid_token',
    'The session token is bound to something else than a device key: its cnf has no jkt, the SHA-256 thumbprint of a key.',
  )
}

/** Who acts for the subject (RFC 8693 §4.1). One who is named in a way that cannot be understood must not pass as the subject. */
function readActor(payload: Payload, name: string): string | undefined {
  const isPath = name === ACTOR_PATH
  const value = claim(payload, isPath ? 'act' : name)
  if (value === undefined) return undefined
  const actor = isPath ? memberOf(value, 'sub') : value
  if (!isName(actor)) throw unreadable('acting party', name)
  return actor
}

function readDisplayName(payload: Payload, { email, name }: IssuerOptions['claims']): string | undefined {
  for (const each of [email, name]) {
    const value = each === undefined ? undefined : claim(payload, each)
    if (isName(value)) return value
  }
  return undefined
}

/** An address that cannot be read as exactly one is none. Only `true` says that it was verified, and the text "true" if the issuer may. */
function readEmail(payload: Payload, { email, emailVerified }: IssuerOptions['claims'], asText = false): SessionClaims['email'] {
  const address = email === undefined ? undefined : normalizeAddress(claim(payload, email))
  const verified = claim(payload, emailVerified)
  return address === undefined ? undefined : { address, verified: verified === true || (asText && verified === 'true') }
}

function claim(payload: Payload, name: string): unknown {
  const value = memberOf(payload, name)
  return value === null ? undefined : value
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Payload)[name] : undefined
}

function unreadable(what: string, name: string): StileError {
  return new StileError(
    'invalid_token',
    `The session token does not name the ${what} (claim "${name}") as a text of 1 to ${MAX_NAME_LENGTH} characters, ${NAME_RULE}. Check how the issuer's claims are mapped.`,
  )
}

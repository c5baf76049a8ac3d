import { createPrivateKey, createPublicKey, type JsonWebKey, KeyObject, randomUUID } from 'node:crypto'
import { isName, isThumbprint, MAX_NAME_LENGTH, NAME_RULE } from '@stile/protocol'
import { p256Point, thumbprint } from '@stile/protocol/node'
import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWK, SignJWT } from 'jose'
import { GuardError } from './options/error.ts'
import { systemSeconds } from './options/options.ts'

/** What a session issuer is made of. */
export type SessionIssuerOptions = Readonly<{
  /** The `iss` of the tokens, as `issuers[].issuer` of the service says. */
  issuer: string
  /** The `aud` of the tokens, as `issuers[].audience` of the service says. */
  audience: string
  /** A private P-256 key of its own, never one that signs anything else: see `generateSessionKey`. A text is the JSON of its JWK. */
  privateKey: JWK | KeyObject | string
  /** Default: the key's own `kid`, else its RFC 7638 thumbprint. */
  kid?: string
  /** How long a token lives, in seconds. Default and most: 300. */
  ttlSeconds?: number
  /** Whole seconds since the epoch. Default: the machine's clock. */
  now?: () => number
}>

/** A sign-in, and the device key that it was given to. */
export type Login = Readonly<{
  /** When the subject gave a password or the like, in seconds since the epoch; never when the token was made. */
  at: number
  /** The device key for which the password was checked, as the SDK passes it to `relogin({ jkt })` and as `deviceKey()` tells the sign-in page. */
  jkt: string
  acr?: string
  amr?: readonly string[]
}>

/** Who is signed in, as the application's own session says. */
export type SessionClaims = Readonly<{
  sub: string
  /** Who holds the license. */
  account?: string
  sid: string
  /**
   * The device key that the token is for (`cnf.jkt`), as the SDK passes it to `session({ jkt })`: no other key is taken with it then.
   */
  jkt?: string
  /** The sign-in that the application keeps for a device key. It counts for that key alone: with another `jkt` the token says nothing of it. */
  login?: Login
  /**
   * When the subject last gave a password or the like, in seconds since the epoch, of an application that does not know for which device
   * key it was: the first key that brings the session owns it. Not together with `login`, and `acr` and `amr` likewise.
   */
  authTime?: number
  acr?: string
  amr?: readonly string[]
  name?: string
  email?: string
  /** Whether the application has seen that the subject reads mail to this address: only then codes and notices are sent there. */
  emailVerified?: boolean
}>

/** Mints the session tokens of an application that signs its users in with cookies. */
export type SessionIssuer = Readonly<{
  /**
   * A session token: `typ: JWT`, ES256. Give it only to the very user whose session was verified.
   *
   * Rejects with GuardError `invalid_session`, which names the claim.
   */
  mint(session: SessionClaims): Promise<string>
  /** What the service verifies the tokens with: serve it, or put it in its configuration. Holds no private key. */
  jwks: JSONWebKeySet
}>

const MAX_TTL_SECONDS = 300
/** From here on a number of seconds is one of milliseconds. */
const MILLISECONDS = 100_000_000_000
const SKEW_SECONDS = 5
const NOT_NAME = `is not a text of 1 to ${MAX_NAME_LENGTH} characters, ${NAME_RULE}`

/**
 * Makes an issuer of session tokens: short-lived JWTs that tell the service who is signed in.
 *
 * @throws GuardError `invalid_option`, which names the option and the fix
 */
export function createSessionIssuer(options: SessionIssuerOptions): SessionIssuer {
  const { issuer, audience, privateKey, ttlSeconds = MAX_TTL_SECONDS, now = systemSeconds } = options
  if (!isText(issuer)) failOption('issuer', 'is missing', 'Give the iss that the service has in issuers[].issuer.')
  if (!isText(audience)) failOption('audience', 'is missing', 'Give the aud that the service has in issuers[].audience.')
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > MAX_TTL_SECONDS) {
    failOption('ttlSeconds', 'is not a whole number from 1 to 300', 'Leave it out for 300: the browser asks for a new token by itself.')
  }
  const given = readKey(privateKey)
  const key = importPrivateKey(given)
  const { x, y } = publicPoint(key)
  const own = given instanceof KeyObject ? undefined : given.kid
  const kid = options.kid ?? own ?? thumbprint({ x, y })
  if (!isText(kid)) failOption('kid', 'is not a text', 'Leave it out to use the thumbprint of the key.')
  return {
    async mint(session) {
      const iat = now()
      return new SignJWT(claimsOf(session, iat))
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(iat)
        .setExpirationTime(iat + ttlSeconds)
        .setJti(randomUUID())
        .sign(key)
    },
    jwks: { keys: [{ kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' }] },
  }
}

/** Makes a key for `createSessionIssuer`: a private JWK with its `kid`. Keep it as a secret, outside of the code. */
export async function generateSessionKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, kid: thumbprint({ x: String(jwk.x), y: String(jwk.y) }), alg: 'ES256', use: 'sig' }
}

function claimsOf(session: SessionClaims, now: number): Record<string, unknown> {
  const { sub, account, sid, jkt, name, email, emailVerified } = session
  for (const [claim, value] of Object.entries({ sub, sid })) {
    if (!isText(value)) failClaim(claim, 'is missing', 'Take it from the session that your application verified.')
  }
  for (const [claim, value] of Object.entries({ sub, sid, account })) {
    if (value !== undefined && value !== '' && !isName(value)) failClaim(claim, NOT_NAME, 'Give an id that the service can take.')
  }
  for (const [claim, value] of Object.entries({ account, name, email })) {
    if (value !== undefined && !isText(value)) failClaim(claim, 'is not a text', 'Leave it out if you have none.')
  }
  if (emailVerified !== undefined && typeof emailVerified !== 'boolean')
    failClaim('emailVerified', 'is not true or false', 'Leave it out if nobody has checked.')
  if (jkt !== undefined) checkKey('jkt', jkt)
  return {
    sub,
    sid,
    ...(account !== undefined && { account }),
    ...(jkt !== undefined && { cnf: { jkt } }),
    ...loginClaims(session, now),
    ...(name !== undefined && { name }),
    ...(email !== undefined && { email }),
    ...(emailVerified !== undefined && { email_verified: emailVerified }),
  }
}

/** What the token says of the login: nothing, if it was given to another key than the one the token is for. */
function loginClaims({ jkt, login, authTime, acr, amr }: SessionClaims, now: number): Record<string, unknown> {
  if (login === undefined) {
    if (authTime === undefined && jkt !== undefined) return {}
    return claimsOfLogin({ at: ['authTime', authTime], acr, amr }, now)
  }
  if (authTime !== undefined || acr !== undefined || amr !== undefined)
    failClaim('authTime', 'stands beside login', 'Say when and how in login: { at, jkt, acr, amr } alone.')
  checkKey('login.jkt', login.jkt)
  const claims = claimsOfLogin({ ...login, at: ['login.at', login.at] }, now)
  return jkt === login.jkt ? claims : {}
}

type NamedLogin = Readonly<{ at: readonly [name: string, seconds: unknown]; acr?: unknown; amr?: unknown }>

function claimsOfLogin({ at: [name, at], acr, amr }: NamedLogin, now: number): Record<string, unknown> {
  if (acr !== undefined && !isText(acr)) failClaim('acr', 'is not a text', 'Leave it out if you have none.')
  if (amr !== undefined && !(Array.isArray(amr) && amr.every(isText))) failClaim('amr', 'is not a list of texts', 'Leave it out.')
  if (typeof at !== 'number' || !Number.isInteger(at) || at <= 0)
    return failClaim(name, 'is not in whole seconds', 'Give when the password was checked.')
  if (at >= MILLISECONDS) failClaim(name, 'is in milliseconds', 'Divide it by 1000 and round it down.')
  if (at > now + SKEW_SECONDS) failClaim(name, 'lies in the future', 'Give when the password was checked.')
  return { auth_time: at, ...(acr !== undefined && { acr }), ...(amr !== undefined && { amr: [...amr] }) }
}

function checkKey(name: string, jkt: unknown): void {
  if (!isThumbprint(jkt)) failClaim(name, 'is not the thumbprint of a device key', 'Pass on the jkt that the SDK gives, 43 characters.')
}

function readKey(key: JWK | KeyObject | string | undefined): JWK | KeyObject {
  if (key === undefined || key === '')
    return failOption(
      'privateKey',
      'is missing',
      'Set the variable that it is read from, such as SESSION_KEY, to the JSON of a generateSessionKey().',
    )
  if (typeof key !== 'string') return key
  try {
    return JSON.parse(key)
  } catch {
    return failOption('privateKey', 'is a text that is not JSON', 'Pass the JSON of a generateSessionKey(), whole and unquoted.')
  }
}

function importPrivateKey(key: JWK | KeyObject): KeyObject {
  try {
    const imported = key instanceof KeyObject ? key : createPrivateKey({ key: { ...key } as JsonWebKey, format: 'jwk' })
    if (imported.type === 'private' && imported.asymmetricKeyDetails?.namedCurve === 'prime256v1') return imported
  } catch {
    // said below, without what the key looks like
  }
  return failOption('privateKey', 'is not a private P-256 key', 'Make one with generateSessionKey() and pass its JWK.')
}

function publicPoint(key: KeyObject): Readonly<{ x: string; y: string }> {
  const point = p256Point(createPublicKey(key).export({ format: 'jwk' }))
  return point ?? failOption('privateKey', 'has no public point', 'Make one with generateSessionKey() and pass its JWK.')
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function failOption(option: string, what: string, fix: string): never {
  const message = `createSessionIssuer: the option ${option} ${what}, so no session token can be minted. ${fix}`
  throw new GuardError('invalid_option', message, option)
}

function failClaim(claim: string, what: string, fix: string): never {
  throw new GuardError('invalid_session', `mint: ${claim} ${what}, so the service would not know who this is. ${fix}`, claim)
}

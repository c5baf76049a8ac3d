import { createHash } from 'node:crypto'
import { CLOCK_SKEW_SECONDS } from '@stile/protocol'
import { mediaType, parseJwt } from '@stile/protocol/node'
import { compactVerify, errors } from 'jose'
import { StileError } from '../error.ts'
import { isName } from '../input/name.ts'
import type { LoginProvider } from '../login-providers/provider.ts'
import { loginUnavailable, ProviderUnreachable } from '../login-providers/unavailable.ts'
import { ALGORITHMS } from '../options/schema.ts'
import { readNumericDate } from './numeric-date.ts'

/** How old a logout token may be, in seconds; OpenID Connect Back-Channel Logout 1.0 §2.4 recommends two minutes of life. */
export const LOGOUT_TOKEN_SECONDS = 300

const MAX_TOKEN_LENGTH = 8192
const MAX_JTI_LENGTH = 256
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** What a logout token says has ended; at least one of `sub` and `sid` is there. */
export type LogoutToken = Readonly<{
  sub?: string
  sid?: string
  /** What to remember, so that it counts once, and until when in seconds since the epoch. */
  replay: Readonly<{ key: string; expiresAt: number }>
}>

/**
 * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0 §2.6), in the order of that section but for what costs nothing: type and
 * algorithm come before the signature, and nothing else is believed before it.
 *
 * @param now  whole seconds since the epoch
 * @throws {StileError} `invalid_request` where it is not one, `login_unavailable` where the keys of the provider cannot be read
 */
export async function verifyLogoutToken(token: string, provider: LoginProvider, now: number): Promise<LogoutToken> {
  if (token.length > MAX_TOKEN_LENGTH) throw refused(`is too long: at most ${MAX_TOKEN_LENGTH} characters are read`)
  const jwt = parseJwt(token, MAX_TOKEN_LENGTH)
  if (jwt === undefined) throw refused('is not a signed JWT')
  const { header, payload } = jwt
  if (mediaType(header.typ) !== 'logout+jwt') throw refused('does not have the typ logout+jwt')
  if (!(ALGORITHMS as readonly unknown[]).includes(header.alg)) throw refused('is signed with an algorithm that is not accepted')
  await verifySignature(token, provider)

  const { issuer } = await provider.metadata().catch(loginUnavailable)
  const { iss, aud, jti, events, sub: _, sid, nonce } = payload
  const [iat = 0, exp = 0] = [payload.iat, payload.exp].map(readNumericDate)
  if (iss !== issuer) throw refused('is of another issuer')
  const { clientId } = provider.relogin
  if (aud !== clientId && !(Array.isArray(aud) && aud.includes(clientId))) throw refused('is for another client')
  if (iat > now + CLOCK_SKEW_SECONDS || iat <= now - LOGOUT_TOKEN_SECONDS) throw refused('was not issued just now')
  if (exp <= now - CLOCK_SKEW_SECONDS) throw refused('has expired')
  if (!isObject(events) || !Object.hasOwn(events, EVENT) || !isObject(events[EVENT])) throw refused('does not speak of a logout')
  if (nonce !== undefined) throw refused('has a nonce, as an ID token has')
  const { subject } = provider.issuer.claims
  const sub = Object.hasOwn(payload, subject) ? payload[subject] : undefined
  if ((sub !== undefined && !isName(sub)) || (sid !== undefined && !isName(sid)))
    throw refused('names a subject or session that cannot be one')
  if (sub === undefined && sid === undefined) throw refused('names neither a subject nor a session')
  if (!isName(jti, MAX_JTI_LENGTH)) throw refused('has no jti')
  return {
    ...(sub !== undefined && { sub }),
    ...(sid !== undefined && { sid }),
    replay: {
      key: `logout:${createHash('sha256').update(`${provider.issuer.id} ${jti}`).digest('base64url')}`,
      expiresAt: iat + LOGOUT_TOKEN_SECONDS + CLOCK_SKEW_SECONDS,
    },
  }
}

async function verifySignature(token: string, { getKey }: LoginProvider): Promise<void> {
  try {
    await compactVerify(token, getKey, { algorithms: [...ALGORITHMS] })
  } catch (error) {
    // jose answers with its own errors for what is wrong with the token; apart from these they are of the keys
    const isOfKeys = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid
    if (error instanceof errors.JOSEError && !isOfKeys) throw refused('is not signed by the login provider')
    loginUnavailable(
      error instanceof ProviderUnreachable
        ? error
        : new ProviderUnreachable('The keys of the login provider cannot be read.', { cause: error }),
    )
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(what: string): StileError {
  return new StileError('invalid_request', `The logout token ${what}, so no session was ended.`)
}

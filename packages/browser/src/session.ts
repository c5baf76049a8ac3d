import { within } from './lib/within.ts'
import type { StileOptions } from './stile.ts'

/** The session token: who is signed in, as the application says. */
export type Session = readonly [
  /** The current token; asks the application when there is none or its time is nearly over. */
  token: () => Promise<string>,
  /** Lets go of a token that the service did not take, so that the next is asked for as `expired`. */
  expire: (token: string) => void,
  /** Asks for a token with the newer `auth_time`. */
  relogin: () => Promise<string>,
  /** The issuer's session id of the current token, where it has one. */
  sid: () => unknown,
]

const WAIT_MS = 15_000
/** A token is renewed this long before its end, so that it does not end on the way. */
const EARLY_SECONDS = 20
const FAR = 9e9

/**
 * Holds the session token of `options.session` until it is nearly over. Its claims are read, never trusted.
 *
 * @param now  the service's clock as far as it is known, in seconds since the epoch; `setNow` corrects it
 */
export function createSession(ask: StileOptions['session'], now: () => number, setNow: (serverNow: number) => void): Session {
  let asking: Promise<string> | undefined
  /** Empty once it was let go. */
  let held: string | undefined
  let claims: Readonly<{ iat?: number; exp?: number; sid?: unknown }> = {}

  const renew = (reason: 'start' | 'expired' | 'relogin'): Promise<string> => {
    const mine = within(WAIT_MS, Promise.resolve(reason).then(ask), 'session_unavailable')
      .then((token) => {
        // one that was overtaken by a newer sign-in is not kept
        if (asking === mine) {
          held = token
          claims = claimsOf(token)
          // it was given a moment ago: a clock that is not between `iat` and `exp` is wrong
          const { iat = 0, exp = FAR } = claims
          setNow(Math.max(iat, Math.min(now(), exp - 1)))
        }
        return token
      })
      .finally(() => {
        if (asking === mine) asking = undefined
      })
    asking = mine
    return mine
  }

  return [
    async () =>
      asking ?? (held && !((claims.exp as number) - EARLY_SECONDS < now()) ? held : renew(held === undefined ? 'start' : 'expired')),
    (token) => {
      if (held === token) held = ''
    },
    () => renew('relogin'),
    () => claims.sid,
  ]
}

/** Reads a JWT's claims without checking anything: only to know when to renew. */
function claimsOf(token: string): object {
  try {
    return JSON.parse(atob(token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? ''))
  } catch {
    return {}
  }
}

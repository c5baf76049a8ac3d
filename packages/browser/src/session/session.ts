import { within } from '../lib/within.ts'
import type { StileOptions } from '../stile.ts'

/** The session token: who is signed in, as the application says. */
export type Session = readonly [
  /** The current token; asks the application when there is none or its time is nearly over. */
  token: () => Promise<string>,
  /** Lets go of a token that the service did not take, so that the next is asked for as `expired`. */
  expire: (token: string | undefined) => true,
  /** Asks for a token with the newer `auth_time`. */
  relogin: () => Promise<string>,
  /** The issuer's session id of the current token, where it has one. */
  sid: () => unknown,
  /** Lets go of the token and of who it named; one that is being asked for is not kept. */
  forget: () => void,
]

type Claims = Readonly<{ iss?: unknown; sub?: unknown; sid?: unknown; iat?: number; exp?: number }>

/**
 * Holds the session token of `options.session` until it is nearly over. Its claims are read, never trusted.
 *
 * @param now  the service's clock as far as it is known, in seconds since the epoch; `setNow` corrects it
 * @param onSwitch  called when a token names another user or session than the one before
 */
export function createSession(
  ask: StileOptions['session'],
  now: () => number,
  setNow: (serverNow: number) => void,
  onSwitch: () => void,
): Session {
  const WAIT_MS = 15_000
  /** A token is renewed this long before its end, so that it does not end on the way. */
  const EARLY_SECONDS = 20
  const FAR = 9e9
  let asking: Promise<string> | undefined
  /** Empty once the service did not take it. */
  let held: string | undefined
  let claims: Claims | undefined

  const renew = (reason: 'start' | 'expired' | 'relogin'): Promise<string> => {
    // signing in again may begin another session of the same user
    const who = ({ iss, sub, sid }: Claims) => JSON.stringify([iss, sub, reason === 'relogin' || sid])
    // the service let go of the session and the application has no other: that does not pass by itself
    const mine = within(WAIT_MS, Promise.resolve(reason).then(ask), held === '' ? 'session_ended' : 'session_unavailable')
      .then(
        (token) => {
          // one that was overtaken by a newer sign-in is not kept
          if (asking === mine) {
            const before = claims
            held = token
            claims = claimsOf(token)
            // it was given a moment ago: a clock that is not between `iat` and `exp` is wrong
            const { iat = 0, exp = FAR } = claims
            setNow(Math.max(iat, Math.min(now(), exp - 1)))
            if (before && who(before) !== who(claims)) onSwitch()
          }
          return token
        },
        (error) => {
          // the service, where it can be reached, says what the old one is still worth
          if (held && reason === 'expired') return held
          throw error
        },
      )
      .finally(() => {
        if (asking === mine) asking = undefined
      })
    asking = mine
    return mine
  }

  return [
    async () =>
      asking ?? (held && !((claims?.exp as number) - EARLY_SECONDS < now()) ? held : renew(held === undefined ? 'start' : 'expired')),
    (token) => {
      if (held === token) held = ''
      return true
    },
    () => renew('relogin'),
    () => claims?.sid,
    () => {
      asking = held = claims = undefined
    },
  ]
}

/** Reads a JWT's claims without checking anything: only to know when to renew. */
function claimsOf(token: string): Claims {
  try {
    return JSON.parse(atob((token.split('.')[1] as string).replaceAll('-', '+').replaceAll('_', '/')))
  } catch {
    return {}
  }
}

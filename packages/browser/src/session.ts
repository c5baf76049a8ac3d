import type { Clock } from './clock.ts'
import { orFail, within } from './lib/within.ts'
import type { StileOptions } from './stile.ts'

/** The session token: who is signed in, as the application says. */
export type Session = Readonly<{
  /** The current token; asks the application when there is none or its time is nearly over. */
  token: () => Promise<string>
  /** Lets go of a token that the service did not take, so that the next is asked for as `expired`. */
  expire: (token: string) => void
  /** Asks for a token with the newer `auth_time`. */
  relogin: () => Promise<string>
  /** The issuer's session id of the current token, where it has one. */
  sid: () => unknown
}>

const WAIT_MS = 15_000
/** A token is renewed this long before its end, so that it does not end on the way. */
const EARLY_SECONDS = 20

/** Holds the session token of `options.session` until it is nearly over. Its claims are read, never trusted. */
export function createSession(ask: StileOptions['session'], clock: Clock): Session {
  let asking: Promise<string> | undefined
  let held: string | undefined
  let claims: { iat?: number; exp?: number; sid?: unknown } = {}
  let why: 'start' | 'expired' = 'start'

  const renew = (reason: 'start' | 'expired' | 'relogin') => {
    const mine = orFail(within(WAIT_MS, Promise.resolve(reason).then(ask)), 'session_unavailable')
      .then((token) => {
        // one that was overtaken by a newer sign-in is not kept
        if (asking === mine) {
          held = token
          claims = claimsOf(token)
          clock.bound(claims.iat, claims.exp)
        }
        why = 'expired'
        return token
      })
      .finally(() => {
        if (asking === mine) asking = undefined
      })
    asking = mine
    return mine
  }

  return {
    token: async () => asking ?? (held && !((claims.exp ?? Infinity) - EARLY_SECONDS < clock.now()) ? held : renew(why)),
    expire: (token) => {
      if (held === token) held = undefined
    },
    relogin: () => renew('relogin'),
    sid: () => claims.sid,
  }
}

/** Reads a JWT's claims without checking anything: only to know when to renew. */
function claimsOf(token: string): { iat?: number; exp?: number; sid?: unknown } {
  try {
    return JSON.parse(atob(token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? ''))
  } catch {
    return {}
  }
}

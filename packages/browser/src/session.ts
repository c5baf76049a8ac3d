import type { Clock } from './clock.ts'
import { within } from './lib/within.ts'
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
const FAR = 9e9

/** Holds the session token of `options.session` until it is nearly over. Its claims are read, never trusted. */
export function createSession(ask: StileOptions['session'], clock: Clock): Session {
  let asking: Promise<string> | undefined
  let held: Readonly<{ token: string; iat?: number; exp?: number; sid?: unknown }> | undefined
  let asked = false

  const renew = (why: 'start' | 'expired' | 'relogin'): Promise<string> => {
    asked = true
    const mine = within(WAIT_MS, Promise.resolve(why).then(ask), 'session_unavailable').then(
      (token) => {
        // one that was overtaken by a newer sign-in is not kept
        if (asking === mine) {
          asking = undefined
          held = { ...claimsOf(token), token }
          // it was given a moment ago: a clock that is not between `iat` and `exp` is wrong
          const { iat = 0, exp = FAR } = held
          const now = clock.now()
          if (now < iat || now >= exp) clock.set(now < iat ? iat : exp - 1)
        }
        return token
      },
      (error) => {
        if (asking === mine) asking = undefined
        throw error
      },
    )
    asking = mine
    return mine
  }

  return {
    token: async () =>
      asking ?? (held && (held.exp ?? FAR) - EARLY_SECONDS >= clock.now() ? held.token : renew(asked ? 'expired' : 'start')),
    expire: (token) => {
      if (held?.token === token) held = undefined
    },
    relogin: () => renew('relogin'),
    sid: () => held?.sid,
  }
}

/** Reads a JWT's claims without checking anything: only to know when to renew. */
function claimsOf(token: string): object {
  try {
    return JSON.parse(atob(token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? ''))
  } catch {
    return {}
  }
}

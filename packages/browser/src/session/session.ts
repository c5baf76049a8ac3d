import type { Clock } from '../lib/clock.ts'
import { within } from '../lib/within.ts'
import type { SessionRequest, StileOptions } from '../stile.ts'

/** The session token: who is signed in, as the application says. */
export type Session = Readonly<{
  /** The current token. Asks the application if there is none or its time is nearly over. */
  token: () => Promise<string>
  /** Lets go of a token that the service did not take, so that the next is asked for as `expired`. */
  expire: (token: string | undefined) => void
  /** Lets go of the token because somebody else may be signed in by now. */
  suspect: () => void
  /** Asks for a token with the newer `auth_time`. */
  renewAfterRelogin: () => Promise<string>
  /** The issuer's session id of the current token, if it has one. */
  sid: () => unknown
  /** Lets go of the token and of the subject that it named. One that is being asked for is not kept. */
  forget: () => void
}>

/** What a session is made of. */
export type SessionOptions = Readonly<{
  ask: StileOptions['session']
  /** The device key that a token is asked for. */
  deviceId: () => Promise<string>
  clock: Clock
  /** Called when a token names another user or session than the one before. */
  onSwitch: () => void
}>

type Why = SessionRequest['why']
type Claims = Readonly<{ iss?: unknown; sub?: unknown; sid?: unknown; iat?: number; exp?: number }>

const WAIT_MS = 15_000
/** A token is renewed this long before its end, so that it does not end on the way. */
const EARLY_SECONDS = 20
/** The end of a token that names none: later than any clock. */
const NEVER = 9e9

/** Holds the session token of the application until it is nearly over. Its claims are read, never trusted. */
export function createSession({ ask, deviceId, clock, onSwitch }: SessionOptions): Session {
  let asking: Promise<string> | undefined
  /** Empty once the service did not take it. */
  let held: string | undefined
  let claims: Claims | undefined

  const isFresh = () => !((claims?.exp ?? NEVER) - EARLY_SECONDS < clock.serviceNow())

  const keep = (token: string, why: Why) => {
    const before = claims
    held = token
    claims = claimsOf(token)
    // it was given a moment ago: a clock that is not between `iat` and `exp` is wrong
    const { iat = 0, exp = NEVER } = claims
    clock.setServiceNow(Math.max(iat, Math.min(clock.serviceNow(), exp - 1)))
    if (before && subjectOf(before, why) !== subjectOf(claims, why)) onSwitch()
  }

  const renew = (why: Why): Promise<string> => {
    // the service let go of the session and the application has no other: that does not pass by itself
    const code = held === '' ? 'session_ended' : 'session_unavailable'
    const asked = deviceId().then((jkt) => ask({ jkt, why }))
    const mine = within(asked, { ms: WAIT_MS, code })
      .then(
        (token) => {
          // one that was overtaken by a newer sign-in is not kept
          if (asking === mine) keep(token, why)
          return token
        },
        (error) => {
          // the service, if it can be reached, says what the old one is still worth
          if (held && why === 'expired') return held
          throw error
        },
      )
      .finally(() => {
        if (asking === mine) asking = undefined
      })
    asking = mine
    return mine
  }

  return {
    token: async () => {
      if (asking) return asking
      return held && isFresh() ? held : renew(held === undefined ? 'start' : 'expired')
    },
    expire: (token) => {
      if (held === token) held = ''
    },
    suspect: () => {
      // not refused: if the application gives no other, the service says what this one is worth
      claims &&= { ...claims, exp: 0 }
    },
    renewAfterRelogin: () => renew('relogin'),
    sid: () => claims?.sid,
    forget: () => {
      asking = held = claims = undefined
    },
  }
}

/** Names who a token is of. Signing in again may begin another session of the same user. */
function subjectOf({ iss, sub, sid }: Claims, why: Why): string {
  return JSON.stringify([iss, sub, why === 'relogin' || sid])
}

/** Reads a JWT's claims without checking anything: only to know when to renew. */
function claimsOf(token: string): Claims {
  try {
    return JSON.parse(atob((token.split('.')[1] as string).replaceAll('-', '+').replaceAll('_', '/')))
  } catch {
    return {}
  }
}

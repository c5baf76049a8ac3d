import type { ChallengeScheme } from './challenge.ts'
import { type Challenge, parseChallenges } from './challenges.ts'
import { ACR, LEVELS, type Level } from './level.ts'

/** What a challenge asks of its reader. */
export type StepUpChallenge = Readonly<{
  /** `insufficient_user_authentication`, `invalid_token`, `use_dpop_nonce`, `invalid_dpop_proof` or another code of an API. */
  error: string
  acrValues: readonly string[]
  /** How old the proof may be, in seconds. A value that is no whole number counts as 0, the strictest. */
  maxAgeSeconds?: number
  /** The weakest level that would do. Absent if only unknown `acr_values` would: nothing that can be proven here meets it. */
  level?: Level
}>

/** The parameters of a challenge that names an error. */
export type ChallengeParams = Challenge['params'] & Readonly<{ error: string }>

/**
 * Finds the first challenge of the scheme that names an error in a `WWW-Authenticate` header (RFC 9470 §3, RFC 9449 §7.1), and gives its
 * parameters. `undefined` if there is none. Never throws.
 *
 * Challenges of other schemes are passed over: they are of the application's own login, and a token of Stile cures none of them.
 */
export function findChallenge(header: string | null | undefined, scheme: ChallengeScheme = 'DPoP'): ChallengeParams | undefined {
  const found = parseChallenges(header).find((each) => each.scheme === scheme.toLowerCase() && each.params.error)
  return found?.params as ChallengeParams | undefined
}

/** The weakest level that the `acr_values` of a challenge ask for; `undefined` if all of them are unknown. */
export function challengedLevel({ acr_values: asked }: Challenge['params']): Level | undefined {
  // without acr_values any level will do, if it is fresh enough (RFC 9470 §3)
  return asked === undefined ? 'session' : LEVELS.find((level) => asked.split(' ').includes(ACR[level]))
}

/** Reads all that a `WWW-Authenticate` header asks, of the challenge that `findChallenge` finds. Never throws. */
export function readChallenge(header: string | null | undefined, scheme?: ChallengeScheme): StepUpChallenge | undefined {
  const params = findChallenge(header, scheme)
  if (!params) return undefined
  const level = challengedLevel(params)
  return {
    error: params.error,
    acrValues: params.acr_values?.split(' ').filter(Boolean) ?? [],
    ...(params.max_age !== undefined && { maxAgeSeconds: secondsOf(params.max_age) }),
    ...(level && { level }),
  }
}

function secondsOf(text: string): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : 0
  return Number.isSafeInteger(seconds) ? seconds : 0
}

import type { ChallengeScheme } from './challenge.ts'
import { parseChallenges } from './challenges.ts'
import { LEVELS, type Level, levelOfAcr } from './level.ts'

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

/**
 * Reads what a `WWW-Authenticate` header asks (RFC 9470 §3, RFC 9449 §7.1): the first challenge of the scheme that names an error.
 * `undefined` if there is none. Never throws.
 *
 * Challenges of other schemes are passed over: they are of the application's own login, and a token of Stile cures none of them.
 */
export function readChallenge(header: string | null | undefined, scheme: ChallengeScheme = 'DPoP'): StepUpChallenge | undefined {
  const params = parseChallenges(header).find((each) => each.scheme === scheme.toLowerCase() && each.params.error)?.params
  if (!params?.error) return undefined
  const acrValues = params.acr_values?.split(' ').filter(Boolean) ?? []
  // Without acr_values any level will do, if it is fresh enough (RFC 9470 §3).
  const level = params.acr_values === undefined ? 'session' : LEVELS.find((each) => acrValues.some((acr) => levelOfAcr(acr) === each))
  return {
    error: params.error,
    acrValues,
    ...(params.max_age !== undefined && { maxAgeSeconds: secondsOf(params.max_age) }),
    ...(level && { level }),
  }
}

function secondsOf(text: string): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : 0
  return Number.isSafeInteger(seconds) ? seconds : 0
}

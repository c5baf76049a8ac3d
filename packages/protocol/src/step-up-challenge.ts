import { type Challenge, parseChallenges } from './challenges.ts'
import { LEVELS, type Level, levelOfAcr } from './level.ts'

/** What a challenge asks of its reader. */
export type StepUpChallenge = Readonly<{
  /** `insufficient_user_authentication`, `invalid_token`, `use_dpop_nonce`, `invalid_dpop_proof` or another code of an API. */
  error: string
  acrValues: readonly string[]
  /** How old the proof may be, in seconds. A value that is no whole number counts as 0, the strictest. */
  maxAgeSeconds?: number
  /** The weakest level that would do. Absent where only unknown `acr_values` would: nothing that we can prove meets it. */
  level?: Level
}>

/** Finds what a list of challenges asks: the first error of a DPoP challenge, else of a Bearer one (RFC 9470 §3, RFC 9449 §7.1). */
export function stepUpChallenge(challenges: readonly Challenge[]): StepUpChallenge | undefined {
  const errorOf = (scheme: string) => challenges.find((each) => each.scheme === scheme && each.params.error)
  const params = (errorOf('dpop') ?? errorOf('bearer'))?.params
  if (!params?.error) return undefined
  const acrValues = params.acr_values?.split(' ').filter(Boolean) ?? []
  // Without acr_values any level will do, if it is fresh enough (RFC 9470 §3).
  const level = params.acr_values === undefined ? 'session' : LEVELS.find((each) => acrValues.some((acr) => levelOfAcr(acr) === each))
  return {
    error: params.error,
    acrValues,
    ...(params.max_age === undefined ? {} : { maxAgeSeconds: secondsOf(params.max_age) }),
    ...(level && { level }),
  }
}

/** Reads what a `WWW-Authenticate` header asks; `undefined` where it names no error. Never throws. */
export function readChallenge(header: string | null | undefined): StepUpChallenge | undefined {
  return stepUpChallenge(parseChallenges(header))
}

function secondsOf(text: string): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : 0
  return Number.isSafeInteger(seconds) ? seconds : 0
}

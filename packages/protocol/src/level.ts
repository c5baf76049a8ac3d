/** How strong a proof of identity is, weakest first. How fresh it is, is its age and never part of the level. */
export type Level = 'session' | 'mfa' | 'phr' | 'phrh'

/** Every level, weakest first. */
export const LEVELS: readonly Level[] = ['session', 'mfa', 'phr', 'phrh']

/**
 * The authentication context class reference of each level on the wire (`acr`, `acr_values`).
 *
 * `phr` and `phrh` are registered in the OpenID Extended Authentication Profile (EAP) ACR Values 1.0.
 */
export const ACR: Readonly<Record<Level, string>> = {
  session: 'urn:stile:acr:session',
  mfa: 'urn:stile:acr:mfa',
  phr: 'phr',
  phrh: 'phrh',
}

/** The place of a level on the ladder: 0 for `session` to 3 for `phrh`. */
export function rank(level: Level): number {
  return LEVELS.indexOf(level)
}

/** Whether a value read from outside is a level. */
export function isLevel(value: unknown): value is Level {
  return typeof value === 'string' && (LEVELS as readonly string[]).includes(value)
}

/** Whether a proof of level `proven` satisfies a requirement of level `required`: a level satisfies every weaker one. */
export function satisfies(proven: Level, required: Level): boolean {
  const have = rank(proven)
  const need = rank(required)
  return have >= 0 && need >= 0 && have >= need
}

/** The `acr_values` that satisfy a level, weakest acceptable first (RFC 9470 §3: in order of preference). */
export function acrValues(level: Level): readonly string[] {
  return LEVELS.slice(rank(level)).map((each) => ACR[each])
}

/** The level that an `acr` stands for, or `undefined` if it is unknown: the caller must deny. */
export function levelOfAcr(acr: unknown): Level | undefined {
  return LEVELS.find((level) => ACR[level] === acr)
}

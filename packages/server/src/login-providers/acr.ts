import { LEVELS, type Level, rank } from '@stile/protocol'
import type { IssuerOptions } from '../options/options.ts'

/** What to ask a login provider for. */
export type AcrRequest = NonNullable<IssuerOptions['stepUp']['mfa']>

/**
 * What to ask the login provider of an issuer for, so that signing in again there reaches a level: the entry of that level, or of the next
 * higher one. `undefined` if it has none; for `session` there is nothing to ask for.
 */
export function acrRequestFor({ stepUp }: Pick<IssuerOptions, 'stepUp'>, level: Level): AcrRequest | undefined {
  const entries = LEVELS.slice(Math.max(rank(level), 1)).map((each) => (each === 'session' ? undefined : stepUp[each]))
  return level === 'session' ? undefined : entries.find((entry) => entry !== undefined)
}

/** The lowest level above `session` that the login provider of an issuer can be asked for; `session` if it has none. */
export function lowestLevelAt({ stepUp }: Pick<IssuerOptions, 'stepUp'>): Level {
  return LEVELS.find((level) => level !== 'session' && stepUp[level] !== undefined) ?? 'session'
}

/** The highest level that signing in again at the login provider of an issuer can reach. */
export function highestLevelAt({ stepUp }: Pick<IssuerOptions, 'stepUp'>): Level {
  return LEVELS.findLast((level) => level !== 'session' && stepUp[level] !== undefined) ?? 'session'
}

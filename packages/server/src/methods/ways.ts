import { settlesFor } from '@stile/policy'
import { type Requirement, rank } from '@stile/protocol'
import type { EvidenceDomain } from '../standing/domain.ts'
import type { Standing } from '../standing/standing.ts'
import type { AuthenticationMethod, Way } from './method.ts'
import { servedMethods } from './methods.ts'

/** A way that a subject can take, and the method that takes it. */
export type OpenWay = Readonly<{ method: AuthenticationMethod; way: Way }>

/**
 * The ways in which a subject can meet a requirement with what they have: what was used last first, then the best.
 *
 * @param feature  what it is for: what is too new for it is left out
 */
export function waysToMeet(domain: EvidenceDomain, standing: Standing, requirement: Requirement, feature?: string): readonly OpenWay[] {
  const having = { ...standing, authenticators: settledFor(standing, requirement, feature) }
  const ways = servedMethods(domain.options).flatMap((method): readonly OpenWay[] => {
    const way = method.way(domain, having, requirement)
    return way === undefined ? [] : [{ method, way }]
  })
  // the order of those that were never used stays
  return ways.toSorted((a, b) => lastUseOf(b.way) - lastUseOf(a.way))
}

/** For an operation or what a compliance rule protects, something new counts as no more than `mfa`. */
function settledFor(
  { authenticators, policy }: Standing,
  requirement: Requirement,
  feature: string | undefined,
): Standing['authenticators'] {
  const isSensitive = settlesFor(policy.policy, feature ?? '', requirement)
  return isSensitive && rank(requirement.level) > rank('mfa')
    ? authenticators.filter(({ settlesAt }) => settlesAt === undefined)
    : authenticators
}

function lastUseOf({ authenticators }: Way): number {
  return Math.max(0, ...authenticators.map(({ lastUsedAt, createdAt }) => lastUsedAt ?? createdAt))
}

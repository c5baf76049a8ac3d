import { featuresOf, tiersInForce } from '@stile/policy'
import type { Decision, IssuedToken, State } from '@stile/protocol'
import { publicAuthenticator } from '../standing/counted.ts'
import type { Standing } from '../standing/standing.ts'
import type { Domain } from '../tokens/domain.ts'
import { issueToken } from '../tokens/issue.ts'
import { decideFor } from './decide.ts'

/**
 * What a caller may do now, with a token for what is proven already: the body of `GET /v1/state` and of every state event.
 *
 * @throws {StileError} `invalid_request` or `denied` for an audience that the caller may not ask for
 */
export async function stateOf(domain: Domain, standing: Standing, audience: string): Promise<State & Readonly<{ token: IssuedToken }>> {
  return { ...stateWithoutToken(standing), token: await issueToken(domain, standing, { audience }) }
}

/** The same for those who ask for a token when they need one: nothing is signed. */
export function stateWithoutToken(standing: Standing): Omit<State, 'token'> {
  const { caller, policy, license, authenticators, risk, revision, now } = standing
  const decisions: Record<string, Decision> = {}
  for (const feature of featuresOf(policy.policy)) decisions[feature] = decideFor(standing, feature)
  return {
    revision,
    now,
    subject: caller.subject,
    ...(caller.actor !== undefined && { actor: caller.actor }),
    account: caller.account,
    license,
    tiers: tiersInForce(policy.policy, license),
    decisions,
    risk,
    authenticators: authenticators.map(publicAuthenticator),
  }
}

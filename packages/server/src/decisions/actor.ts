import { featureRules, type Policy, pointer } from '@stile/policy'
import type { Decision } from '@stile/protocol'

/**
 * The decision for someone who acts for the subject: bound operations, enrolment and features that say so are refused.
 *
 * Whatever else the policy says stays as it is: acting for someone never opens anything.
 */
export function forActor(policy: Policy, decision: Decision): Decision {
  const { feature, outcome } = decision
  if (outcome === 'deny' || outcome === 'upgrade') return decision
  const rules = featureRules(policy, feature)
  // an account or a compliance rule may bind what the feature itself does not
  const bound = 'requirement' in decision && (decision.requirement.bind?.length ?? 0) > 0
  if (rules?.actors !== 'deny' && !bound && outcome !== 'enroll') return decision
  const label = rules?.label ?? feature
  const message =
    outcome === 'enroll'
      ? `“${label}” asks for something enrolled, and someone who acts for a customer can neither use nor add what is theirs.`
      : `“${label}” is for the customer alone, not for someone who acts for them.`
  return {
    feature,
    policy: decision.policy,
    enforced: decision.enforced,
    outcome: 'deny',
    reasons: [{ code: 'actor_not_allowed', source: pointer('features', feature), message }],
  }
}

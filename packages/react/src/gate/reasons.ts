import type { Reason, ReasonCode } from '@stile/protocol'

/** What a reason says about the content behind a gate. */
type ReasonKind =
  /** What was proven is too old. */
  | 'aged'
  /** What was proven was not given for this operation. The state cannot know of a proof that was. */
  | 'unbound'
  /** Nothing that was proven is strong enough. */
  | 'unproven'
  /** The license has ended and is to be renewed. */
  | 'lapsed'
  | 'other'

const KINDS: Readonly<Record<ReasonCode, ReasonKind>> = {
  assurance_stale: 'aged',
  operation_unbound: 'unbound',
  step_up_required: 'unproven',
  license_expired: 'lapsed',
  license_required: 'other',
  license_suspended: 'other',
  license_upgraded: 'other',
  seat_required: 'other',
  enrollment_required: 'other',
  requirement_unsatisfiable: 'other',
  risk_elevated: 'other',
  risk_denied: 'other',
  compliance_required: 'other',
  actor_not_allowed: 'other',
  policy_unavailable: 'other',
  unknown_feature: 'other',
}

/** The codes that close a gate whose content is shown. Age alone never takes content away. */
export function closingCodes(reasons: readonly Reason[]): readonly ReasonCode[] {
  return reasons.map(({ code }) => code).filter((code) => KINDS[code] !== 'aged' && KINDS[code] !== 'unbound')
}

/** Whether another proof is asked for, even after one that was given for the operation. */
export function asksForProof(reasons: readonly Reason[]): boolean {
  return reasons.some(({ code }) => KINDS[code] === 'unproven' || KINDS[code] === 'aged')
}

/** Whether the license has ended, so that it is to be renewed and not exchanged for another. */
export function isLapsed(reasons: readonly Reason[]): boolean {
  return reasons.some(({ code }) => KINDS[code] === 'lapsed')
}

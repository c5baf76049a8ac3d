import type { Reason, ReasonCode } from '@stile/protocol'

/** What a reason says about the proof or the license behind a gate. */
type ReasonKind =
  /** What was proven is too old. */
  | 'aged'
  /** What was proven was not given for this operation. The state cannot know of a proof that was. */
  | 'unbound'
  /** Nothing that was proven is strong enough. */
  | 'unproven'

/** The codes that say none of these. Every code is named here or below, so that a new one is a type error. */
type OtherCode =
  | 'license_required'
  | 'license_suspended'
  | 'license_expired'
  | 'license_upgraded'
  | 'seat_required'
  | 'enrollment_required'
  | 'requirement_unsatisfiable'
  | 'risk_elevated'
  | 'risk_denied'
  | 'compliance_required'
  | 'actor_not_allowed'
  | 'policy_unavailable'
  | 'unknown_feature'

const KINDS: Readonly<Record<Exclude<ReasonCode, OtherCode>, ReasonKind> & Partial<Record<OtherCode, undefined>>> = {
  assurance_stale: 'aged',
  operation_unbound: 'unbound',
  step_up_required: 'unproven',
}

/** The codes that close a gate whose content is shown. Age alone never takes content away. */
export function closingCodes(reasons: readonly Reason[]): readonly ReasonCode[] {
  return reasons.map(({ code }) => code).filter((code) => KINDS[code] !== 'aged' && KINDS[code] !== 'unbound')
}

/** Whether another proof is asked for, even after one that was given for the operation. */
export function asksForProof(reasons: readonly Reason[]): boolean {
  return reasons.some(({ code }) => KINDS[code] === 'unproven' || KINDS[code] === 'aged')
}

import type { Method } from './method.ts'
import type { Requirement } from './requirement.ts'

/** How dangerous the context looks. `unknown` is treated like `elevated`. */
export type Band = 'normal' | 'elevated' | 'high' | 'critical' | 'unknown'

/** Every band. */
export const BANDS: readonly Band[] = ['normal', 'elevated', 'high', 'critical', 'unknown']

/** Why a decision came out as it did. */
export type ReasonCode =
  | 'license_required'
  | 'license_suspended'
  | 'license_expired'
  | 'license_upgraded'
  | 'seat_required'
  | 'step_up_required'
  | 'assurance_stale'
  | 'operation_unbound'
  | 'enrollment_required'
  | 'requirement_unsatisfiable'
  | 'risk_elevated'
  | 'risk_denied'
  | 'compliance_required'
  | 'actor_not_allowed'
  | 'policy_unavailable'
  | 'unknown_feature'

/** One reason: its code, where in the policy it comes from, and a sentence for people. */
export type Reason = Readonly<{
  code: ReasonCode
  /** JSON Pointer (RFC 6901) into the policy document. */
  source: string
  message: string
}>

/** The answer of the policy for one feature. */
export type Decision<F extends string = string> = Readonly<{
  feature: F
  /** The digest of the policy that decided. */
  policy: string
  reasons: readonly Reason[]
  /** Whether the outcome is enforced (`on`), or only recorded (`observe`, `off`). */
  enforced: boolean
}> &
  (
    | Readonly<{
        outcome: 'permit'
        /** When the proof becomes too old, in seconds since the epoch. Absent if age does not matter. */
        until?: number
      }>
    | Readonly<{ outcome: 'step_up' | 'enroll'; requirement: Requirement; next: Readonly<{ methods: readonly Method[] }> }>
    | Readonly<{ outcome: 'upgrade'; next: Readonly<{ tiers: readonly string[] }> }>
    | Readonly<{ outcome: 'deny' }>
  )

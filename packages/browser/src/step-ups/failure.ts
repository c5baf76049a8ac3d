import type { PassingCode, StileCode } from '../error.ts'

/**
 * What can follow a failure that does not pass by itself. `retry`: another answer may do. `restart`: this step-up is over, another one may
 * do. `fatal`: nothing that the subject does now helps.
 */
export type FailureKind = 'retry' | 'restart' | 'fatal'

type LastingCode = Exclude<StileCode, PassingCode>

/** The kind of every code that does not pass by itself. */
const KINDS: Readonly<Record<LastingCode, FailureKind>> = {
  attempt_failed: 'retry',
  passkey_cancelled: 'retry',
  passkey_exists: 'retry',
  passkey_failed: 'retry',
  passkey_timeout: 'retry',
  passkey_unavailable: 'retry',
  relogin_failed: 'retry',
  method_unavailable: 'restart',
  step_up_expired: 'restart',
  conflict: 'fatal',
  denied: 'fatal',
  enrollment_required: 'fatal',
  insufficient_scope: 'fatal',
  insufficient_user_authentication: 'fatal',
  invalid_dpop_proof: 'fatal',
  invalid_operation: 'fatal',
  invalid_request: 'fatal',
  invalid_token: 'fatal',
  license_required: 'fatal',
  method_not_allowed: 'fatal',
  not_found: 'fatal',
  origin_not_allowed: 'fatal',
  payload_too_large: 'fatal',
  precondition_failed: 'fatal',
  recovery_failed: 'fatal',
  registration_expired: 'fatal',
  session_ended: 'fatal',
  step_up_cancelled: 'fatal',
  step_up_required: 'fatal',
  unauthenticated: 'fatal',
  unsupported_media_type: 'fatal',
  use_dpop_nonce: 'fatal',
}

/** Tells what can follow a failure. A code of a newer service, which this version does not know, is `fatal`. */
export function failureKind(code: LastingCode): FailureKind {
  return Object.hasOwn(KINDS, code) ? KINDS[code] : 'fatal'
}

import { isPassing, type PassingCode, type StileCode, type StileError } from './base.ts'
import type { FlowError } from './stile.ts'

/**
 * What can follow a failure. `passing`: it passes by itself, so that the same may do later. `retry`: another answer may do. `restart`: this
 * step-up is over, another one may do. `fatal`: nothing that the subject does now helps.
 */
export type FailureKind = 'passing' | 'retry' | 'restart' | 'fatal'

/** Every code that ends what was begun. A new code is a type error in `KINDS` until it is listed here or there, or passes by itself. */
type FatalCode =
  | 'conflict'
  | 'denied'
  | 'enrollment_required'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'invalid_dpop_proof'
  | 'invalid_operation'
  | 'invalid_request'
  | 'invalid_token'
  | 'license_required'
  | 'method_not_allowed'
  | 'not_found'
  | 'origin_not_allowed'
  | 'payload_too_large'
  | 'precondition_failed'
  | 'recovery_failed'
  | 'registration_expired'
  | 'session_ended'
  | 'step_up_cancelled'
  | 'step_up_required'
  | 'unauthenticated'
  | 'unsupported_media_type'
  | 'use_dpop_nonce'

const KINDS: Readonly<Record<Exclude<StileCode, FatalCode | PassingCode>, 'retry' | 'restart'>> = {
  attempt_failed: 'retry',
  passkey_cancelled: 'retry',
  passkey_exists: 'retry',
  passkey_failed: 'retry',
  passkey_timeout: 'retry',
  passkey_unavailable: 'retry',
  relogin_failed: 'retry',
  method_unavailable: 'restart',
  step_up_expired: 'restart',
}

/** Tells what can follow a failure. A code of a newer service, which this version does not know, is `fatal`. */
export function failureKind(code: StileCode): FailureKind {
  if (isPassing(code)) return 'passing'
  return isListed(code) ? KINDS[code] : 'fatal'
}

function isListed(code: StileCode): code is keyof typeof KINDS {
  return Object.hasOwn(KINDS, code)
}

/**
 * An error as it is shown, with what the service said of it.
 *
 * @param now  this browser's clock, in seconds since the epoch
 */
export function flowError({ code, problem }: StileError, now: number): FlowError {
  return { ...problem, code, retryAt: problem?.retryAfter && (now + problem.retryAfter) * 1000 }
}

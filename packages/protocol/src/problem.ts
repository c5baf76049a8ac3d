import type { Reason } from './decision.ts'
import type { Operation } from './operation.ts'
import type { Requirement } from './requirement.ts'

/** Every code that an answer of Stile can carry. */
export const PROBLEM_CODES = [
  'invalid_request',
  'invalid_operation',
  'not_found',
  'method_not_allowed',
  'conflict',
  'precondition_failed',
  'payload_too_large',
  'unsupported_media_type',
  'unauthenticated',
  'invalid_token',
  'invalid_dpop_proof',
  'use_dpop_nonce',
  'session_ended',
  'insufficient_user_authentication',
  'insufficient_scope',
  'origin_not_allowed',
  'license_required',
  'enrollment_required',
  'denied',
  'attempt_failed',
  'recovery_failed',
  'step_up_expired',
  'registration_expired',
  'method_unavailable',
  'too_many_attempts',
  'too_many_streams',
  'internal',
  'mail_unavailable',
  'login_unavailable',
  'service_unavailable',
  'policy_unavailable',
] as const

/** A code from the one table. */
export type ProblemCode = (typeof PROBLEM_CODES)[number]

/**
 * The HTTP status and the title of the problem type of every code.
 *
 * This is the one table from code to status: service and guard both answer from it.
 */
export const PROBLEMS: Readonly<Record<ProblemCode, Readonly<{ status: number; title: string }>>> = {
  // what was sent is wrong
  invalid_request: { status: 400, title: 'The request is malformed' },
  invalid_operation: { status: 400, title: 'The operation is malformed' },
  not_found: { status: 404, title: 'There is nothing here' },
  method_not_allowed: { status: 405, title: 'This method is not allowed here' },
  conflict: { status: 409, title: 'Something else changed it first' },
  precondition_failed: { status: 412, title: 'It has changed since you read it' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body is not JSON in UTF-8' },
  // who is asking
  unauthenticated: { status: 401, title: 'Sign in first' },
  invalid_token: { status: 401, title: 'The token is not valid here' },
  invalid_dpop_proof: { status: 401, title: 'The proof of the device key is not valid' },
  use_dpop_nonce: { status: 401, title: 'The proof needs a nonce of this server' },
  session_ended: { status: 401, title: 'The session has ended' },
  insufficient_user_authentication: { status: 401, title: 'A stronger or fresher proof is needed' },
  insufficient_scope: { status: 403, title: 'The key does not allow this' },
  origin_not_allowed: { status: 403, title: 'This origin may not ask' },
  // what the policy says
  license_required: { status: 403, title: 'The license does not include this' },
  enrollment_required: { status: 403, title: 'Nothing is enrolled that could prove this' },
  denied: { status: 403, title: 'The policy does not allow this' },
  // the ceremony
  attempt_failed: { status: 422, title: 'That did not prove it' },
  recovery_failed: { status: 422, title: 'That does not recover the account' },
  step_up_expired: { status: 410, title: 'The step-up has ended' },
  registration_expired: { status: 410, title: 'The enrolment has ended' },
  method_unavailable: { status: 409, title: 'This method cannot be used here' },
  too_many_attempts: { status: 429, title: 'Too many wrong answers' },
  // the service
  too_many_streams: { status: 429, title: 'Too many open streams' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  mail_unavailable: { status: 503, title: 'The mail could not be sent' },
  login_unavailable: { status: 503, title: 'The login provider cannot be reached' },
  service_unavailable: { status: 503, title: 'The service cannot be reached' },
  policy_unavailable: { status: 503, title: 'No policy is loaded' },
}

/** Every reason why an attempt did not count. */
export const ATTEMPT_FAILURES = [
  'wrong_code',
  'code_used',
  'challenge_used',
  'credential_unknown',
  'user_handle_mismatch',
  'credential_changed',
  'counter_regressed',
  'origin_mismatch',
  'cross_origin',
  'rp_mismatch',
  'user_verification_missing',
  'signature_invalid',
  'attestation_invalid',
  'response_malformed',
  'level_too_low',
  'login_refused',
  'login_invalid',
  'login_other_user',
  'login_time_missing',
  'login_too_old',
] as const

/** Why an attempt did not count. Texts are chosen by it, never by matching a message. */
export type AttemptFailure = (typeof ATTEMPT_FAILURES)[number]

/** An RFC 9457 problem body. `type` is `urn:stile:problem:<code>`. */
export type Problem = Readonly<{
  type: string
  title: string
  status: number
  code: ProblemCode
  /** What happened and what to do about it, for developers: pages choose their words by `code`, but show `denied` as it is, which names who can help. */
  detail: string
  instance?: string
  feature?: string
  requirement?: Requirement
  operation?: Operation
  reasons?: readonly Reason[]
  next?: Readonly<{ methods?: readonly string[]; tiers?: readonly string[] }>
  failure?: AttemptFailure
  attemptsLeft?: number
  /** Seconds until it makes sense to try again. */
  retryAfter?: number
  /** Every fault of a body that was sent, as JSON Pointer and sentence. */
  errors?: readonly Readonly<{ pointer: string; detail: string }>[]
}>

/** The media type of a problem body (RFC 9457 §3). */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

/** What the `type` of every problem starts with; its code follows. */
export const PROBLEM_TYPE_PREFIX = 'urn:stile:problem:'

/** Builds a problem body from its code: status and title come from the one table. */
export function problem(
  code: ProblemCode,
  detail: string,
  members: Partial<Omit<Problem, 'type' | 'title' | 'status' | 'code' | 'detail'>> = {},
): Problem {
  const { status, title } = PROBLEMS[code]
  return { type: PROBLEM_TYPE_PREFIX + code, title, status, code, detail, ...members }
}

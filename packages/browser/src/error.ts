import type { Problem, ProblemCode } from '@stile/protocol'
import type { FlowError } from './stile.ts'

/** A code that an error of the SDK carries: one of the wire, or one of the browser's own. */
export type StileCode =
  | ProblemCode
  /** `options.session` rejected or gave no token. If the service had refused the former token, the code is `session_ended` instead. */
  | 'session_unavailable'
  /** The passkey prompt was dismissed, timed out or refused by the browser. */
  | 'passkey_cancelled'
  /** The passkey prompt never answered; an extension may hold it. */
  | 'passkey_timeout'
  /** This browser or this origin cannot use passkeys. */
  | 'passkey_unavailable'
  /** The device already holds a passkey for this account. */
  | 'passkey_exists'
  | 'passkey_failed'
  /** The application's `relogin` answered `false` or rejected, or nobody signed in at the login provider. */
  | 'relogin_failed'
  | 'step_up_required'
  | 'step_up_cancelled'

/**
 * What went wrong, told by `code`; `problem` is the service's own answer if there was one. Never carries a token or a code.
 *
 * `message` is for logs, not for people: without an answer of the service it is the code. Choose what people read by `code`.
 */
export class StileError extends Error {
  override readonly name: string = 'StileError'
  declare readonly code: StileCode
  declare readonly problem: Problem | undefined

  constructor(code: StileCode, problem?: Problem, cause?: unknown) {
    super(problem?.detail || code, { cause })
    this.code = code
    this.problem = problem
  }
}

/**
 * A request needs a stronger or fresher proof, and no prompt may be shown now: call `stile.stepUp(problem.feature)` on a click.
 *
 * `code` is `step_up_required`; `problem` is the API's challenge.
 */
export class StepUpRequired extends StileError {}

/** The subject closed the prompt; `code` is `step_up_cancelled`. Nothing was proven and nothing was changed. */
export class StepUpCancelled extends StileError {}

/** The step-up cannot succeed: `code` says why (`enrollment_required`, `license_required`, `denied`, …). */
export class StepUpFailed extends StileError {}

/** Gives the error itself if it is one of the SDK, else a `StileError` of this code with the error as its cause. */
export function toStileError(error: unknown, code: StileCode): StileError {
  return error instanceof StileError ? error : new StileError(code, undefined, error)
}

/**
 * What can follow a failure. `passing`: it passes by itself, so that the same may do later. `retry`: another answer may do. `restart`: this
 * step-up is over, another one may do. `fatal`: nothing that the subject does now helps.
 */
export type FailureKind = 'passing' | 'retry' | 'restart' | 'fatal'

/** Every code that ends what was begun. A new code is a type error in `KINDS` until it is listed here or there. */
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

const KINDS: Readonly<Record<Exclude<StileCode, FatalCode>, FailureKind>> = {
  internal: 'passing',
  login_unavailable: 'passing',
  mail_unavailable: 'passing',
  policy_unavailable: 'passing',
  service_unavailable: 'passing',
  session_unavailable: 'passing',
  too_many_attempts: 'passing',
  too_many_streams: 'passing',
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
  return isListed(code) ? KINDS[code] : 'fatal'
}

function isListed(code: StileCode): code is keyof typeof KINDS {
  return Object.hasOwn(KINDS, code)
}

/** Whether a failure passes by itself, so that it makes sense to try again. */
export function isPassing(code: StileCode): boolean {
  return failureKind(code) === 'passing'
}

/**
 * An error as it is shown, with what the service said of it.
 *
 * @param now  this browser's clock, in seconds since the epoch
 */
export function flowError({ code, problem }: StileError, now: number): FlowError {
  return { ...problem, code, retryAt: problem?.retryAfter && (now + problem.retryAfter) * 1000 }
}

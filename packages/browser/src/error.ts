import type { Problem, ProblemCode } from '@stile/protocol'

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

/** The codes of failures that pass by themselves. */
export type PassingCode =
  | 'internal'
  | 'login_unavailable'
  | 'mail_unavailable'
  | 'policy_unavailable'
  | 'service_unavailable'
  | 'session_unavailable'
  | 'too_many_attempts'
  | 'too_many_streams'

const PASSING: Readonly<Record<PassingCode, true>> = {
  internal: true,
  login_unavailable: true,
  mail_unavailable: true,
  policy_unavailable: true,
  service_unavailable: true,
  session_unavailable: true,
  too_many_attempts: true,
  too_many_streams: true,
}

/** Whether a failure passes by itself, so that it makes sense to try again. */
export function isPassing(code: StileCode): code is PassingCode {
  return Object.hasOwn(PASSING, code)
}

import type { Problem, ProblemCode } from '@stile/protocol'

/** A code that an error of the SDK carries: one of the wire, or one of the browser's own. */
export type StileCode =
  | ProblemCode
  /** `options.session` rejected or gave no token. */
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
  /** The application's `relogin` answered `false`, rejected or is missing. */
  | 'relogin_failed'
  | 'step_up_required'
  | 'step_up_cancelled'
  | 'enrollment_cancelled'
  | 'closed'

/** What went wrong, told by `code`; `problem` is the service's own answer where there was one. Never carries a token or a code. */
export class StileError extends Error {
  readonly code: StileCode
  readonly problem: Problem | undefined

  constructor(code: StileCode, problem?: Problem, cause?: unknown) {
    super(problem?.detail || code, { cause })
    this.name = 'StileError'
    this.code = code
    this.problem = problem
  }
}

/** A request needs a stronger or fresher proof, and no prompt may be shown now: call `stile.stepUp(feature)` on a click. */
export class StepUpRequired extends StileError {
  readonly feature: string

  constructor(feature: string, problem?: Problem) {
    super('step_up_required', problem)
    this.name = 'StepUpRequired'
    this.feature = feature
  }
}

/** The subject closed the prompt. Nothing was proven and nothing was changed. */
export class StepUpCancelled extends StileError {
  constructor() {
    super('step_up_cancelled')
    this.name = 'StepUpCancelled'
  }
}

/** The step-up cannot succeed: `code` says why (`enrollment_required`, `license_required`, `denied`, …). */
export class StepUpFailed extends StileError {
  constructor(code: StileCode, problem?: Problem) {
    super(code, problem)
    this.name = 'StepUpFailed'
  }
}

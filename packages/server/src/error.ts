import { PROBLEMS, type Problem, type ProblemCode, problem } from '@stile/protocol'

/** What a problem may carry beside its code and sentence. */
export type ProblemMembers = Partial<Omit<Problem, 'type' | 'title' | 'status' | 'code' | 'detail'>>

/** What else an error holds. */
export type StileErrorOptions = ErrorOptions &
  Readonly<{
    /** What the log says beside it; never sent, and never a token, code, secret or challenge. */
    log?: Readonly<Record<string, unknown>>
    /** Whether a warning has told the operator of the cause: the line of the request leaves it out, and one of level `debug` has it. */
    isTold?: boolean
  }>

/**
 * The one error of this package. Its code decides the HTTP status (one table in `@stile/protocol`); `detail` is sent and in part logged, so it
 * never holds a token, code, secret or challenge.
 */
export class StileError extends Error {
  readonly code: ProblemCode
  readonly members: ProblemMembers
  readonly log: Readonly<Record<string, unknown>> | undefined
  readonly isTold: boolean

  constructor(code: ProblemCode, detail: string, members: ProblemMembers = {}, options?: StileErrorOptions) {
    super(detail, options)
    this.name = 'StileError'
    this.code = code
    this.members = members
    this.log = options?.log
    this.isTold = options?.isTold ?? false
  }

  /** The HTTP status of the code. */
  get status(): number {
    return PROBLEMS[this.code].status
  }

  /** The body that answers it (RFC 9457). */
  toProblem(): Problem {
    return problem(this.code, this.message, this.members)
  }
}

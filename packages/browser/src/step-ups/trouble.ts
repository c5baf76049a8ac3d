import type { Method, Problem } from '@stile/protocol'
import { failureKind, flowError, StepUpFailed, StileError } from '../base.ts'
import { diagnoseOrigin } from '../passkey/diagnosis.ts'
import { signalUnknown } from '../passkey/signal.ts'
import type { FlowState } from '../stile.ts'
import type { OpenStepUp } from './methods.ts'
import type { StepUpRunnerOptions } from './step-up-runner.ts'

/** What a step-up does if something goes wrong. */
export type Trouble = Readonly<{
  /**
   * Shows a failure, begins again or ends, by its code.
   *
   * @param typed  the code that was typed: another step-up takes it, too
   */
  handle: (error: StileError, typed?: unknown) => Promise<void>
  /** Tells the browser of a passkey that is gone, and the developer of a page that the service does not expect. */
  explain: (cause: unknown, refused: RefusedAnswer) => void
}>

/** An answer that the service refused. */
export type RefusedAnswer = Readonly<{
  response: unknown
  /** The options that the service gave for the ceremony. */
  start: unknown
}>

/** What the trouble of a step-up needs of its runner. */
export type TroubleOptions = Pick<StepUpRunnerOptions, 'request' | 'relogin' | 'now' | 'canEnroll' | 'state' | 'onFailed'> &
  Readonly<{
    /** Asks the service again, and begins with the method that was in use, sending the code that was typed for it. */
    start: (before?: Readonly<{ method?: Method | undefined; typed?: unknown }>) => Promise<void>
    /** Has the service asked for another feature first. */
    want: (feature: string) => void
  }>

/** Creates what handles the failures of one step-up. */
export function createTrouble({ request, relogin, now, canEnroll, state: { get, set }, onFailed, start, want }: TroubleOptions): Trouble {
  /** A step-up that expired, asks for something else by now, or found its session ended, is started again once. */
  let restarted = false
  const fail = ({ code, problem, cause }: StileError) => onFailed(new StepUpFailed(code, problem, cause))

  return {
    handle: async (error, typed) => {
      const state = get()
      const begun = 'stepUp' in state ? state : undefined
      switch (failureKind(error.code)) {
        case 'restart':
          if (!begun || restarted) return fail(error)
          restarted = true
          return start({ method: begun.method, typed })
        case 'fatal':
          if (error.code === 'enrollment_required' && error.problem?.next?.methods?.length && canEnroll())
            return set({ status: 'enrolling', problem: error.problem })
          // without an answer of the service nobody is signed in to the application
          if (error.code !== 'session_ended' || !error.problem || restarted) return fail(error)
          restarted = true
          if (error.problem.next?.methods?.includes('relogin')) want('stile:session')
          else if (!(await relogin?.())) return fail(error)
          return start()
        case 'passing':
        case 'retry': {
          const shown = flowError(error, now())
          if (!begun) return set({ status: 'starting', error: shown })
          const typeAgain = canTypeAgain(begun) && shown.attemptsLeft !== 0
          return set({ ...begun, status: typeAgain ? 'proving' : 'choosing', error: shown })
        }
      }
    },
    explain: (cause, { response, start: options }) => {
      switch (cause instanceof StileError && cause.problem?.failure) {
        case 'credential_unknown':
          signalUnknown(request, response)
          return
        case 'origin_mismatch':
        case 'rp_mismatch':
          diagnoseOrigin(options)
          return
        default:
      }
    },
  }
}

/** Whether a code can be typed again at once, because one can be at hand. After anything else the subject chooses. */
function canTypeAgain({ method, stepUp }: Extract<FlowState, { stepUp: unknown }>): boolean {
  return method === 'totp' || (method === 'email-otp' && stepUp.methods.some((each) => each.method === method && each.start !== undefined))
}

/** Tells that this browser can use none of the methods that are offered. */
export function noUsableMethod({ feature, methods: offered }: OpenStepUp): StileError {
  const methods = offered.map(({ method }) => method)
  const detail = `Not usable in this browser: ${methods}`
  const problem: Partial<Problem> = { code: 'method_unavailable', detail, feature, next: { methods } }
  return new StileError('method_unavailable', problem as Problem)
}

import type { Method, Problem } from '@stile/protocol'
import { StepUpFailed, StileError } from '../base.ts'
import { failureKind, flowError } from '../failure.ts'
import { diagnoseOrigin } from '../passkey/diagnosis.ts'
import { signalUnknown } from '../passkey/signal.ts'
import { isMisconfigured } from '../state/misconfigured.ts'
import { reportStepUp } from '../state/report.ts'
import type { FlowState } from '../stile.ts'
import type { OpenStepUp } from './methods.ts'
import type { StepUpRunnerOptions } from './step-up-runner.ts'

/** What a step-up does if something goes wrong. */
export type FailureHandler = Readonly<{
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

/** What the failure handler of a step-up needs of its runner. */
export type FailureHandlerOptions = Pick<
  StepUpRunnerOptions,
  'feature' | 'request' | 'relogin' | 'now' | 'canEnroll' | 'state' | 'onFailed'
> &
  Readonly<{
    /** Asks the service again, and begins with the method that was in use, sending the code that was typed for it. */
    start: (before?: Readonly<{ method?: Method | undefined; typed?: unknown }>) => Promise<void>
    /** Has the service asked for another feature first. */
    want: (feature: string) => void
  }>

/** Creates what handles the failures of one step-up. */
export function createFailureHandler({
  feature,
  request,
  relogin,
  now,
  canEnroll,
  state: { get, set },
  onFailed,
  start,
  want,
}: FailureHandlerOptions): FailureHandler {
  /** A step-up that expired, asks for something else by now, or found its session ended, is started again once. */
  let restarted = false
  let hasEnrolled = false
  const fail = (error: StileError) => {
    const { code, problem, cause } = error
    if (isMisconfigured(code)) reportStepUp(error, feature)
    onFailed(new StepUpFailed(code, problem, cause))
  }

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
          if (error.code === 'enrollment_required' && error.problem?.next?.methods?.length && canEnroll()) {
            // what was enrolled for it does not do: nobody is asked for more without end
            if (hasEnrolled) return fail(new StileError(error.code, { ...error.problem, failure: 'level_too_low' }))
            hasEnrolled = true
            return set({ status: 'enrolling', problem: error.problem })
          }
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

/** Whether a code or password can be typed again at once, because one can be at hand. After anything else the subject chooses. */
function canTypeAgain({ status, method, stepUp }: Extract<FlowState, { stepUp: unknown }>): boolean {
  const isStarted = stepUp.methods.some((each) => each.method === method && each.start !== undefined)
  // a sign-in that is verified is a password: any other is over by then
  return method === 'totp' || (method === 'email-otp' && isStarted) || (method === 'relogin' && status === 'verifying' && !isStarted)
}

/** Tells that this browser can use none of the methods that are offered. If only signing in is, the developer reads why it cannot be. */
export function noUsableMethod({ feature, methods: offered }: OpenStepUp): StileError {
  const methods = offered.map(({ method }) => method)
  if (methods.every((method) => method === 'relogin'))
    tellDeveloper(
      'nobody can sign in again here, so this step-up cannot succeed. createStile has no relogin, and the service no login provider for this issuer. To fix it, pass relogin: { password } to createStile, or set issuers[].relogin in the options of the service.',
    )
  const detail = `Not usable in this browser: ${methods}`
  const problem: Partial<Problem> = { code: 'method_unavailable', detail, feature, next: { methods } }
  return new StileError('method_unavailable', problem as Problem)
}

/** Tells that the application has signed the subject in again, and the service asks for it once more. */
export function signInTooOld(): StileError {
  tellDeveloper(
    'relogin of createStile answered true, but the sign-in is not recent enough for the service. To fix it, have session give a token with a newer auth_time, and the device key jkt in cnf, once the password was checked.',
  )
  return new StileError('relogin_failed', { code: 'attempt_failed', failure: 'login_too_old' } as Problem)
}

const told = new Set<string>()

/** Tells the developer once per page. */
function tellDeveloper(what: string): void {
  if (told.has(what)) return
  told.add(what)
  console.error(`Stile: ${what}`)
}

import type { IssuedToken } from '@stile/protocol'
import { observable, StepUpCancelled, type StepUpFailed } from '../base.ts'
import type { Flow, FlowState, StepUpOptions, Stile } from '../stile.ts'
import type { StepUpRunner } from './step-up-runner.ts'

/** A flow as the client holds it. */
export type StartedFlow = Readonly<{
  flow: Flow
  /** Like `flow.done`, but as soon as the token is there. */
  proven: Promise<IssuedToken>
  fail: (error: StepUpFailed) => void
  /** Gives the flow to one more caller, whom the signal lets go. When the last one is let go, the flow is cancelled. */
  join: (signal?: AbortSignal) => Flow
}>

/** What a flow is made of. */
export type FlowOptions = Readonly<{
  feature: string
  options: StepUpOptions
  request: Stile['request']
  /** The application's sign-in, if it lends one. */
  relogin?: Stile['relogin'] | undefined
  /** This browser's clock, in seconds since the epoch. */
  now: () => number
  /** Whether somebody shows the step-up who can have the subject enrol something. */
  canEnroll: () => boolean
  /** Keeps the token and has the state say what was proven. The flow is `done` when it settles. */
  onProven: (issued: IssuedToken) => Promise<void>
}>

/** Loads what runs a step-up, and what loads the rest of its first prompt. */
export const loadStepUpRunner = (): Promise<typeof import('./step-up-runner.ts')> => import('./step-up-runner.ts')

/** Creates one step-up. The service is asked nothing before `flow.retry` is called for the first time. */
export function createFlow({ feature, options, request, relogin, now, canEnroll, onProven }: FlowOptions): StartedFlow {
  const { operation, label, audience } = options
  const { get, set: put, subscribe } = observable<FlowState>({ status: 'starting' })
  let hasEnded = false
  let runner: StepUpRunner | undefined

  let resolve: (issued: IssuedToken) => void
  let reject: (error: StepUpCancelled | StepUpFailed) => void
  const proven = new Promise<IssuedToken>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  const done = proven.then(async (issued) => {
    await onProven(issued)
    put({ status: 'done', issued })
    return issued
  })
  // a caller who looks at the state alone leaves no rejection unhandled
  done.catch(() => {})

  const set = (next: FlowState) => {
    if (!hasEnded) put(next)
  }
  const end = (last: FlowState, error: StepUpCancelled | StepUpFailed) => {
    if (hasEnded) return
    hasEnded = true
    runner?.stop()
    reject(error)
    put(last)
  }
  const cancelled = () => new StepUpCancelled('step_up_cancelled')
  const cancel = () => end({ status: 'cancelled' }, cancelled())
  const fail = (error: StepUpFailed) => end({ status: 'failed', code: error.code, problem: error.problem }, error)
  const retry = async () => {
    if (get().status === 'enrolling') set({ status: 'starting' })
    try {
      const { createStepUpRunner } = await loadStepUpRunner()
      runner ??= createStepUpRunner({
        feature,
        operation,
        audience,
        request,
        relogin,
        now,
        canEnroll,
        state: { get, set },
        hasEnded: () => hasEnded,
        onProven: (issued) => {
          hasEnded = true
          resolve(issued)
        },
        onFailed: fail,
      })
    } catch {
      return set({ status: 'starting', error: { code: 'service_unavailable' } })
    }
    await runner.start()
  }

  const flow: Flow = {
    feature,
    operation,
    label,
    get,
    subscribe,
    choose: async (method) => runner?.choose(method),
    submit: async (response) => runner?.submit(response),
    retry,
    cancel,
    done,
  }
  let callers = 0
  const join = (signal?: AbortSignal) => {
    callers++
    if (!signal) return flow
    const mine = new Promise<IssuedToken>((onValue, onError) => {
      const leave = () => {
        onError(cancelled())
        if (!--callers) cancel()
      }
      if (signal.aborted) leave()
      else signal.addEventListener('abort', leave)
      done.then(onValue, onError)
    })
    mine.catch(() => {})
    return { ...flow, done: mine }
  }
  return { flow, proven, fail, join }
}

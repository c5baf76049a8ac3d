import type { IssuedToken } from '@stile/protocol'
import { observable, StepUpCancelled, type StileError } from '../base.ts'
import type { Flow, FlowState, StepUpOptions, Stile } from '../stile.ts'
import type { createStepUpRunner, StepUpRunner } from './step-up-runner.ts'

/** A flow as the client holds it. */
export type StartedFlow = Readonly<{
  flow: Flow
  /** Like `flow.done`, but as soon as the token is there. */
  proven: Promise<IssuedToken>
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
  /** Loads what runs the step-up. */
  loadReady: () => Promise<Readonly<{ createStepUpRunner: typeof createStepUpRunner }>>
  /** Keeps the token and reads the state again. The flow is `done` when it settles. */
  onProven: (issued: IssuedToken) => Promise<void>
}>

/** Creates one step-up. The service is asked nothing before `flow.retry` is called for the first time. */
export function createFlow({ feature, options, request, relogin, now, canEnroll, loadReady, onProven }: FlowOptions): StartedFlow {
  const { operation, label, audience } = options
  const { get, set: put, subscribe } = observable<FlowState>({ status: 'starting' })
  let hasEnded = false
  let runner: StepUpRunner | undefined

  let resolve: (issued: IssuedToken) => void
  let reject: (error: StileError) => void
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
  const end = (last: FlowState, error: StileError) => {
    set(last)
    hasEnded = true
    runner?.stop()
    reject(error)
  }
  const cancel = () => end({ status: 'cancelled' }, new StepUpCancelled('step_up_cancelled'))
  const retry = async () => {
    if (get().status === 'enrolling') set({ status: 'starting' })
    try {
      const { createStepUpRunner } = await loadReady()
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
        onFailed: (error) => end({ status: 'failed', code: error.code, problem: error.problem }, error),
      })
    } catch {
      return set({ status: 'starting', error: { code: 'service_unavailable' } })
    }
    await runner.start()
  }

  options.signal?.addEventListener('abort', cancel)
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
  return { flow, proven }
}

import type { IssuedToken } from '@stile/protocol'
import { StepUpCancelled, type StileError } from '../error.ts'
import { observable } from '../lib/observable.ts'
import type { Flow, FlowState, StepUpOptions, Stile } from '../stile.ts'
import type { Hands } from './prove.ts'

/** A flow as the client holds it. */
export type StartedFlow = readonly [
  /** Its `retry` asks the service for the first time, too. */
  flow: Flow,
  /** Like `flow.done`, but as soon as the token is there. */
  proven: Promise<IssuedToken>,
]

/**
 * Creates one step-up. Nothing is asked of the service before `retry`.
 *
 * @param relogin  the application's sign-in, where it lends one
 * @param now  this browser's clock, in seconds since the epoch
 * @param onProven  keeps the token and reads the state again; the flow is `done` when it settles
 */
export function createFlow(
  feature: string,
  options: StepUpOptions,
  request: Stile['request'],
  relogin: Stile['relogin'] | undefined,
  now: () => number,
  onProven: (issued: IssuedToken) => Promise<void>,
): StartedFlow {
  const { operation, label } = options
  const [get, put, subscribe] = observable<FlowState>({ status: 'starting' })
  let settled = false
  let hands: Hands | undefined

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
  // who looks at the state alone leaves no rejection unread
  done.catch(() => {})

  const set = (next: FlowState) => {
    if (!settled) put(next)
  }
  const end = (last: FlowState, error: StileError) => {
    set(last)
    settled = true
    hands?.[3]()
    reject(error)
  }
  const finish = (issued: IssuedToken) => {
    settled = true
    resolve(issued)
  }
  const cancel = () => end({ status: 'cancelled' }, new StepUpCancelled('step_up_cancelled'))
  const retry = async () => {
    try {
      const { createHands } = await import('./prove.ts')
      hands ??= createHands(feature, options, request, relogin, now, get, set, () => settled, finish, end)
    } catch {
      return set({ status: 'starting', error: { code: 'service_unavailable' } })
    }
    await hands[0]()
  }

  options.signal?.addEventListener('abort', cancel)
  return [
    {
      feature,
      operation,
      label,
      get,
      subscribe,
      choose: async (method) => hands?.[1](method),
      submit: async (response) => hands?.[2](response),
      retry,
      cancel,
      done,
    },
    proven,
  ]
}

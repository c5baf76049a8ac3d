import type { IssuedToken, Method, StepUp } from '@stile/protocol'
import { StepUpCancelled, StepUpFailed, type StileCode, StileError } from './error.ts'
import { deferred } from './lib/deferred.ts'
import { observable } from './lib/observable.ts'
import type { Flow, FlowError, FlowState, StepUpOptions } from './stile.ts'

/** What a flow needs of the client. */
export type FlowDeps = Readonly<{
  request: (method: string, path: string, body?: unknown) => Promise<unknown>
  /** The application's sign-in, where it lends one. */
  relogin: (() => Promise<boolean>) | undefined
  /** Keeps the token and reads the state again; the flow is `done` when it settles. */
  onProven: (issued: IssuedToken) => Promise<void>
  /** This browser's clock, in seconds since the epoch. */
  now: () => number
}>

/** A flow as the client holds it. */
export type StartedFlow = Readonly<{
  flow: Flow
  /** Asks the service. Called once, when it is this flow's turn. */
  start: () => Promise<void>
  /** Like `flow.done`, but as soon as the token is there. */
  proven: Promise<IssuedToken>
}>

type Open = Extract<StepUp, { status: 'open' }>

const PASSING: readonly StileCode[] = ['service_unavailable', 'session_unavailable', 'policy_unavailable', 'internal', 'too_many_attempts']

/** Whether a failure passes by itself, so that it makes sense to try again. */
export function isPassing(code: StileCode): boolean {
  return PASSING.includes(code)
}

/** Whether the subject can go on from a failure. */
function isRecoverable(code: StileCode): boolean {
  return isPassing(code) || code === 'attempt_failed' || code === 'relogin_failed' || code.startsWith('passkey_')
}

/** An error as a flow shows it. `now` in seconds since the epoch. */
export function flowError({ code, problem }: StileError, now: number): FlowError {
  const { failure, attemptsLeft, retryAfter } = problem ?? {}
  return { code, failure, attemptsLeft, retryAt: retryAfter && (now + retryAfter) * 1000 }
}

/** Creates one step-up. Nothing is asked of the service before `start`. */
export function createFlow(feature: string, options: StepUpOptions, { request, relogin, onProven, now }: FlowDeps): StartedFlow {
  const { operation, audience, label, signal: given } = options
  const { get, set: put, subscribe } = observable<FlowState>({ status: 'starting' })
  const proven = deferred<IssuedToken>()
  const done = deferred<IssuedToken>()
  let settled = false
  /** Ends the ceremony that is under way. */
  let ending = new AbortController()
  /** A passkey challenge was sent: the next ceremony needs a new one. */
  let used = false
  /** An expired step-up is started anew once. */
  let restarted = false
  /** The guesses of this step-up are used up. */
  let spent = false

  const set = (next: FlowState) => {
    if (!settled) put(next)
  }
  const end = (last: FlowState, error: StileError) => {
    if (settled) return
    settled = true
    ending.abort()
    put(last)
    proven.reject(error)
    done.reject(error)
  }
  const cancel = () => end({ status: 'cancelled' }, new StepUpCancelled('step_up_cancelled'))
  const finish = async (issued: IssuedToken) => {
    if (settled) return
    settled = true
    proven.resolve(issued)
    await onProven(issued)
    put({ status: 'done', issued })
    done.resolve(issued)
  }

  const post = (path: string, body: unknown) => request('POST', `/v1/step-ups${path}`, body) as Promise<StepUp>

  const start = async (wanted?: Method, response?: unknown): Promise<void> => {
    set({ status: 'starting' })
    spent = used = false
    try {
      const stepUp = await post('', { feature, operation, audience })
      if (stepUp.status === 'done') return await finish(stepUp.issued)
      const known = { totp: true, passkey: 'PublicKeyCredential' in globalThis, relogin } as Partial<Record<Method, unknown>>
      const methods = stepUp.methods.map(({ method }) => method).filter((method) => known[method])
      const best = methods.find((method) => method === wanted) ?? methods[0]
      if (!best) throw new StileError('method_unavailable')
      set({ status: 'choosing', stepUp, methods })
      await choose(best)
      if (response) await submit(response)
    } catch (error) {
      await trouble(error as StileError)
    }
  }

  const trouble = async (error: StileError, response?: unknown): Promise<void> => {
    const state = get()
    const { code, problem } = error
    if (code === 'step_up_expired' && !restarted && 'stepUp' in state) {
      restarted = true
      return start(state.method, response)
    }
    if (!isRecoverable(code)) return end({ status: 'failed', code, problem }, new StepUpFailed(code, problem))
    const shown = flowError(error, now())
    if (!('stepUp' in state)) return set({ status: 'starting', error: shown })
    spent ||= code === 'too_many_attempts'
    const { stepUp, method } = state
    set({
      ...state,
      // a code can be typed again at once; anything else needs the subject to choose
      status: method === 'totp' && !spent ? 'proving' : 'choosing',
      stepUp: { ...stepUp, attemptsLeft: shown.attemptsLeft ?? stepUp.attemptsLeft },
      error: shown,
    })
  }

  const choose = async (method: Method): Promise<void> => {
    const state = get()
    if (settled || !('stepUp' in state) || state.status === 'verifying' || !state.methods.includes(method)) return
    ending.abort()
    ending = new AbortController()
    const { signal } = ending
    try {
      if (method === 'totp' && spent) return await start(method)
      let { stepUp } = state
      const prove = () => set({ ...state, status: 'proving', stepUp, method, error: undefined })
      prove()
      if (method === 'relogin') {
        if (!(await relogin?.())) throw new StileError('relogin_failed')
        if (!signal.aborted) await start()
      } else if (method === 'passkey') {
        const loading = import('./passkey/authenticate.ts')
        let challenge = startOf(stepUp, method)
        if (used || !challenge) {
          stepUp = (await post(`/${stepUp.id}/methods/${method}`, {})) as Open
          if (signal.aborted) return
          used = false
          prove()
          challenge = startOf(stepUp, method)
        }
        const response = await (await loading).authenticate(challenge, signal)
        if (!signal.aborted) await submit(response)
      }
    } catch (error) {
      if (!signal.aborted) await trouble(error instanceof StileError ? error : new StileError('service_unavailable', undefined, error))
    }
  }

  const submit = async (response: unknown): Promise<void> => {
    const state = get()
    if (settled || state.status !== 'proving') return
    const { stepUp, method } = state
    used ||= method === 'passkey'
    set({ ...state, status: 'verifying', error: undefined })
    try {
      const next = await post(`/${stepUp.id}/attempts`, { method, response })
      if (next.status !== 'done') throw new StileError('attempt_failed')
      await finish(next.issued)
    } catch (error) {
      await trouble(error as StileError, method === 'totp' && response)
    }
  }

  given?.addEventListener('abort', cancel)
  return {
    start: () => start(),
    proven: proven.promise,
    flow: {
      feature,
      operation,
      label,
      get,
      subscribe,
      choose,
      submit,
      retry: async () => {
        const state = get()
        if (state.status === 'starting' && state.error) await start()
      },
      cancel,
      done: done.promise,
    },
  }
}

function startOf({ methods }: Open, method: Method): unknown {
  return methods.find((each) => each.method === method)?.start
}

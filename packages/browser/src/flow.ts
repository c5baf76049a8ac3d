import type { IssuedToken, Method, StepUp } from '@stile/protocol'
import { StepUpCancelled, StepUpFailed, type StileCode, StileError } from './error.ts'
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

/** Whether a failure passes by itself, so that it makes sense to try again. */
export function isPassing(code: StileCode): boolean {
  return /^(service|session|policy)_unavailable|^internal|^too_many/.test(code)
}

/** An error as a flow shows it. `now` in seconds since the epoch. */
export function flowError({ code, problem }: StileError, now: number): FlowError {
  const { failure, attemptsLeft, retryAfter } = problem ?? {}
  return { code, failure, attemptsLeft, retryAt: retryAfter && (now + retryAfter) * 1000 }
}

/** Creates one step-up. Nothing is asked of the service before `start`. */
export function createFlow(feature: string, options: StepUpOptions, { request, relogin, onProven, now }: FlowDeps): StartedFlow {
  const { operation, audience, label } = options
  const { get, set: put, subscribe } = observable<FlowState>({ status: 'starting' })
  let settled = false
  /** Ends the ceremony that is under way. */
  let ending = new AbortController()
  /** A passkey challenge was sent: the next ceremony needs a new one. */
  let used = false
  /** An expired step-up is started anew once. */
  let restarted = false
  /** The guesses of this step-up are used up. */
  let spent = false

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
    if (settled) return
    set(last)
    settled = true
    ending.abort()
    reject(error)
  }
  const finish = (issued: IssuedToken) => {
    settled = true
    resolve(issued)
  }
  const cancel = () => end({ status: 'cancelled' }, new StepUpCancelled('step_up_cancelled'))
  const post = (path: string, body: unknown) => request('POST', `/v1/step-ups${path}`, body) as Promise<StepUp>

  const start = async (wanted?: Method, response?: unknown): Promise<void> => {
    set({ status: 'starting' })
    spent = used = false
    try {
      const stepUp = await post('', { feature, operation, audience })
      if (settled) return
      if (stepUp.status === 'done') return finish(stepUp.issued)
      const can: { [M in Method]?: unknown } = { totp: true, passkey: 'PublicKeyCredential' in globalThis, relogin }
      const methods = stepUp.methods.map(({ method }) => method).filter((method) => can[method])
      const [first] = methods
      if (!first) throw new StileError('method_unavailable')
      set({ status: 'choosing', stepUp, methods })
      await choose(wanted && methods.includes(wanted) ? wanted : first)
      if (response) await submit(response)
    } catch (error) {
      await trouble(error as StileError)
    }
  }

  const trouble = async (error: StileError, response?: unknown): Promise<void> => {
    const state = get()
    const { code, problem } = error
    const begun = 'stepUp' in state
    if (code === 'step_up_expired' && !restarted && begun) {
      restarted = true
      return start(state.method, response)
    }
    if (!isPassing(code) && !/^(attempt|relogin|passkey)_/.test(code)) {
      return end({ status: 'failed', code, problem }, new StepUpFailed(code, problem))
    }
    const shown = flowError(error, now())
    if (!begun) return set({ status: 'starting', error: shown })
    spent ||= code === 'too_many_attempts'
    set({
      ...state,
      // a code can be typed again at once; anything else needs the subject to choose
      status: state.method === 'totp' && !spent ? 'proving' : 'choosing',
      stepUp: { ...state.stepUp, attemptsLeft: shown.attemptsLeft ?? state.stepUp.attemptsLeft },
      error: shown,
    })
  }

  const choose = async (method: Method): Promise<void> => {
    const state = get()
    if (!('stepUp' in state) || state.status === 'verifying' || !state.methods.includes(method)) return
    ending.abort()
    ending = new AbortController()
    const { signal } = ending
    try {
      if (method === 'totp' && spent) return await start(method)
      let { stepUp } = state
      set({ ...state, status: 'proving', method, error: undefined })
      if (method === 'relogin') {
        if (!(await relogin?.())) throw new StileError('relogin_failed')
        if (!signal.aborted) await start()
      }
      if (method !== 'passkey') return
      const loading = import('./passkey/authenticate.ts')
      const challenge = () => 'methods' in stepUp && stepUp.methods.find((each) => each.method === method)?.start
      if (used || !challenge()) {
        stepUp = (await post(`/${stepUp.id}/methods/${method}`, {})) as typeof stepUp
        used = false
      }
      const answer = signal.aborted || (await (await loading).authenticate(challenge(), signal))
      if (signal.aborted) return
      if (typeof answer === 'string') throw new StileError(answer as StileCode)
      await submit(answer)
    } catch (error) {
      if (!signal.aborted) await trouble(error instanceof StileError ? error : new StileError('passkey_failed', undefined, error))
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
      if (!settled) finish(next.issued)
    } catch (error) {
      await trouble(error as StileError, method === 'totp' && response)
    }
  }

  options.signal?.addEventListener('abort', cancel)
  return {
    start,
    proven,
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
      done,
    },
  }
}

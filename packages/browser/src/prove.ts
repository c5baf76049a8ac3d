import type { IssuedToken, Method, StepUp } from '@stile/protocol'
import { flowError, isPassing, StepUpFailed, type StileCode, StileError } from './error.ts'
import type { Flow, FlowState, StepUpOptions, Stile } from './stile.ts'

/** What moves a flow on. */
export type Hands = readonly [start: () => Promise<void>, choose: Flow['choose'], submit: Flow['submit'], stop: () => void]

/**
 * Asks the service for a step-up and takes the subject through a method. Loaded ahead of the first click, so that none waits for it.
 *
 * @param relogin  the application's sign-in, where it lends one
 * @param now  this browser's clock, in seconds since the epoch
 * @param over  whether the flow has come to its end; then `set` does nothing
 */
export function createHands(
  feature: string,
  { operation, audience }: StepUpOptions,
  request: Stile['request'],
  relogin: Stile['relogin'] | undefined,
  now: () => number,
  get: () => FlowState,
  set: (next: FlowState) => void,
  over: () => boolean,
  finish: (issued: IssuedToken) => void,
  end: (last: FlowState, error: StileError) => void,
): Hands {
  /** Ends the ceremony that is under way. */
  let ending = new AbortController()
  /** The passkey challenge that came with the step-up was sent: the next ceremony needs a new one. */
  let used = false
  /** An expired step-up is started anew once. */
  let restarted = false
  const post = (path: string, body: unknown) => request('POST', `/v1/step-ups${path}`, body) as Promise<StepUp>

  const start = async (wanted?: Method, response?: unknown): Promise<void> => {
    if (over()) return
    set({ status: 'starting' })
    used = false
    try {
      const stepUp = await post('', { feature, operation, audience })
      if (stepUp.status === 'done') return finish(stepUp.issued)
      const can: { [M in Method]?: unknown } = { totp: 1, passkey: globalThis.PublicKeyCredential, relogin }
      const methods = stepUp.methods.map(({ method }) => method).filter((method) => can[method])
      const [first] = methods
      if (!first) throw new StileError('method_unavailable')
      set({ status: 'choosing', stepUp, methods })
      await choose(methods.find((method) => method === wanted) ?? first)
      if (response) await submit(response)
    } catch (error) {
      await trouble(error as StileError)
    }
  }

  const trouble = async (error: StileError, response?: unknown): Promise<void> => {
    const state = get()
    const shown = flowError(error, now())
    const { code } = shown
    const begun = 'stepUp' in state
    if (code === 'step_up_expired' && begun && !restarted) {
      restarted = true
      return start(state.method, response)
    }
    if (!isPassing(code) && !/^(attempt|relogin|passkey)_/.test(code)) {
      const { problem } = error
      end({ status: 'failed', code, problem }, new StepUpFailed(code, problem))
    } else if (begun) {
      // a code can be typed again at once; anything else needs the subject to choose
      set({ ...state, status: state.method === 'totp' && shown.attemptsLeft !== 0 ? 'proving' : 'choosing', error: shown })
    } else set({ status: 'starting', error: shown })
  }

  const choose = async (method: Method): Promise<void> => {
    const state = get()
    if (!('stepUp' in state) || state.status === 'verifying') return
    ending.abort()
    ending = new AbortController()
    const { signal } = ending
    try {
      // its guesses are used up
      if (method === 'totp' && state.error?.attemptsLeft === 0) return await start(method)
      set({ ...state, status: 'proving', method, error: undefined })
      if (method === 'relogin') {
        if (!(await relogin?.())) throw new StileError('relogin_failed')
        if (!signal.aborted) await start()
      }
      if (method === 'passkey') {
        const { authenticate } = await import('./passkey/authenticate.ts')
        const answer = await authenticate(state.stepUp, used, post, signal)
        if (signal.aborted || typeof answer === 'string') throw new StileError(answer as StileCode)
        await submit(answer)
      }
    } catch (error) {
      if (!signal.aborted) await trouble(error as StileError)
    }
  }

  const submit = async (response: unknown): Promise<void> => {
    const state = get()
    if (state.status !== 'proving') return
    const { stepUp, method } = state
    used ||= method === 'passkey'
    set({ ...state, status: 'verifying', error: undefined })
    try {
      const next = await post(`/${stepUp.id}/attempts`, { method, response })
      if (next.status !== 'done') throw new StileError('attempt_failed')
      finish(next.issued)
    } catch (error) {
      await trouble(error as StileError, method === 'totp' && response)
    }
  }

  return [start, choose, submit, () => ending.abort()]
}

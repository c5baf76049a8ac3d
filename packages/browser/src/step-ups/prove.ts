import type { IssuedToken, Method, Problem, StepUp, StepUpMethod } from '@stile/protocol'
import { flowError, isPassing, StepUpFailed, type StileCode, StileError } from '../error.ts'
import type { Flow, FlowState, StepUpOptions, Stile } from '../stile.ts'

/** What moves a flow on. */
export type Hands = readonly [start: () => Promise<void>, choose: Flow['choose'], submit: Flow['submit'], stop: () => void]

type Open = Extract<StepUp, { status: 'open' }>

/** A prompt that never answers is waited for so long where there are other ways. */
const PATIENCE_MS = 60_000
const KEY = /^(passkey|security-key)$/
const CODE = /^(totp|email-otp)$/

const wayOf = (stepUp: Open, method: Method) => stepUp.methods.find((way) => way.method === method)

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
  /** Ends listening for a sign-in at the login provider, which outlives turning to another way. */
  let listening = new AbortController()
  /** The methods whose `start` was answered: it counts once. */
  let used: Method[] = []
  /** A step-up that expired, or asks for something else by now, is started anew once. */
  let restarted = false
  const post = (path: string, body: unknown) => request('POST', `/v1/step-ups${path}`, body) as Promise<StepUp>

  const stop = () => {
    ending.abort()
    listening.abort()
  }
  const won = (issued: IssuedToken) => {
    stop()
    finish(issued)
  }

  const can = ({ method, hint }: StepUpMethod, { operation: bound }: Open) => {
    if (KEY.test(method)) return globalThis.PublicKeyCredential
    // the token of a sign-in elsewhere is fetched by its feature: it is bound to no operation
    if (method === 'relogin') return hint ? !bound : relogin
    return CODE.test(method)
  }

  const start = async (wanted?: Method, response?: unknown): Promise<void> => {
    if (over()) return
    set({ status: 'starting' })
    used = []
    try {
      const stepUp = await post('', { feature, operation, audience })
      if (stepUp.status === 'done') return won(stepUp.issued)
      const all = stepUp.methods.map(({ method }) => method)
      const methods = all.filter((_, nth) => can(stepUp.methods[nth] as StepUpMethod, stepUp))
      const [first] = methods
      if (!first) {
        const detail = `Not usable in this browser: ${all}`
        const missing: Partial<Problem> = { code: 'method_unavailable', detail, feature, next: { methods: all } }
        throw new StileError('method_unavailable', missing as Problem)
      }
      set({ status: 'choosing', stepUp, methods })
      const best = methods.find((method) => method === wanted) ?? first
      await choose(best, true)
      if (response && best === wanted) await submit(response)
    } catch (error) {
      await trouble(error as StileError)
    }
  }

  /** Starts a method at the service, again where it was before, and answers its `start`. */
  const begin = async (method: Method) => {
    const state = get()
    const stepUp = (await post(`/${(state as { stepUp: Open }).stepUp.id}/methods/${method}`, {})) as Open
    used = used.filter((each) => each !== method)
    const after = get()
    // what was started of other methods still counts
    if ('stepUp' in after) {
      const methods = stepUp.methods.map((way) => ({ ...wayOf(after.stepUp, way.method), ...way }))
      set({ ...after, stepUp: { ...stepUp, methods } })
    }
    return wayOf(stepUp, method)?.start
  }

  const trouble = async (error: StileError, response?: unknown): Promise<void> => {
    const state = get()
    const shown = flowError(error, now())
    const { code } = shown
    const begun = 'stepUp' in state
    if (/^(step_up_exp|method_un)/.test(code) && begun && !restarted) {
      restarted = true
      return start(state.method, response)
    }
    if (!isPassing(code) && !/^(attempt|relogin|passkey)_/.test(code)) {
      const { problem } = error
      end({ status: 'failed', code, problem }, new StepUpFailed(code, problem))
    } else if (begun) {
      const { method, stepUp } = state
      // a code can be typed again at once, where one can be at hand; anything else needs the subject to choose
      const typed = method === 'totp' || (method === 'email-otp' && wayOf(stepUp, method)?.start)
      set({ ...state, status: typed && shown.attemptsLeft !== 0 ? 'proving' : 'choosing', error: shown })
    } else set({ status: 'starting', error: shown })
  }

  /** `unasked`: nobody chose it yet, so that a window may open while the click that began the step-up counts, and this page is not left. */
  const choose = async (method: Method, unasked?: boolean): Promise<void> => {
    const state = get()
    if (!('stepUp' in state) || state.status === 'verifying') return
    ending.abort()
    ending = new AbortController()
    const { signal } = ending
    const way = wayOf(state.stepUp, method)
    const begun = used.includes(method) ? undefined : way?.start
    // before anything is waited for: browsers open a window only right after a click
    const mayOpen = !unasked || navigator.userActivation?.isActive
    const popup = method !== 'relogin' || !way?.hint ? undefined : mayOpen ? open('about:blank', '', 'popup,width=480,height=680') : null
    if (unasked && popup === null) return
    try {
      // its guesses are used up
      if (CODE.test(method) && state.error?.attemptsLeft === 0) return await start(method)
      set({ ...state, status: 'proving', method, error: undefined })
      if (method === 'email-otp' && (!begun || method === state.method)) await begin(method)
      if (KEY.test(method)) {
        const { authenticate } = await import('../passkey/authenticate.ts')
        const options = begun ?? (await begin(method))
        // no prompt opens for whoever turned to another way meanwhile
        if (signal.aborted) return
        const answer = await authenticate(options, signal, state.methods[1] ? PATIENCE_MS : Infinity)
        if (signal.aborted || typeof answer === 'string') throw new StileError(answer as StileCode)
        await submit(answer)
      }
      if (popup !== undefined) {
        listening.abort()
        listening = new AbortController()
        const { signIn } = await import('../relogin/sign-in.ts')
        await signIn({
          popup,
          stepUp: state.stepUp,
          start: async () => {
            const page = begun ?? (await begin(method))
            used.push(method)
            return page
          },
          ask: () => request('POST', '/v1/tokens', { feature, audience }) as Promise<IssuedToken>,
          onProven: won,
          onTrouble: (error) => {
            if (!signal.aborted && get().status === 'proving') trouble(error)
          },
          now,
          shown: signal,
          listening: listening.signal,
        })
      } else if (method === 'relogin') {
        if (!(await relogin?.())) throw new StileError('relogin_failed')
        if (!signal.aborted) await start()
      }
    } catch (error) {
      popup?.close()
      // what is none of ours is a chunk that could not be loaded
      const known = popup === undefined || error instanceof StileError ? error : new StileError('relogin_failed')
      if (!signal.aborted) await trouble(known as StileError)
    }
  }

  const submit = async (response: unknown): Promise<void> => {
    const state = get()
    if (state.status !== 'proving') return
    const { stepUp, method } = state
    if (method && KEY.test(method)) used.push(method)
    set({ ...state, status: 'verifying', error: undefined })
    try {
      const next = await post(`/${stepUp.id}/attempts`, { method, response })
      if (next.status !== 'done') throw new StileError('attempt_failed')
      won(next.issued)
    } catch (error) {
      const { problem } = error as StileError
      if (problem?.failure === 'credential_unknown')
        import('../passkey/signal.ts').then(
          ({ signalUnknown }) => signalUnknown(request, response),
          () => {},
        )
      await trouble(error as StileError, method === 'totp' && response)
    }
  }

  return [start, choose, submit, stop]
}

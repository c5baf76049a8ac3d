import type { IssuedToken, Method, Operation, StepUp } from '@stile/protocol'
import type { Observable } from '../base.ts'
import { type StepUpFailed, StileError, toStileError } from '../base.ts'
import type { Flow, FlowState, Stile } from '../stile.ts'
import type { FailureHandler } from './failure-handler.ts'
import { KINDS, methodOf, type OpenStepUp, usableMethods } from './methods.ts'
import type { OtherWays } from './other-ways.ts'

export { KINDS }

/** Moves a flow on. Nothing of it rejects. */
export type StepUpRunner = Readonly<{
  /** Asks the service for a step-up and begins with the best method. */
  start: () => Promise<void>
  choose: Flow['choose']
  submit: Flow['submit']
  /** Ends what is under way. */
  stop: () => void
}>

/** What a runner works with. */
export type StepUpRunnerOptions = Readonly<{
  feature: string
  operation?: Operation | undefined
  audience?: string | undefined
  request: Stile['request']
  /** The application's sign-in, if it lends one. */
  relogin?: Stile['relogin'] | undefined
  /** This browser's clock, in seconds since the epoch. */
  now: () => number
  /** Whether somebody shows the step-up who can have the subject enrol something. */
  canEnroll: () => boolean
  /** Where the flow stands. Once the flow has ended, `set` does nothing. */
  state: Pick<Observable<FlowState>, 'get' | 'set'>
  hasEnded: () => boolean
  onProven: (issued: IssuedToken) => void
  onFailed: (error: StepUpFailed) => void
}>

type OpenFlowState = Extract<FlowState, { stepUp: unknown }>

/** Loads what is needed if something goes wrong, while the service is asked. */
export const loadFailureHandler = (): Promise<typeof import('./failure-handler.ts')> => import('./failure-handler.ts')

/** Loads what is needed for other ways than the first prompt, while the service is asked. */
export const loadOtherWays = (): Promise<typeof import('./other-ways.ts')> => import('./other-ways.ts')

/** The methods that no first prompt is made of. */
const OTHERS: ReadonlySet<Method> = new Set(['relogin', 'email-otp'])

/** How long a prompt that never answers is waited for if there are other methods. */
const PATIENCE_MS = 60_000

/** Asks the service for a step-up and takes the subject through a method. */
export function createStepUpRunner(options: StepUpRunnerOptions): StepUpRunner {
  const { feature, operation, audience, request, relogin, hasEnded } = options
  const { get, set } = options.state
  const post = (path: string, body: unknown) => request('POST', `/v1/step-ups${path}`, body)
  /** Aborted when the subject turns to another method. */
  let methodController = new AbortController()
  /** The methods whose `start` was answered: each counts once. */
  const answered = new Set<Method>()
  /** Whether the service is asked for a step-up at the moment. */
  let isAsking = false
  /** What the service is asked for: signing in again goes first if the session has ended. */
  let wanted = feature
  let failureHandler: FailureHandler | undefined
  let otherWays: OtherWays | undefined

  const stop = () => {
    methodController.abort()
    otherWays?.stop()
  }
  const finish = async (issued: IssuedToken) => {
    stop()
    // what a step-up ends with is there before it ends: nobody else can sign in between the proof and what it opens
    await import('./settle.ts').catch(() => {})
    if (options.hasEnded()) return
    if (wanted === feature) return options.onProven(issued)
    wanted = feature
    return start()
  }

  /** Asks the service, and begins with the best method, or with the one that was in use, sending the code that was typed for it. */
  const start = async (before: Readonly<{ method?: Method | undefined; typed?: unknown }> = {}): Promise<void> => {
    if (hasEnded() || isAsking) return
    isAsking = true
    // what is under way for the former step-up answers that one
    methodController.abort()
    set({ status: 'starting' })
    answered.clear()
    loadFailureHandler().catch(() => {})
    readyOtherWays().catch(() => {})
    try {
      const asked = post('', { feature: wanted, operation, audience }) as Promise<StepUp>
      const stepUp = await asked.finally(() => {
        isAsking = false
      })
      if (stepUp.status === 'done') return finish(stepUp.issued)
      const methods = usableMethods(stepUp, !!relogin)
      const [best] = methods
      if (!best) throw (await loadFailureHandler()).noUsableMethod(stepUp)
      const choosing: OpenFlowState = { status: 'choosing', stepUp, methods }
      const method = methods.find((each) => each === before.method) ?? best
      await begin(method, { unaskedFrom: choosing })
      if (before.typed && method === before.method) await submit(before.typed)
    } catch (error) {
      await handle(toStileError(error, 'internal'))
    }
  }

  /** Whether this is the step-up that is on the screen, and not one from before the service was asked again. */
  const isCurrent = ({ id }: OpenStepUp) => {
    const state = get()
    return 'stepUp' in state && state.stepUp.id === id
  }

  const readyOtherWays = async (): Promise<OtherWays> => {
    const { createOtherWays } = await loadOtherWays()
    otherWays ??= createOtherWays({ ...options, wanted: () => wanted, answered, start, finish, handle })
    return otherWays
  }

  /**
   * Begins with a method.
   *
   * @param unaskedFrom  what the service has just offered, if nobody chose the method: a window may open only while the click that began the
   *   step-up counts, and the page is not left
   */
  const begin = async (method: Method, { unaskedFrom }: Readonly<{ unaskedFrom?: OpenFlowState }> = {}): Promise<void> => {
    const unasked = unaskedFrom !== undefined
    const state = unaskedFrom ?? get()
    if (!('stepUp' in state) || state.status === 'verifying') return
    // a double click chooses once
    if (state.method === method && otherWays?.isStarting(state.stepUp, method)) return
    methodController.abort()
    methodController = new AbortController()
    const { signal } = methodController
    try {
      // the guesses for a code are used up: another step-up has its own
      if (KINDS[method] === 'code' && state.error?.attemptsLeft === 0) return await start({ method })
      if (OTHERS.has(method)) {
        if (unasked) set(state)
        const ways = otherWays ?? (await readyOtherWays().catch(showUnloaded))
        if (!signal.aborted) await ways?.begin({ state, method, unasked, signal })
        return
      }
      const show = () => set({ ...state, status: 'proving', method, error: undefined })
      const started = answered.has(method) ? undefined : methodOf(state.stepUp, method)?.start
      // drawing the dialog takes longer than asking the browser, which shows a prompt of its own; an operation is on the screen before it
      const isShownAfter = unasked && started !== undefined && !operation
      if (KINDS[method] !== 'ceremony') return show()
      if (!isShownAfter) show()
      const startMethod = async () => (await readyOtherWays()).startMethod(method)
      const [{ authenticate }, asked] = await Promise.all([import('../passkey/ceremonies.ts'), started ?? startMethod()])
      // no prompt opens for a subject who turned to another method meanwhile
      if (signal.aborted) return
      const answer = authenticate(asked, { signal, ...(state.methods.length > 1 && { patienceMs: PATIENCE_MS }) })
      if (isShownAfter) show()
      const response = await answer
      if (!signal.aborted) await submit(response)
    } catch (error) {
      if (signal.aborted) return
      // any error but the SDK's is a file that could not be loaded
      if (KINDS[method] === 'ceremony' && !(error instanceof StileError)) return showUnloaded()
      await handle(toStileError(error, 'internal'))
    }
  }

  /** A file could not be loaded: asking the service again loads it again. */
  const showUnloaded = () => set({ status: 'starting', error: { code: 'service_unavailable' } })

  const submit = async (response: unknown): Promise<void> => {
    const state = get()
    if (state.status !== 'proving') return
    const { stepUp, method } = state
    if (method && KINDS[method] === 'ceremony') answered.add(method)
    set({ ...state, status: 'verifying', error: undefined })
    try {
      if (method === 'relogin') {
        const { password } = response as { password?: string }
        const { signInWithApplication } = await readyOtherWays()
        return await signInWithApplication({ signal: methodController.signal, why: methodOf(stepUp, method)?.why, password })
      }
      const attempted = (await post(`/${stepUp.id}/attempts`, { method, response })) as StepUp
      if (attempted.status !== 'done') throw new StileError('attempt_failed')
      finish(attempted.issued)
    } catch (cause) {
      if (!isCurrent(stepUp)) return
      await handle(toStileError(cause, 'internal'), method === 'totp' ? response : undefined)
      failureHandler?.explain(cause, { response, start: method && methodOf(stepUp, method)?.start })
    }
  }

  /**
   * Shows a failure, begins again or ends, by its code.
   *
   * @param typed  the code that was typed: another step-up takes it, too
   */
  const handle = async (error: StileError, typed?: unknown): Promise<void> => {
    try {
      const { createFailureHandler } = await loadFailureHandler()
      failureHandler ??= createFailureHandler({ ...options, start, want: (next) => (wanted = next) })
    } catch {
      return showUnloaded()
    }
    await failureHandler.handle(error, typed)
  }

  return { start: () => start(), choose: (method) => begin(method), submit, stop }
}

import type { IssuedToken, LoginGap, Method, StepUpMethod } from '@stile/protocol'
import { StileError, toStileError } from '../base.ts'
import type { FlowState } from '../stile.ts'
import { signInTooOld } from './failure-handler.ts'
import { openLoginWindow } from './login-window.ts'
import { isAtLoginProvider, methodOf, type OpenStepUp } from './methods.ts'
import type { StepUpRunnerOptions } from './step-up-runner.ts'

/** What a step-up does besides what a first prompt asks for: signing in again, codes by mail, and methods that the service starts on demand. */
export type OtherWays = Readonly<{
  /**
   * Begins with a sign-in or a code by mail.
   *
   * @throws StileError if it cannot be begun, or was in vain
   */
  begin: (asked: AskedWay) => Promise<void>
  /** Starts a method at the service, again if it was started before, and gives its `start`. */
  startMethod: (method: Method) => Promise<unknown>
  /** Whether the service is asked at the moment to start it. */
  isStarting: (stepUp: OpenStepUp, method: Method) => boolean
  /**
   * Has the application sign the subject in again, then asks the service again.
   *
   * @throws StileError `relogin_failed`
   */
  signInWithApplication: (asked: ApplicationSignIn) => Promise<void>
  /** Waits for no sign-in at the login provider any longer. */
  stop: () => void
}>

/** A method that somebody begins with. */
export type AskedWay = Readonly<{
  state: Extract<FlowState, { stepUp: unknown }>
  method: Method
  /** Nobody chose it: a window may open only while the click that began the step-up counts, and the page is not left. */
  unasked: boolean
  /** Aborted when the subject turns to another method. */
  signal: AbortSignal
}>

type ApplicationSignIn = Readonly<{ signal: AbortSignal; why: LoginGap | undefined; password?: string | undefined }>
type ProviderSignIn = Omit<AskedWay, 'unasked'> & Readonly<{ popup: Window | null }>

/** What the other ways of a step-up need of its runner. */
export type OtherWaysOptions = Pick<StepUpRunnerOptions, 'audience' | 'request' | 'relogin' | 'now' | 'state'> &
  Readonly<{
    /** The feature that the service is asked for at the moment. */
    wanted: () => string
    /** The methods whose `start` was answered: each counts once. */
    answered: Set<Method>
    /** Asks the service for a step-up again. */
    start: () => Promise<void>
    finish: (issued: IssuedToken) => void
    handle: (error: StileError) => void
  }>

/** Creates the other ways of one step-up. They are loaded while the service is asked. */
export function createOtherWays(options: OtherWaysOptions): OtherWays {
  const { audience, request, relogin, now, wanted, answered, start, finish, handle } = options
  const { get, set } = options.state
  /** Aborted when a sign-in at the login provider is waited for no longer. It counts even after turning to another method. */
  let signInController = new AbortController()
  /** What the service is asked to start at the moment, by path. */
  const starting = new Map<string, Promise<OpenStepUp>>()
  /** Whether the application has signed the subject in again: if that was not enough, doing so again is not either. */
  let hasSignedIn = false

  const stop = () => signInController.abort()
  const startOf = (offered: StepUpMethod | undefined) => (offered && !answered.has(offered.method) ? offered.start : undefined)
  const prove = ({ state, method }: Pick<AskedWay, 'state' | 'method'>) => set({ ...state, status: 'proving', method, error: undefined })

  const startMethod = async (method: Method): Promise<unknown> => {
    const before = get()
    if (!('stepUp' in before)) return undefined
    const path = pathOf(before.stepUp, method)
    // to another method and back: what is asked for already is waited for
    const asked = starting.get(path) ?? (request('POST', path, {}) as Promise<OpenStepUp>).finally(() => starting.delete(path))
    starting.set(path, asked)
    const stepUp = await asked
    answered.delete(method)
    const after = get()
    // what was started of other methods still counts
    if ('stepUp' in after && after.stepUp.id === stepUp.id) {
      const methods = stepUp.methods.map((each) => ({ ...methodOf(after.stepUp, each.method), ...each }))
      set({ ...after, stepUp: { ...stepUp, methods } })
    }
    return methodOf(stepUp, method)?.start
  }

  const signInWithApplication = async ({ signal, why, password }: ApplicationSignIn): Promise<void> => {
    const isSignedIn = await relogin?.(why, password)
    // whoever shows the step-up asks for the password
    if (isSignedIn === undefined) return
    if (!isSignedIn) throw new StileError('relogin_failed')
    hasSignedIn = true
    if (!signal.aborted) await start()
  }

  const signInWithProvider = async ({ popup, state: { stepUp }, method, signal }: ProviderSignIn): Promise<void> => {
    stop()
    signInController = new AbortController()
    const { signIn } = await import('../relogin/sign-in.ts')
    await signIn({
      popup,
      stepUp,
      start: async () => {
        const page = startOf(methodOf(stepUp, method)) ?? (await startMethod(method))
        answered.add(method)
        return page
      },
      ask: async () => (await request('POST', '/v1/tokens', { feature: wanted(), audience })) as IssuedToken,
      onProven: finish,
      onFailure: (error) => {
        if (!signal.aborted && get().status === 'proving') handle(error)
      },
      now,
      methodSignal: signal,
      stepUpSignal: signInController.signal,
    })
  }

  return {
    begin: async (asked) => {
      const { state, method, unasked, signal } = asked
      const offered = methodOf(state.stepUp, method)
      if (method === 'email-otp') {
        prove(asked)
        if (!startOf(offered) || method === state.method) await startMethod(method)
        return
      }
      if (!isAtLoginProvider(offered)) {
        if (unasked && hasSignedIn) throw signInTooOld()
        prove(asked)
        return signInWithApplication({ signal, why: offered?.why })
      }
      // before anything is awaited: browsers open a window only right after a click
      const popup = openLoginWindow({ unasked })
      if (unasked && !popup) return
      prove(asked)
      try {
        await signInWithProvider({ ...asked, popup })
      } catch (error) {
        popup?.close()
        throw toStileError(error, 'relogin_failed')
      }
    },
    startMethod,
    isStarting: (stepUp, method) => starting.has(pathOf(stepUp, method)),
    signInWithApplication,
    stop,
  }
}

function pathOf({ id }: OpenStepUp, method: Method): string {
  return `/v1/step-ups/${id}/methods/${method}`
}

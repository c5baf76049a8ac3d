import type { AttemptFailure, IssuedToken, LoginGap, Method, Operation, Problem, State, StepUp } from '@stile/protocol'
import type { StileCode } from './error.ts'

/** What `createStile` reads of a policy's type: the names of its features. `typeof policy` of `definePolicy` fits. */
export type PolicyShape = Readonly<{ features: readonly string[] }>

/** The names of the features of a policy type. */
export type FeatureOf<P extends PolicyShape> = P['features'][number]

/** What a session token is asked for. */
export type SessionRequest = Readonly<{
  /** The device key of this browser: the RFC 7638 thumbprint of its public half. */
  jkt: string
  /** `start` first, `expired` when the service no longer takes the former, `relogin` after `options.relogin`, when `auth_time` must be newer. */
  why: 'start' | 'expired' | 'relogin'
}>

/** What the application's own sign-in is asked for. */
export type ReloginRequest = Readonly<{
  /** The device key that the password is given for. */
  jkt: string
  /** Why the sign-in of before does not count in this browser, if it is not too old but was given to another: for the text that asks. */
  why?: LoginGap | undefined
}>

/** A password that the dialog has asked for. */
export type PasswordRequest = ReloginRequest & Readonly<{ password: string }>

/** How the application has people sign in again: in a way of its own, or by checking the password that the dialog asks for. */
export type Relogin =
  | ((asked: ReloginRequest) => Promise<boolean>)
  | Readonly<{
      /** Checks the password of the user who is signed in, for this device key. Resolves with whether it is right; a rejection can be tried again. */
      password: (asked: PasswordRequest) => Promise<boolean>
    }>

/** How to reach the service, and what the application lends. */
export type StileOptions = Readonly<{
  /** The service's `publicUrl`, such as `https://stile.example.com` or `https://app.example.com/stile`. */
  service: string
  /**
   * Gives the session token (a JWT) of the user who is signed in, if it can for the device key `jkt` (`cnf.jkt`): a login belongs to the key
   * that it was given to. Rejecting when the service does not take the former means that nobody is signed in. A token of another user or
   * session drops all that is known of the former.
   */
  session: (asked: SessionRequest) => Promise<string>
  /** The origins of each API audience. Credentials go to these and to no other. The first is the default. */
  audiences: Readonly<Record<string, readonly string[]>>
  /**
   * Signs people in again: `{ password }` checks the password that the dialog asks for, a function asks in the application's own way. Without
   * it the method `relogin` is offered only if the service has a login provider to ask.
   */
  relogin?: Relogin
  /** Default: the global `fetch`. */
  fetch?: typeof globalThis.fetch
  /** This browser's clock, in seconds since the epoch. Default: `Date.now() / 1000`. */
  now?: () => number
}>

/** What is known of the subject: a stable snapshot, a new object only when something changed. */
export type ClientState<F extends string = string> =
  | Readonly<{ status: 'loading' }>
  | Readonly<{
      status: 'ready'
      state: State<F>
      /** The service cannot be reached: this is what it said last. */
      stale: boolean
    }>
  /** After `session_ended` the step-up `stile:session` has the subject sign in again, if they can here, and reads the state. */
  | Readonly<{
      status: 'error'
      code: StileCode
      /** The service's own answer, if there was one. Its `detail` is for developers. */
      problem: Problem | undefined
      /** Whether it passes by itself: the service is asked again. */
      passing: boolean
      retry: () => void
    }>

/** Why the last answer did not count, while the step-up goes on. */
export type FlowError = Readonly<{
  code: StileCode
  failure?: AttemptFailure | undefined
  attemptsLeft?: number | undefined
  /** When it makes sense to try again, in milliseconds since the epoch by this browser's clock. */
  retryAt?: number | undefined
}>

/** Where a step-up stands. */
export type FlowState =
  /** The service is being asked. With `error` it could not be reached: `retry` asks again. */
  | Readonly<{ status: 'starting'; error?: FlowError | undefined }>
  | Readonly<{
      /**
       * `choosing`: nothing is going on, `choose` a method. `proving`: the subject's turn: the browser shows its passkey
       * prompt, the login provider its window, or `submit` the code; without a `start` of the method, the service is still asked for it.
       * `verifying`: the service checks the answer.
       */
      status: 'choosing' | 'proving' | 'verifying'
      /** As the service answered last, with the `start` of every method that was started. */
      stepUp: Extract<StepUp, { status: 'open' }>
      /** The methods that this browser can offer, best first. */
      methods: readonly Method[]
      method?: Method | undefined
      error?: FlowError | undefined
    }>
  /**
   * Nothing that the subject has enrolled can prove this. Whoever shows the step-up has them enrol one of `problem.next.methods`, then calls
   * `retry`, or else `cancel`. A headless step-up, and one that nobody shows, fails instead.
   */
  | Readonly<{ status: 'enrolling'; problem: Problem }>
  | Readonly<{ status: 'done'; issued: IssuedToken }>
  | Readonly<{ status: 'cancelled' }>
  | Readonly<{ status: 'failed'; code: StileCode; problem: Problem | undefined }>

/** One step-up in the page, from the click to the token. */
export type Flow = Readonly<{
  feature: string
  operation: Operation | undefined
  /** What people read as the thing that is asked for. */
  label: string | undefined
  get: () => FlowState
  subscribe: (listener: () => void) => () => void
  /**
   * Starts a method; a ceremony that is under way is ended first. `email-otp` chosen again sends another code. Call it on a click:
   * `relogin` opens a window at the login provider, and goes there with this page if the browser opens none. Never rejects.
   */
  choose: (method: Method) => Promise<void>
  /**
   * Sends the answer of the chosen method: `{ code }` for `totp` and `email-otp`, `{ password }` for `relogin` if the client `asksPassword`. Never
   * rejects: see `get().error`.
   */
  submit: (response: unknown) => Promise<void>
  /** Asks the service again, such as after `starting` with an error or once something is enrolled. Never rejects. */
  retry: () => Promise<void>
  cancel: () => void
  /** Resolves when the token is stored and the state says what was proven. Rejects with `StepUpCancelled` or `StepUpFailed`. */
  done: Promise<IssuedToken>
}>

/** How a step-up is asked for. */
export type StepUpOptions = Readonly<{
  /** The parameters that the proof is bound to. Such a step-up is never shared. */
  operation?: Operation | undefined
  /** Default: the first of `options.audiences`. */
  audience?: string
  /** What people read as the thing that is asked for. Default: the mounted dialog's name of the feature. */
  label?: string
  /** Keeps the mounted prompt closed: the caller shows the flow itself. Default: `false`. */
  headless?: boolean
  /** Aborting it cancels the step-up, unless another caller has joined it: then `done` rejects for this one alone. */
  signal?: AbortSignal
}>

/**
 * Shows a step-up. It begins at once, and so may the browser's passkey prompt: if what is asked for takes a moment to be shown, call `waitUntil`
 * with a promise that resolves when it is. If that rejects, or the handler throws, the step-up fails with `internal`.
 */
export type StepUpHandler = (flow: Flow, waitUntil: (shown: Promise<unknown>) => void) => void

/** Loads what a method is shown with. */
export type PrepareMethod = (method: Method) => void

/** `fetch`'s own init and when a prompt may open. */
export type StileRequestInit = RequestInit & {
  /** Default: only while the page has a user activation. `never` rejects with `StepUpRequired`. */
  prompt?: 'always' | 'never'
}

/** The SDK. Create one per page and share it. */
export type Stile<F extends string = string> = Readonly<{
  get: () => ClientState<F>
  /** Calls back after every change. The first subscriber loads the state and opens the stream. */
  subscribe: (listener: () => void) => () => void
  /** Starts a step-up; call it on a click. One that asks for the same is joined. */
  stepUp(feature: F | 'stile:authenticators' | 'stile:recovery' | 'stile:session', options?: StepUpOptions): Flow
  /** `fetch` that carries the token to the audiences' origins, answers their challenges and repeats the request. */
  fetch: (input: RequestInfo | URL, init?: StileRequestInit) => Promise<Response>
  /** A token for what is proven already; never prompts. */
  token: (audience?: string) => Promise<IssuedToken>
  /**
   * One JSON call to the service, such as `request('GET', '/v1/authenticators')`. Throws `StileError`, and a TypeError if `path` does
   * not start with `/`.
   */
  request: (method: string, path: string, body?: unknown) => Promise<unknown>
  /**
   * Has the application sign the user in again, then takes a session token with the newer `auth_time`. Resolves with whether that happened;
   * with `undefined` if the application lends no `relogin`, or one that checks a password and none is given. Rejects if the password could not
   * be checked.
   */
  relogin: (why?: LoginGap, password?: string) => Promise<boolean | undefined>
  /** Whether the application checks a password that whoever shows a step-up asks for: the method `relogin` without a `hint` takes `{ password }`. */
  asksPassword: boolean
  /**
   * Registers who shows step-ups. The last one registered is asked.
   *
   * `prepareMethod` is called with each method that a step-up of the state would begin with, so that what shows it can be loaded before the click.
   */
  onStepUp: (handler: StepUpHandler, prepareMethod?: PrepareMethod) => () => void
  /** Reads the state again. Never rejects. */
  refresh: () => Promise<void>
  /**
   * Ends the session at the service, on every device. The application signs its own session out. Rejects if the service did not hear
   * of it; here nothing of the user is left even then.
   */
  logout: () => Promise<void>
  /** Ends streams, timers and prompts, and forgets the user's tokens. */
  close: () => void
}>

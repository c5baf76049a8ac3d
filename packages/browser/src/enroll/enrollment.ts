import type { Authenticator, Problem, Registration } from '@stile/protocol'
import { observable, type StileCode, toStileError } from '../base.ts'
import { failureKind, flowError } from '../failure.ts'
import type { FlowError } from '../stile.ts'
import { type EnrollmentClient, forgetTicket, gated } from './gated.ts'

/** The methods that can be enrolled. */
export type EnrollableMethod = 'passkey' | 'security-key' | 'totp'

/** Where an enrolment stands. */
export type EnrollmentState =
  | Readonly<{ status: 'idle' }>
  /** The service is being asked; the subject may have to sign in again or step up first. If there is an `error`, `start` tries again. */
  | Readonly<{ status: 'starting'; method: EnrollableMethod; error?: FlowError | undefined }>
  | Readonly<{
      /** `proving`: the browser shows its passkey prompt, or the subject scans and types the code. `verifying`: it is checked. */
      status: 'proving' | 'verifying'
      method: EnrollableMethod
      registration: Registration
      /** The `otpauth:` URI as an SVG image, drawn in this browser; `totp` only. */
      qr?: string | undefined
      error?: FlowError | undefined
    }>
  /** If a security key counts for less than a hardware key, its `attestation` says why. */
  | Readonly<{ status: 'done'; authenticator: Authenticator }>
  | Readonly<{ status: 'cancelled' }>
  | Readonly<{ status: 'failed'; code: StileCode; problem: Problem | undefined }>

/** Adds, renames and removes authenticators, and tells browsers with the Signal API which passkeys are known. */
export type Enrollment = Readonly<{
  get: () => EnrollmentState
  subscribe: (listener: () => void) => () => void
  /** Starts enrolling; call it on a click. Never rejects. */
  start: (method: EnrollableMethod) => Promise<void>
  /** Sends the answer, `{ code }` for `totp`. The answer of a passkey is sent without it. Never rejects. */
  submit: (response: unknown, name?: string) => Promise<void>
  cancel: () => void
  list: () => Promise<readonly Authenticator[]>
  /** Gated like adding: signs in again or steps up if the service asks for it. Throws `StileError`. */
  rename: (id: string, name: string) => Promise<Authenticator>
  /** Gated like adding. Throws `StileError`. */
  remove: (id: string) => Promise<void>
}>

const PATH = '/v1/authenticators'
const REGISTRATIONS = `${PATH}/registrations`

/** After these the same secret stays, and another code can be typed. */
const RETYPEABLE: ReadonlySet<StileCode> = new Set(['attempt_failed', 'service_unavailable'])

const ENDED: ReadonlySet<EnrollmentState['status']> = new Set(['done', 'failed', 'cancelled'])

/** Whether the subject can start again after this code, because it passes or because another answer may do. */
function canStartAgain(code: StileCode): boolean {
  const kind = failureKind(code)
  return kind === 'passing' || kind === 'retry' || code === 'registration_expired'
}

/**
 * Creates an enrolment over a client.
 *
 * @param now  this browser's clock, in seconds since the epoch
 */
export function createEnrollment(stile: EnrollmentClient, now: () => number = () => Date.now() / 1000): Enrollment {
  const { get, set, subscribe } = observable<EnrollmentState>({ status: 'idle' })
  /** Aborted by the next `start` or `cancel`: whatever was begun before no longer counts. */
  let turn = new AbortController()

  const fail = (cause: unknown, { method, signal }: Readonly<{ method: EnrollableMethod; signal: AbortSignal }>) => {
    if (signal.aborted) return
    const known = toStileError(cause, 'internal')
    const { code, problem } = known
    const error = flowError(known, now())
    const state = get()
    if (code === 'step_up_cancelled') set({ status: 'cancelled' })
    else if (state.status === 'verifying' && method === 'totp' && RETYPEABLE.has(code)) set({ ...state, status: 'proving', error })
    else if (canStartAgain(code)) set({ status: 'starting', method, error })
    else set({ status: 'failed', code, problem })
  }

  const createPasskey = async (options: unknown, signal: AbortSignal) => {
    const { register } = await import('../passkey/ceremonies.ts')
    const answer = await register(options, signal)
    if (!signal.aborted) await submit(answer)
  }
  const showQrCode = async (uri: string, signal: AbortSignal) => {
    // without the QR code the secret can still be typed
    const qr = await import('./qr.ts').then(({ qrImage }) => qrImage(uri)).catch(() => undefined)
    const state = get()
    if (!signal.aborted && 'registration' in state) set({ ...state, qr })
  }

  const start = async (method: EnrollableMethod) => {
    turn.abort()
    turn = new AbortController()
    const { signal } = turn
    set({ status: 'starting', method })
    try {
      // loaded while the service is asked; a file that cannot be loaded is reported when it is needed
      if (method !== 'totp') import('../passkey/ceremonies.ts').catch(() => {})
      const registration = await gated(stile, () => stile.request('POST', REGISTRATIONS, { method }) as Promise<Registration>, { signal })
      if (signal.aborted) return
      set({ status: 'proving', method, registration })
      if (registration.method === 'totp') await showQrCode(registration.start.uri, signal)
      else await createPasskey(registration.start, signal)
    } catch (error) {
      fail(error, { method, signal })
    }
  }

  const submit = async (response: unknown, name?: string) => {
    const state = get()
    if (state.status !== 'proving') return
    const { signal } = turn
    const { method, registration } = state
    set({ ...state, status: 'verifying', error: undefined })
    try {
      const path = `${REGISTRATIONS}/${encodeURIComponent(registration.id)}`
      const authenticator = (await stile.request('POST', path, { response, name })) as Authenticator
      forgetTicket()
      tellBrowser()
      await stile.refresh()
      if (!signal.aborted) set({ status: 'done', authenticator })
    } catch (error) {
      fail(error, { method, signal })
    }
  }

  /** Tells the browser which passkeys are known now. It only keeps the browser's list tidy, so that a failure is ignored. */
  const tellBrowser = (listed?: unknown) => {
    import('../passkey/signal.ts').then(
      ({ signalAccepted }) => signalAccepted(stile.request, listed),
      () => {},
    )
  }
  const pathOf = (id: string) => `${PATH}/${encodeURIComponent(id)}`
  return {
    get,
    subscribe,
    start,
    submit,
    cancel: () => {
      turn.abort()
      if (!ENDED.has(get().status)) set({ status: 'cancelled' })
    },
    list: async () => {
      const listed = (await stile.request('GET', PATH)) as { authenticators: readonly Authenticator[] }
      tellBrowser(listed)
      return listed.authenticators
    },
    rename: async (id, name) => {
      const renamed = (await gated(stile, () => stile.request('PATCH', pathOf(id), { name }))) as Authenticator
      await stile.refresh()
      return renamed
    },
    remove: async (id) => {
      await gated(stile, () => stile.request('DELETE', pathOf(id)))
      tellBrowser()
      await stile.refresh()
    },
  }
}

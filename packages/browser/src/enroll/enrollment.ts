import type { Authenticator, Problem, Registration } from '@stile/protocol'
import { flowError, isPassing, type StileCode, StileError } from '../error.ts'
import { observable } from '../lib/observable.ts'
import { signalAccepted } from '../passkey/signal.ts'
import type { FlowError } from '../stile.ts'
import { type EnrollmentClient, gated } from './gated.ts'

/** The methods that can be enrolled. */
export type EnrollableMethod = 'passkey' | 'security-key' | 'totp'

/** Where an enrolment stands. */
export type EnrollmentState =
  | Readonly<{ status: 'idle' }>
  /** The service is asked; the subject may have to sign in again or step up first. With `error`, `start` tries again. */
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
  /** The `attestation` of a security key says why it counts for less, where it does. */
  | Readonly<{ status: 'done'; authenticator: Authenticator }>
  | Readonly<{ status: 'cancelled' }>
  | Readonly<{ status: 'failed'; code: StileCode; problem: Problem | undefined }>

/** Adds, names and removes authenticators, and tells the browser which passkeys are known, where it can be told (Signal API). */
export type Enrollment = Readonly<{
  get: () => EnrollmentState
  subscribe: (listener: () => void) => () => void
  /** Starts enrolling; call it on a click. Never rejects. */
  start: (method: EnrollableMethod) => Promise<void>
  /** Sends the answer: `{ code }` for `totp`; a passkey's is sent by itself. Never rejects. */
  submit: (response: unknown, name?: string) => Promise<void>
  cancel: () => void
  list: () => Promise<readonly Authenticator[]>
  /** Gated like adding: signs in again or steps up where the service asks. Throws `StileError`. */
  rename: (id: string, name: string) => Promise<Authenticator>
  /** Gated like adding. Throws `StileError`. */
  remove: (id: string) => Promise<void>
}>

/** Dark squares on white, in dark mode too: scanners need it. */
function qrSvg(path: string, size: number): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${path}"/></svg>`
}

const PATH = '/v1/authenticators'
const REGISTRATIONS = `${PATH}/registrations`

/**
 * Creates an enrolment over a client.
 *
 * @param now  this browser's clock, in seconds since the epoch
 */
export function createEnrollment(stile: EnrollmentClient, now: () => number = () => Date.now() / 1000): Enrollment {
  const { get, set, subscribe } = observable<EnrollmentState>({ status: 'idle' })
  /** What was begun before the last `start` or `cancel` no longer counts. */
  let turn = new AbortController()

  const trouble = (error: unknown, method: EnrollableMethod, signal: AbortSignal) => {
    if (signal.aborted) return
    const known = error instanceof StileError ? error : new StileError('internal', undefined, error)
    const { code, problem } = known
    const state = get()
    const shown = flowError(known, now())
    const again = isPassing(code) || code === 'relogin_failed' || code === 'registration_expired' || code.startsWith('passkey_')
    if (code === 'step_up_cancelled') set({ status: 'cancelled' })
    else if (state.status === 'verifying' && method === 'totp' && (code === 'attempt_failed' || code === 'service_unavailable')) {
      set({ ...state, status: 'proving', error: shown })
    } else if (again || code === 'attempt_failed') set({ status: 'starting', method, error: shown })
    else set({ status: 'failed', code, problem })
  }

  const start = async (method: EnrollableMethod) => {
    turn.abort()
    turn = new AbortController()
    const { signal } = turn
    set({ status: 'starting', method })
    try {
      const loading = method === 'totp' ? undefined : import('../passkey/register.ts')
      // a chunk that cannot be loaded is reported where it is awaited
      loading?.catch(() => {})
      const registration = await gated(stile, () => stile.request('POST', REGISTRATIONS, { method }) as Promise<Registration>)
      if (signal.aborted) return
      set({ status: 'proving', method, registration })
      if (registration.method !== 'totp') {
        const answer = await (await (loading ?? import('../passkey/register.ts'))).register(registration.start, signal)
        if (!signal.aborted) await submit(answer)
      } else {
        // the secret can be typed where the picture cannot be loaded
        const qr = await import('./qr.ts').then(({ qrPath }) => qrSvg(...qrPath(registration.start.uri))).catch(() => undefined)
        const state = get()
        if (!signal.aborted && 'registration' in state) set({ ...state, qr })
      }
    } catch (error) {
      trouble(error, method, signal)
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
      signalAccepted(stile.request)
      await stile.refresh()
      if (!signal.aborted) set({ status: 'done', authenticator })
    } catch (error) {
      trouble(error, method, signal)
    }
  }

  const at = (id: string) => `${PATH}/${encodeURIComponent(id)}`
  return {
    get,
    subscribe,
    start,
    submit,
    cancel: () => {
      turn.abort()
      if (!['done', 'failed', 'cancelled'].includes(get().status)) set({ status: 'cancelled' })
    },
    list: async () => {
      const listed = (await stile.request('GET', PATH)) as { authenticators: readonly Authenticator[] }
      signalAccepted(stile.request, listed)
      return listed.authenticators
    },
    rename: async (id, name) => {
      const renamed = (await gated(stile, () => stile.request('PATCH', at(id), { name }))) as Authenticator
      await stile.refresh()
      return renamed
    },
    remove: async (id) => {
      await gated(stile, () => stile.request('DELETE', at(id)))
      signalAccepted(stile.request)
      await stile.refresh()
    },
  }
}

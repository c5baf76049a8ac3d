import type { Authenticator, Problem, Registration } from '@stile/protocol'
import type { StileCode } from '../error.ts'
import type { FlowError, Stile } from '../stile.ts'

/** The methods that can be enrolled. */
export type EnrollableMethod = 'passkey' | 'totp'

/** Where an enrolment stands. */
export type EnrollmentState =
  | Readonly<{ status: 'idle' }>
  /** The service is asked; the subject may have to sign in again or step up first. With `error`, `start` tries again. */
  | Readonly<{ status: 'starting'; method: EnrollableMethod; error?: FlowError }>
  | Readonly<{
      /** `proving`: the browser shows its passkey prompt, or the subject scans and types the code. `verifying`: it is checked. */
      status: 'proving' | 'verifying'
      method: EnrollableMethod
      registration: Registration
      /** The `otpauth:` URI as an SVG image, drawn in this browser; `totp` only. */
      qr?: string
      error?: FlowError
    }>
  | Readonly<{ status: 'done'; authenticator: Authenticator }>
  | Readonly<{ status: 'cancelled' }>
  | Readonly<{ status: 'failed'; code: StileCode; problem?: Problem }>

/** Adds, names and removes authenticators. */
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

/** Creates an enrolment over a client. */
export declare function createEnrollment(stile: Stile): Enrollment

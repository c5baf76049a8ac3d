import type { Method } from './method.ts'
import type { Operation } from './operation.ts'
import type { Requirement } from './requirement.ts'
import type { IssuedToken } from './state.ts'

/** One way to meet a step-up. `start` is there once the method has been started: WebAuthn options for a passkey. */
export type StepUpMethod = Readonly<{ method: Method; hint?: string; start?: unknown }>

/** One transaction in which a subject meets one requirement; single use, minutes long. */
export type StepUp = Readonly<{
  id: string
  feature: string
  requirement: Requirement
  operation?: Operation
  /** Seconds since the epoch. */
  expiresAt: number
}> &
  (
    | Readonly<{
        status: 'open'
        /** Every method that can meet the requirement, best first; the best is already started. */
        methods: readonly StepUpMethod[]
        /** Wrong answers left for the methods that can be guessed. */
        attemptsLeft: number
      }>
    | Readonly<{ status: 'done'; issued: IssuedToken }>
  )

/** An enrolment that has been started: what the browser needs to make the authenticator. */
export type Registration = Readonly<{ id: string; expiresAt: number }> &
  (
    | Readonly<{ method: 'passkey'; start: unknown /* PublicKeyCredentialCreationOptionsJSON */ }>
    | Readonly<{ method: 'totp'; start: Readonly<{ secret: string /* base32 */; uri: string /* otpauth: */ }> }>
  )

/** The reserved feature that guards adding and removing authenticators. No policy may define a name that starts with `stile:`. */
export const AUTHENTICATORS_FEATURE = 'stile:authenticators'

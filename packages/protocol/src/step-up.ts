import type { Method } from './method.ts'
import type { Operation } from './operation.ts'
import type { Requirement } from './requirement.ts'
import type { IssuedToken } from './state.ts'

/** What `start` is for `email-otp`: a code is on its way. */
export type EmailCodeStart = Readonly<{
  /** The address, all but its first letter and its domain hidden. */
  sentTo: string
  /** When another code can be asked for; asking never gives back guesses. Seconds since the epoch. */
  resendAt: number
  /** Seconds since the epoch. */
  expiresAt: number
}>

/** What `start` is for `relogin` if the login provider is asked: the page to open, in a popup or instead of this one. */
export type ReloginStart = Readonly<{ url: string }>

/**
 * Why no login counts for a device key. `login_elsewhere`: none was given to this key, as after the browser's storage was cleared.
 * `key_not_stored`: the browser cannot store its key, so that no login can belong to it for longer than the page lives.
 */
export type LoginGap = 'login_elsewhere' | 'key_not_stored'

/**
 * One way to meet a step-up. `start` is there once the method has been started: WebAuthn options (`PublicKeyCredentialRequestOptionsJSON`)
 * for `passkey` and `security-key`, {@link EmailCodeStart} for `email-otp`, {@link ReloginStart} for `relogin`. The `hint` of an
 * authenticator is its name, that of `relogin` the host of the login provider; a `relogin` without one is the application's own. `why` is
 * there on `relogin` alone.
 */
export type StepUpMethod = Readonly<{ method: Method; hint?: string; why?: LoginGap; start?: unknown }>

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
        /** Every method that can meet the requirement, best first; the best is already started, unless starting it sends something. */
        methods: readonly StepUpMethod[]
        /** Wrong answers left for the methods that can be guessed. */
        attemptsLeft: number
      }>
    | Readonly<{ status: 'done'; issued: IssuedToken }>
  )

/** An enrolment that has been started: what the browser needs to make the authenticator. `expiresAt` is in seconds since the epoch. */
export type Registration = Readonly<{ id: string; expiresAt: number }> &
  (
    | Readonly<{ method: 'passkey' | 'security-key'; start: unknown /* PublicKeyCredentialCreationOptionsJSON */ }>
    | Readonly<{ method: 'totp'; start: Readonly<{ secret: string /* base32 */; uri: string /* otpauth: */ }> }>
  )

/** The reserved feature that guards recovery: a sign-in of the last five minutes. */
export const RECOVERY_FEATURE = 'stile:recovery'

/**
 * The reserved feature of a session that has ended: the one step-up that is answered then, if the problem `session_ended` names `relogin` in
 * `next.methods`. Signing in again at the login provider begins the session again for the device key that asked, and for no other.
 */
export const SESSION_FEATURE = 'stile:session'

/** The reserved feature that guards adding and removing authenticators. No policy may define a name that starts with `stile:`. */
export const AUTHENTICATORS_FEATURE = 'stile:authenticators'

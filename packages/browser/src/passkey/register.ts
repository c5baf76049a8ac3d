import { ceremony } from './ceremony.ts'
import { startRegistration, WebAuthnAbortService } from './registration.ts'

/** Has the browser make a passkey. Loaded when enrolment starts. Gives its answer, or a code `passkey_*`. */
export function register(start: unknown, signal: AbortSignal): Promise<unknown> {
  return ceremony(start, startRegistration, () => WebAuthnAbortService.cancelCeremony(), signal)
}

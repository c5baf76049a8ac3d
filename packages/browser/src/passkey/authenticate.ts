import { startAuthentication, WebAuthnAbortService } from './authentication.ts'
import { ceremony } from './ceremony.ts'

/** Has the subject use a passkey. Loaded when a prompt opens. Gives its answer, or a code `passkey_*`. */
export function authenticate(start: unknown, signal: AbortSignal): Promise<unknown> {
  return ceremony(start, startAuthentication, () => WebAuthnAbortService.cancelCeremony(), signal)
}

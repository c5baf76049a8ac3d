import type { StepUp } from '@stile/protocol'
import { startAuthentication, WebAuthnAbortService } from './authentication.ts'
import { ceremony } from './ceremony.ts'

/**
 * Has the subject use a passkey. Loaded when a prompt opens.
 *
 * @param used  whether the challenge of the step-up was sent already, so that a new one is needed
 * @returns the answer for the service, or a code `passkey_*`
 */
export async function authenticate(
  stepUp: StepUp,
  used: boolean,
  post: (path: string, body: unknown) => Promise<StepUp>,
  signal: AbortSignal,
): Promise<unknown> {
  const challengeOf = (of: StepUp) => 'methods' in of && of.methods.find(({ method }) => method === 'passkey')?.start
  const challenge = (!used && challengeOf(stepUp)) || challengeOf(await post(`/${stepUp.id}/methods/passkey`, {}))
  return signal.aborted || ceremony(challenge, startAuthentication, () => WebAuthnAbortService.cancelCeremony(), signal)
}

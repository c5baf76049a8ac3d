import type { StepUp } from '@stile/protocol'
import { ceremony } from './ceremony.ts'
import { base64url, bytes, credentialJson, credentials } from './encoding.ts'

/**
 * Has the subject use a passkey. Loaded when a prompt opens.
 *
 * @param used  whether the challenge of the step-up was sent already, so that a new one is needed
 * @returns the answer for the service (`AuthenticationResponseJSON`), or a code `passkey_*`
 */
export async function authenticate(
  stepUp: StepUp,
  used: boolean,
  post: (path: string, body: unknown) => Promise<StepUp>,
  signal: AbortSignal,
): Promise<unknown> {
  const startOf = (of: StepUp) => 'methods' in of && of.methods.find(({ method }) => method === 'passkey')?.start
  const start = (!used && startOf(stepUp)) || startOf(await post(`/${stepUp.id}/methods/passkey`, {}))
  return signal.aborted || ceremony(start, (prompt) => assertion(start as PublicKeyCredentialRequestOptionsJSON, prompt), signal)
}

/** Asks the browser for an assertion (WebAuthn §5.1.4). */
async function assertion(options: PublicKeyCredentialRequestOptionsJSON, signal: AbortSignal): Promise<object> {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: credentials(options.allowCredentials),
  } as unknown as PublicKeyCredentialRequestOptions
  const used = (await navigator.credentials.get({ publicKey, signal })) as PublicKeyCredential
  const { clientDataJSON, authenticatorData, signature, userHandle } = used.response as AuthenticatorAssertionResponse
  return credentialJson(used, {
    clientDataJSON: base64url(clientDataJSON),
    authenticatorData: base64url(authenticatorData),
    signature: base64url(signature),
    ...(userHandle && { userHandle: base64url(userHandle) }),
  })
}

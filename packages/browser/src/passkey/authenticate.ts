import { ceremony } from './ceremony.ts'
import { base64url, bytes, credentialJson, credentials } from './encoding.ts'

/**
 * Has the subject use a passkey or a security key. Loaded when a prompt opens.
 *
 * @param start  the options of the service (`PublicKeyCredentialRequestOptionsJSON`)
 * @param patienceMs  how long a prompt that never answers is waited for at most
 * @returns the answer for the service (`AuthenticationResponseJSON`), or a code `passkey_*`
 */
export function authenticate(start: unknown, signal: AbortSignal, patienceMs: number): Promise<unknown> {
  return ceremony(start, (prompt) => assertion(start as PublicKeyCredentialRequestOptionsJSON, prompt), signal, patienceMs)
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

import { ceremony } from './ceremony.ts'
import { base64url, bytes, credentialJson, credentials } from './encoding.ts'

/**
 * Has the browser make a passkey (WebAuthn §5.1.3). Loaded when enrolment starts.
 *
 * @param start  the options of the service (`PublicKeyCredentialCreationOptionsJSON`)
 * @returns the answer for the service (`RegistrationResponseJSON`), or a code `passkey_*`
 */
export function register(start: unknown, signal: AbortSignal): Promise<unknown> {
  return ceremony(start, (prompt) => creation(start as PublicKeyCredentialCreationOptionsJSON, prompt), signal)
}

async function creation(options: PublicKeyCredentialCreationOptionsJSON, signal: AbortSignal): Promise<object> {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: credentials(options.excludeCredentials),
  } as unknown as PublicKeyCredentialCreationOptions
  const made = (await navigator.credentials.create({ publicKey, signal })) as PublicKeyCredential
  const { clientDataJSON, attestationObject, getTransports } = made.response as AuthenticatorAttestationResponse
  return credentialJson(made, {
    clientDataJSON: base64url(clientDataJSON),
    attestationObject: base64url(attestationObject),
    // missing in older browsers
    transports: getTransports?.call(made.response) ?? [],
  })
}

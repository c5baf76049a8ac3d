import {
  base64URLStringToBuffer,
  bufferToBase64URLString,
  type PublicKeyCredentialCreationOptionsJSON,
  type RegistrationResponseJSON,
  WebAuthnAbortService,
} from '@simplewebauthn/browser'
import { runCeremony } from './ceremony.ts'

/**
 * Has the browser make a passkey or enrol a security key (WebAuthn §5.1.3). It is a file of its own, so that it is not loaded with
 * the first prompt.
 *
 * @param options  the options of the service (`PublicKeyCredentialCreationOptionsJSON`)
 * @param signal  the prompt goes away when it is aborted
 * @returns the answer for the service
 * @throws StileError `passkey_*`
 */
export function register(options: unknown, signal: AbortSignal): Promise<RegistrationResponseJSON> {
  return runCeremony({ options, signal, ask: () => create(options as PublicKeyCredentialCreationOptionsJSON) })
}

async function create(options: PublicKeyCredentialCreationOptionsJSON): Promise<RegistrationResponseJSON> {
  const publicKey = {
    ...options,
    challenge: base64URLStringToBuffer(options.challenge),
    user: { ...options.user, id: base64URLStringToBuffer(options.user.id) },
    excludeCredentials: options.excludeCredentials?.map((each) => ({ ...each, id: base64URLStringToBuffer(each.id) })),
  } as PublicKeyCredentialCreationOptions
  const made = await navigator.credentials.create({ publicKey, signal: WebAuthnAbortService.createNewAbortSignal() })
  if (!made) throw new Error('The browser made no credential.')
  const { id, rawId, response } = made as PublicKeyCredential
  const { attestationObject, clientDataJSON } = response as AuthenticatorAttestationResponse
  return {
    id,
    rawId: bufferToBase64URLString(rawId),
    response: {
      attestationObject: bufferToBase64URLString(attestationObject),
      clientDataJSON: bufferToBase64URLString(clientDataJSON),
      transports: transportsOf(response as AuthenticatorAttestationResponse),
    },
    type: 'public-key',
    // the service reads none, and password managers hand over credentials that cannot give any
    clientExtensionResults: {},
  }
}

/** How the authenticator is reached, if the browser or the password manager that made the credential tells it. */
function transportsOf(response: AuthenticatorAttestationResponse): string[] {
  try {
    return response.getTransports()
  } catch {
    return []
  }
}

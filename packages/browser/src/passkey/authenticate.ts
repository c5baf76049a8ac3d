import {
  type AuthenticationResponseJSON,
  base64URLStringToBuffer,
  bufferToBase64URLString,
  type PublicKeyCredentialRequestOptionsJSON,
  WebAuthnAbortService,
} from '@simplewebauthn/browser'
import { type CeremonyLimits, runCeremony } from './ceremony.ts'

/**
 * Has the subject use a passkey or a security key (WebAuthn §5.1.4). Like `register` it does not use the library's function for it, which
 * has ways and messages that are not needed here and would be loaded with the first prompt.
 *
 * @param options  the options of the service (`PublicKeyCredentialRequestOptionsJSON`)
 * @returns the answer for the service
 * @throws StileError `passkey_*`
 */
export function authenticate(options: unknown, limits: CeremonyLimits): Promise<AuthenticationResponseJSON> {
  return runCeremony({ ...limits, options, ask: () => get(options as PublicKeyCredentialRequestOptionsJSON) })
}

async function get(options: PublicKeyCredentialRequestOptionsJSON): Promise<AuthenticationResponseJSON> {
  const publicKey = {
    ...options,
    challenge: base64URLStringToBuffer(options.challenge),
    allowCredentials: options.allowCredentials?.map((each) => ({ ...each, id: base64URLStringToBuffer(each.id) })),
  } as PublicKeyCredentialRequestOptions
  const used = await navigator.credentials.get({ publicKey, signal: WebAuthnAbortService.createNewAbortSignal() })
  if (!used) throw new Error('The browser gave no credential.')
  const { id, rawId, response } = used as PublicKeyCredential
  const { authenticatorData, clientDataJSON, signature, userHandle } = response as AuthenticatorAssertionResponse
  return {
    id,
    rawId: bufferToBase64URLString(rawId),
    response: {
      authenticatorData: bufferToBase64URLString(authenticatorData),
      clientDataJSON: bufferToBase64URLString(clientDataJSON),
      signature: bufferToBase64URLString(signature),
      ...(userHandle && { userHandle: bufferToBase64URLString(userHandle) }),
    },
    type: 'public-key',
    // the service reads none, and password managers hand over credentials that cannot give any
    clientExtensionResults: {},
  }
}

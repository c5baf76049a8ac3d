import { ceremony } from './ceremony.ts'

/** The options of a registration as they travel (WebAuthn §5.1.8), as far as they hold bytes. */
type CreationOptions = PublicKeyCredentialCreationOptionsJSON

// its own, so that no chunk has to be shared with the SDK for two lines
const base64url = (buffer: ArrayBuffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
const bytes = (text: string) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))

/**
 * Has the browser make a passkey. Loaded when enrolment starts.
 *
 * Ours, not the library's: a bundler cannot take its two halves apart, so that every prompt would load the other half too.
 *
 * @returns the answer for the service (`RegistrationResponseJSON`), or a code `passkey_*`
 */
export function register(start: unknown, signal: AbortSignal): Promise<unknown> {
  if (!('PublicKeyCredential' in globalThis)) return Promise.resolve('passkey_unavailable')
  const prompt = new AbortController()
  const create = async () => {
    const options = start as CreationOptions
    const publicKey = {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: options.excludeCredentials?.map((each) => ({ ...each, id: bytes(each.id) })),
    } as unknown as PublicKeyCredentialCreationOptions
    const made = (await navigator.credentials.create({ publicKey, signal: prompt.signal })) as PublicKeyCredential
    const { clientDataJSON, attestationObject, getTransports } = made.response as AuthenticatorAttestationResponse
    return {
      id: made.id,
      rawId: base64url(made.rawId),
      type: made.type,
      authenticatorAttachment: made.authenticatorAttachment,
      clientExtensionResults: made.getClientExtensionResults(),
      response: {
        clientDataJSON: base64url(clientDataJSON),
        attestationObject: base64url(attestationObject),
        // missing in older browsers
        transports: getTransports?.call(made.response) ?? [],
      },
    }
  }
  return ceremony(start, create, () => prompt.abort(), signal)
}

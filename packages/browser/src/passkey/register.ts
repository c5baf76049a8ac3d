import { type RegistrationResponseJSON, startRegistration } from '@simplewebauthn/browser'
import { runCeremony } from './ceremony.ts'
import { mendCredential } from './mend-credential.ts'

type Options = Parameters<typeof startRegistration>[0]['optionsJSON']

/**
 * Has the browser make a passkey or enrol a security key (WebAuthn §5.1.3).
 *
 * @param options  the options of the service (`PublicKeyCredentialCreationOptionsJSON`)
 * @param signal  the prompt goes away when it is aborted
 * @returns the answer for the service
 * @throws StileError `passkey_*`
 */
export function register(options: unknown, signal: AbortSignal): Promise<RegistrationResponseJSON> {
  const start = () => startRegistration({ optionsJSON: options as Options })
  return runCeremony({ options, signal, ask: () => mendCredential('create', start) })
}

import { type AuthenticationResponseJSON, startAuthentication } from '@simplewebauthn/browser'
import { type CeremonyLimits, runCeremony } from './ceremony.ts'
import { mendCredential } from './mend-credential.ts'

type Options = Parameters<typeof startAuthentication>[0]['optionsJSON']

/**
 * Has the subject use a passkey or a security key (WebAuthn §5.1.4).
 *
 * @param options  the options of the service (`PublicKeyCredentialRequestOptionsJSON`)
 * @returns the answer for the service
 * @throws StileError `passkey_*`
 */
export function authenticate(options: unknown, limits: CeremonyLimits): Promise<AuthenticationResponseJSON> {
  const start = () => startAuthentication({ optionsJSON: options as Options })
  return runCeremony({ ...limits, options, ask: () => mendCredential('get', start) })
}

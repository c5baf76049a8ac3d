import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialHint,
  type PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server'
import type { AuthenticatorRecord, WebAuthnData } from '../../stores/store.ts'
import { ALGORITHMS, type RelyingParty } from './relying-party.ts'

type Transport = NonNullable<PublicKeyCredentialCreationOptionsJSON['excludeCredentials']>[number]['transports']

/** The options of `navigator.credentials.get()` for a step-up: only the given credentials may answer. */
export async function requestOptions(
  input: Readonly<{
    rp: RelyingParty
    challenge: Uint8Array<ArrayBuffer>
    credentials: readonly AuthenticatorRecord[]
    userVerification: 'required' | 'preferred'
    timeoutSeconds: number
  }>,
): Promise<PublicKeyCredentialRequestOptionsJSON & { hints: PublicKeyCredentialHint[] }> {
  const { rp, challenge, credentials, userVerification, timeoutSeconds } = input
  const options = await generateAuthenticationOptions({
    rpID: rp.rpId,
    challenge,
    allowCredentials: descriptors(credentials),
    userVerification,
    timeout: timeoutSeconds * 1000,
  })
  return { ...options, hints: hintsOf(credentials) }
}

/** The options of `navigator.credentials.create()` for an enrolment: no attestation, and none of the given credentials again. */
export async function creationOptions(
  input: Readonly<{
    rp: RelyingParty
    challenge: Uint8Array<ArrayBuffer>
    user: Readonly<{ handle: Uint8Array<ArrayBuffer>; name: string }>
    exclude: readonly AuthenticatorRecord[]
    timeoutSeconds: number
  }>,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { rp, challenge, user, exclude, timeoutSeconds } = input
  const options = await generateRegistrationOptions({
    rpID: rp.rpId,
    rpName: rp.rpName,
    userID: user.handle,
    userName: user.name,
    userDisplayName: user.name,
    challenge,
    attestationType: 'none',
    excludeCredentials: descriptors(exclude),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    supportedAlgorithmIDs: [...ALGORITHMS],
    timeout: timeoutSeconds * 1000,
  })
  return { ...options, hints: ['client-device', 'hybrid'] }
}

function descriptors(records: readonly AuthenticatorRecord[]): { id: string; transports: NonNullable<Transport> }[] {
  return passkeysOf(records).map(({ credentialId, transports }) => ({
    id: credentialId,
    transports: [...transports] as NonNullable<Transport>,
  }))
}

/** Which prompt the browser should show first, from how the credentials were reached before. */
function hintsOf(records: readonly AuthenticatorRecord[]): PublicKeyCredentialHint[] {
  const transports = new Set(passkeysOf(records).flatMap((data) => data.transports))
  const hints: PublicKeyCredentialHint[] = []
  if (transports.has('internal')) hints.push('client-device')
  if (transports.has('hybrid')) hints.push('hybrid')
  if (['usb', 'nfc', 'ble', 'smart-card'].some((transport) => transports.has(transport))) hints.push('security-key')
  return hints
}

function passkeysOf(records: readonly AuthenticatorRecord[]): WebAuthnData[] {
  return records.flatMap(({ data }) => (data.method === 'passkey' ? [data] : []))
}

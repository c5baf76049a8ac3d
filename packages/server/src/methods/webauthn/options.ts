import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialHint,
  type PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server'
import type { AuthenticatorRecord, WebAuthnData } from '../../stores/store.ts'
import { ALGORITHMS, ENROLMENT_VERIFICATION, type RelyingParty } from './relying-party.ts'

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

/**
 * The options of `navigator.credentials.create()` for an enrolment, with none of the given credentials again. A security key is asked for
 * the word of its maker and to verify its user, and need not be discoverable; a passkey is asked for no attestation.
 */
export async function creationOptions(
  input: Readonly<{
    method: WebAuthnData['method']
    rp: RelyingParty
    challenge: Uint8Array<ArrayBuffer>
    user: Readonly<{ handle: Uint8Array<ArrayBuffer>; name: string }>
    exclude: readonly AuthenticatorRecord[]
    timeoutSeconds: number
  }>,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { method, rp, challenge, user, exclude, timeoutSeconds } = input
  const { attestationType, authenticatorSelection, hints } = KINDS[method]
  const options = await generateRegistrationOptions({
    rpID: rp.rpId,
    rpName: rp.rpName,
    userID: user.handle,
    userName: user.name,
    userDisplayName: user.name,
    challenge,
    attestationType,
    excludeCredentials: descriptors(exclude),
    authenticatorSelection: { ...authenticatorSelection, userVerification: ENROLMENT_VERIFICATION[method] },
    supportedAlgorithmIDs: [...ALGORITHMS],
    timeout: timeoutSeconds * 1000,
  })
  return { ...options, hints: [...hints] }
}

/** What each method asks the browser for (WebAuthn L3 §5.4.4, §5.4.7, §5.8.8). */
const KINDS = {
  passkey: {
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'preferred' },
    hints: ['client-device', 'hybrid'],
  },
  'security-key': {
    attestationType: 'direct',
    authenticatorSelection: { authenticatorAttachment: 'cross-platform', residentKey: 'discouraged' },
    hints: ['security-key'],
  },
} as const

function descriptors(records: readonly AuthenticatorRecord[]): { id: string; transports: NonNullable<Transport> }[] {
  return credentialsOf(records).map(({ credentialId, transports }) => ({
    id: credentialId,
    transports: [...transports] as NonNullable<Transport>,
  }))
}

/** Which prompt the browser should show first: that of a security key, or one from how the credentials were reached before. */
function hintsOf(records: readonly AuthenticatorRecord[]): PublicKeyCredentialHint[] {
  if (records.every(({ data }) => data.method === 'security-key')) return ['security-key']
  const transports = new Set(credentialsOf(records).flatMap((data) => data.transports))
  const hints: PublicKeyCredentialHint[] = []
  if (transports.has('internal')) hints.push('client-device')
  if (transports.has('hybrid')) hints.push('hybrid')
  if (['usb', 'nfc', 'ble', 'smart-card'].some((transport) => transports.has(transport))) hints.push('security-key')
  return hints
}

function credentialsOf(records: readonly AuthenticatorRecord[]): WebAuthnData[] {
  return records.flatMap(({ data }) => (data.method === 'totp' ? [] : [data]))
}

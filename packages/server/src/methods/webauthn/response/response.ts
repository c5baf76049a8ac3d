import { check } from '../refusal.ts'
import { readBytes } from './bytes.ts'

/** The longest credential id in bytes (WebAuthn L3 §7.1 step 25). */
export const LONGEST_CREDENTIAL_ID = 1023
const LONGEST_CLIENT_DATA = 4096
const LONGEST_AUTHENTICATOR_DATA = 4096
const LONGEST_SIGNATURE = 1024
const LONGEST_USER_HANDLE = 64
const LONGEST_ATTESTATION = 12_288
const TRANSPORTS: readonly string[] = ['internal', 'hybrid', 'usb', 'nfc', 'ble', 'smart-card']

/** What both ceremonies answer with. Only these members are read; whatever else was sent decides nothing. */
export type CredentialResponse = Readonly<{ id: string; clientDataJSON: Uint8Array<ArrayBuffer>; clientDataText: string }>

/** An `AuthenticationResponseJSON` (WebAuthn L3 §5.1), its shape and sizes checked. */
export type AssertionResponse = CredentialResponse &
  Readonly<{
    authenticatorData: Uint8Array<ArrayBuffer>
    signature: Uint8Array<ArrayBuffer>
    userHandle?: string
  }>

/** A `RegistrationResponseJSON` (WebAuthn L3 §5.1), its shape and sizes checked. */
export type AttestationResponse = CredentialResponse &
  Readonly<{ attestationObject: Uint8Array<ArrayBuffer>; attestationText: string; transports: readonly string[] }>

/** Reads the answer of `navigator.credentials.get()`; refuses with `response_malformed`. */
export function readAssertion(value: unknown): AssertionResponse {
  const { credential, response } = readCredential(value)
  const { userHandle } = response
  const authenticatorData = readBytes(response.authenticatorData, LONGEST_AUTHENTICATOR_DATA)
  const signature = readBytes(response.signature, LONGEST_SIGNATURE)
  check(authenticatorData !== undefined && signature !== undefined, 'response_malformed')
  const absent = userHandle === undefined || userHandle === null || userHandle === ''
  const handle = absent ? undefined : readBytes(userHandle, LONGEST_USER_HANDLE)
  check(absent || handle !== undefined, 'response_malformed')
  return {
    ...credential,
    authenticatorData: authenticatorData.bytes,
    signature: signature.bytes,
    ...(handle && { userHandle: handle.text }),
  }
}

/** Reads the answer of `navigator.credentials.create()`; refuses with `response_malformed`. */
export function readAttestation(value: unknown): AttestationResponse {
  const { credential, response } = readCredential(value)
  const attestationObject = readBytes(response.attestationObject, LONGEST_ATTESTATION)
  check(attestationObject !== undefined, 'response_malformed')
  // hints for a later prompt, and nothing more: what is unknown is left out
  const told: readonly unknown[] = Array.isArray(response.transports) ? response.transports : []
  return {
    ...credential,
    attestationObject: attestationObject.bytes,
    attestationText: attestationObject.text,
    transports: TRANSPORTS.filter((transport) => told.includes(transport)),
  }
}

function readCredential(value: unknown): Readonly<{ credential: CredentialResponse; response: Readonly<Record<string, unknown>> }> {
  check(isRecord(value), 'response_malformed')
  const { type, response } = value
  const id = readBytes(value.id, LONGEST_CREDENTIAL_ID)
  const rawId = readBytes(value.rawId, LONGEST_CREDENTIAL_ID)
  check(id !== undefined && rawId?.text === id.text, 'response_malformed')
  check(type === 'public-key' && isRecord(response), 'response_malformed')
  const clientDataJSON = readBytes(response.clientDataJSON, LONGEST_CLIENT_DATA)
  check(clientDataJSON !== undefined, 'response_malformed')
  const { bytes, text } = clientDataJSON
  return { credential: { id: id.text, clientDataJSON: bytes, clientDataText: text }, response }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

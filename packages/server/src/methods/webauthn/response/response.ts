import { check } from '../refusal.ts'
import { bytesOf } from './bytes.ts'

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
  const authenticatorData = bytesOf(response.authenticatorData, LONGEST_AUTHENTICATOR_DATA)
  const signature = bytesOf(response.signature, LONGEST_SIGNATURE)
  check(authenticatorData !== undefined && signature !== undefined, 'response_malformed')
  const absent = userHandle === undefined || userHandle === null || userHandle === ''
  check(absent || bytesOf(userHandle, LONGEST_USER_HANDLE) !== undefined, 'response_malformed')
  return {
    ...credential,
    authenticatorData,
    signature,
    ...(!absent && { userHandle: userHandle as string }),
  }
}

/** Reads the answer of `navigator.credentials.create()`; refuses with `response_malformed`. */
export function readAttestation(value: unknown): AttestationResponse {
  const { credential, response } = readCredential(value)
  const attestationObject = bytesOf(response.attestationObject, LONGEST_ATTESTATION)
  check(attestationObject !== undefined, 'response_malformed')
  // hints for a later prompt, and nothing more: what is unknown is left out
  const told: readonly unknown[] = Array.isArray(response.transports) ? response.transports : []
  return {
    ...credential,
    attestationObject,
    attestationText: response.attestationObject as string,
    transports: TRANSPORTS.filter((transport) => told.includes(transport)),
  }
}

function readCredential(value: unknown): Readonly<{ credential: CredentialResponse; response: Readonly<Record<string, unknown>> }> {
  check(isRecord(value), 'response_malformed')
  const { id, rawId, type, response } = value
  check(bytesOf(id, LONGEST_CREDENTIAL_ID) !== undefined && rawId === id, 'response_malformed')
  check(type === 'public-key' && isRecord(response), 'response_malformed')
  const clientDataJSON = bytesOf(response.clientDataJSON, LONGEST_CLIENT_DATA)
  check(clientDataJSON !== undefined, 'response_malformed')
  return { credential: { id: id as string, clientDataJSON, clientDataText: response.clientDataJSON as string }, response }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

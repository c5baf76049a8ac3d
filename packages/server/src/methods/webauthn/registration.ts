import { verifyRegistrationResponse } from '@simplewebauthn/server'
import { convertAAGUIDToString, decodeAttestationObject } from '@simplewebauthn/server/helpers'
import type { Level } from '@stile/protocol'
import type { WebAuthnData } from '../../stores/store.ts'
import { type AuthenticatorData, checkAuthenticatorData, readAuthenticatorData } from './authenticator-data.ts'
import { base64url } from './bytes.ts'
import { checkClientData } from './client-data.ts'
import { checkPublicKey } from './public-key.ts'
import { check, type Failed, refuseIfThrown, settled } from './refusal.ts'
import { ALGORITHMS, type RelyingParty } from './relying-party.ts'
import { type AttestationResponse, LONGEST_CREDENTIAL_ID, readAttestation } from './response.ts'

/** What a registration is held against. The enrolment has been taken from the store before: it can never be answered again. */
export type VerifyRegistration = Readonly<{
  response: unknown
  /** base64url */
  challenge: string
  rp: RelyingParty
}>

/** The new passkey and what the ceremony itself has proven, or why it was refused. */
export type RegistrationResult = Readonly<{ ok: true; data: WebAuthnData; level: Level }> | Failed

/** Attestation formats that are accepted: we ask for none, and browsers may leave a self attestation; none needs a look at the network. */
const FORMATS: readonly unknown[] = ['none', 'packed']
/** The shortest credential id in bytes (WebAuthn L3 §4, credential ID). */
const SHORTEST_CREDENTIAL_ID = 16

/**
 * Verifies the registration of a passkey (WebAuthn L3 §7.1), with every check that the library leaves to its caller.
 *
 * That the credential id is new (step 26) is for `authenticators.create` to say, in the same transaction that writes it. An attestation,
 * where one came, proves nothing here: the level says only whether the user was verified.
 */
export function verifyRegistration(input: VerifyRegistration): Promise<RegistrationResult> {
  return settled(async () => {
    const { challenge, rp } = input
    // §7.1 step 3
    const response = readAttestation(input.response)
    // §7.1 steps 5 to 11
    checkClientData(response.clientDataJSON, { type: 'webauthn.create', challenge, origins: rp.origins })
    // §7.1 step 13
    const data = await readAttestationObject(response.attestationObject)
    // §7.1 steps 14 to 17
    checkAuthenticatorData(data, { rpId: rp.rpId, userVerification: 'preferred' })
    // §7.1 step 20
    const { aaguid, credentialID, credentialPublicKey } = data
    check(aaguid !== undefined && credentialID !== undefined && credentialPublicKey !== undefined, 'response_malformed')
    await checkPublicKey(new Uint8Array(credentialPublicKey))
    // §7.1 steps 21 to 24
    await checkAttestation(response, input)
    // §7.1 step 25, and the id that was sent beside the signed one
    check(credentialID.length >= SHORTEST_CREDENTIAL_ID && credentialID.length <= LONGEST_CREDENTIAL_ID, 'response_malformed')
    check(base64url(credentialID) === response.id, 'credential_unknown')
    return {
      ok: true,
      level: data.flags.uv ? 'phr' : 'mfa',
      data: {
        method: 'passkey',
        credentialId: response.id,
        publicKey: base64url(credentialPublicKey),
        counter: data.counter,
        transports: response.transports,
        aaguid: convertAAGUIDToString(aaguid),
        backupEligible: data.flags.be,
        backupState: data.flags.bs,
      },
    }
  })
}

async function readAttestationObject(bytes: Uint8Array<ArrayBuffer>): Promise<AuthenticatorData> {
  const { format, authData } = await refuseIfThrown('response_malformed', () => {
    const decoded = decodeAttestationObject(bytes)
    return { format: decoded.get('fmt'), authData: decoded.get('authData') as unknown }
  })
  check(FORMATS.includes(format) && authData instanceof Uint8Array, 'response_malformed')
  return readAuthenticatorData(new Uint8Array(authData))
}

/** The library verifies the attestation statement, so that at least nothing contradicts itself. */
async function checkAttestation(response: AttestationResponse, { challenge, rp }: VerifyRegistration): Promise<void> {
  const { verified } = await refuseIfThrown('response_malformed', () =>
    verifyRegistrationResponse({
      response: {
        id: response.id,
        rawId: response.id,
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON: response.clientDataText, attestationObject: response.attestationText },
      },
      expectedChallenge: challenge,
      expectedOrigin: [...rp.origins],
      expectedRPID: rp.rpId,
      // step 16 has been taken
      requireUserVerification: false,
      supportedAlgorithmIDs: [...ALGORITHMS],
    }),
  )
  check(verified, 'signature_invalid')
}

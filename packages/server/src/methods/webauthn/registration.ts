import { convertAAGUIDToString, decodeAttestationObject } from '@simplewebauthn/server/helpers'
import type { Level } from '@stile/protocol'
import type { WebAuthnData } from '../../stores/store.ts'
import { checkPublicKey } from './public-key.ts'
import { check, type Failed, refuseIfThrown, settled } from './refusal.ts'
import { ceremonyOrigins, type RelyingParty } from './relying-party.ts'
import { type AuthenticatorData, checkAuthenticatorData, readAuthenticatorData } from './response/authenticator-data.ts'
import { base64url } from './response/bytes.ts'
import { checkClientData } from './response/client-data.ts'
import { LONGEST_CREDENTIAL_ID, readAttestation } from './response/response.ts'
import { checkStatement } from './statement/statement.ts'

/** What a registration is held against. The enrolment has been taken from the store before: it can never be answered again. */
export type VerifyRegistration = Readonly<{
  response: unknown
  /** base64url */
  challenge: string
  rp: RelyingParty
  /** What the credential is enrolled as, whatever comes of its attestation. */
  method: WebAuthnData['method']
  /** What the browser was asked for: see `ENROLMENT_VERIFICATION`. */
  userVerification: 'required' | 'preferred'
}>

/** The new credential and what the ceremony itself has proven, or why it was refused. */
export type RegistrationResult = Readonly<{ ok: true; data: WebAuthnData; level: Level }> | Failed

/** The name of an attestation statement format (WebAuthn L3 §8.1). */
const FORMAT = /^(?!.*["\\])[!-~]{1,32}$/
/** The shortest credential id in bytes (WebAuthn L3 §4, credential ID). */
const SHORTEST_CREDENTIAL_ID = 16

/**
 * Verifies the registration of a passkey or a security key (WebAuthn L3 §7.1), with every check that the library leaves to its caller.
 *
 * Steps 1, 2 and 4 are the browser's. No extension was asked for, and what comes of one unasked is ignored. That the credential id is new
 * (step 26) is for `authenticators.create` to say, in the same transaction that writes it (step 27).
 *
 * The level says whether the user was verified. The word of a security key's maker is kept, and judged each time the key counts: its
 * anchors and its model (steps 23 and 24), and whether it can be backed up (step 18).
 *
 * For a passkey no attestation is asked and none is kept, so that its statement is not looked at (steps 21 and 22): some authenticators
 * send one all the same, in formats old and new, and it could only be a reason to refuse what works.
 */
export function verifyRegistration(input: VerifyRegistration): Promise<RegistrationResult> {
  return settled(async () => {
    const { challenge, rp, method, userVerification } = input
    // §7.1 step 3
    const response = readAttestation(input.response)
    // §7.1 steps 5 to 11
    checkClientData(response.clientDataJSON, { type: 'webauthn.create', challenge, origins: ceremonyOrigins(rp) })
    // §7.1 steps 12 and 13
    const { format, statement, authenticatorData } = await readAttestationObject(response.attestationObject)
    const data = await readAuthenticatorData(authenticatorData)
    // §7.1 steps 14 to 17
    checkAuthenticatorData(data, { rpId: rp.rpId, userVerification })
    // §7.1 step 20
    const { aaguid, credentialID, publicKey } = attestedIn(data)
    await checkPublicKey(publicKey)
    // §7.1 steps 21 and 22
    const evidence =
      method === 'security-key'
        ? await checkStatement({ format, statement, authenticatorData, aaguid, publicKey, response, challenge, rp })
        : undefined
    // §7.1 step 25, and the id that was sent beside the signed one
    check(credentialID.length >= SHORTEST_CREDENTIAL_ID && credentialID.length <= LONGEST_CREDENTIAL_ID, 'response_malformed')
    check(base64url(credentialID) === response.id, 'credential_unknown')
    return {
      ok: true,
      level: data.flags.uv ? 'phr' : 'mfa',
      data: {
        method,
        credentialId: response.id,
        publicKey: base64url(publicKey),
        counter: data.counter,
        transports: response.transports,
        aaguid: convertAAGUIDToString(new Uint8Array(aaguid)),
        backupEligible: data.flags.be,
        backupState: data.flags.bs,
        ...(evidence && { attestation: evidence }),
      },
    }
  })
}

async function readAttestationObject(bytes: Uint8Array<ArrayBuffer>) {
  const { format, statement, authData } = await refuseIfThrown('response_malformed', () => {
    const decoded = decodeAttestationObject(bytes)
    return {
      format: decoded.get('fmt') as unknown,
      statement: decoded.get('attStmt') as unknown,
      authData: decoded.get('authData') as unknown,
    }
  })
  check(typeof format === 'string' && FORMAT.test(format), 'response_malformed')
  check(statement instanceof Map && authData instanceof Uint8Array, 'response_malformed')
  return { format, statement: statement as ReadonlyMap<unknown, unknown>, authenticatorData: new Uint8Array(authData) }
}

function attestedIn({ aaguid, credentialID, credentialPublicKey }: AuthenticatorData) {
  check(aaguid !== undefined && credentialID !== undefined && credentialPublicKey !== undefined, 'response_malformed')
  return { aaguid, credentialID, publicKey: new Uint8Array(credentialPublicKey) }
}

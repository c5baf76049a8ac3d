import { verifyRegistrationResponse } from '@simplewebauthn/server'
import { cose, decodeCredentialPublicKey } from '@simplewebauthn/server/helpers'
import { aaguidIn, formatAaguid } from '../../../attestation/aaguid.ts'
import { type Certificate, readCertificate } from '../../../certificates/certificate.ts'
import { LONGEST_CHAIN } from '../../../certificates/chain.ts'
import type { AttestationEvidence } from '../../../stores/store.ts'
import { check, refuseIfThrown } from '../refusal.ts'
import { ALGORITHMS, ceremonyOrigins, type RelyingParty } from '../relying-party.ts'
import { base64url } from '../response/bytes.ts'
import type { AttestationResponse } from '../response/response.ts'
import { checkAndroidKey } from './android-key.ts'
import { checkApple } from './apple.ts'

/** An attestation statement and what it is about (WebAuthn L3 §6.5). */
export type Attested = Readonly<{
  format: string
  statement: ReadonlyMap<unknown, unknown>
  /** As it was signed. */
  authenticatorData: Uint8Array<ArrayBuffer>
  aaguid: Uint8Array
  /** COSE key. */
  publicKey: Uint8Array<ArrayBuffer>
  response: AttestationResponse
  challenge: string
  rp: RelyingParty
}>

/**
 * The attestation statement formats that a security key may come with (WebAuthn L3 §8). `fido-u2f` is none of them: a security key verifies
 * its user when it is enrolled, and the keys that attest in that format cannot (§6.1.2).
 */
const FORMATS: readonly string[] = ['none', 'packed', 'tpm', 'android-key', 'apple']

/**
 * Verifies the attestation statement of a security key by its format (WebAuthn L3 §7.1 steps 21 and 22), and answers what there is to judge
 * of it later. Refuses with `attestation_invalid`.
 *
 * Who signed is not looked at here (steps 23 and 24): that is judged each time the key counts. The library is given no roots, so that it
 * builds no paths; if it would build one from what was sent (`android-key`), or ask the network (`apple`), the format is verified here.
 */
export async function checkStatement(attested: Attested): Promise<AttestationEvidence> {
  const { format, statement } = attested
  check(FORMATS.includes(format), 'attestation_invalid')
  const certificates = certificatesIn(statement.get('x5c'))
  if (format === 'packed') checkPacked(attested, certificates)
  if (format === 'android-key') checkAndroidKey(attested, certificates)
  else if (format === 'apple') checkApple(attested, certificates)
  else await checkWithLibrary(attested)
  return { format, certificates: certificates.map(({ der }) => base64url(der)) }
}

/** `x5c`, the attestation certificate first; empty if there is none, and never if the member is there. */
function certificatesIn(x5c: unknown): readonly Certificate[] {
  if (x5c === undefined) return []
  check(Array.isArray(x5c) && x5c.length >= 1 && x5c.length <= LONGEST_CHAIN, 'attestation_invalid')
  return x5c.map((der: unknown) => {
    const certificate = der instanceof Uint8Array ? readCertificate(new Uint8Array(der)) : undefined
    check(certificate !== undefined, 'attestation_invalid')
    return certificate
  })
}

/** §8.2 and §8.2.1: what the library leaves out. */
function checkPacked({ statement, publicKey, aaguid }: Attested, [leaf]: readonly Certificate[]): void {
  // §8.2, self attestation: the algorithm is that of the credential
  if (leaf === undefined) {
    const algorithm = decodeCredentialPublicKey(publicKey).get(cose.COSEKEYS.alg)
    check(statement.get('alg') === algorithm, 'attestation_invalid')
    return
  }
  // §8.2.1: the model that the certificate names is the one that the authenticator says it is, named in the one way that is allowed;
  // version, subject and that it is no authority the library reads
  check([undefined, formatAaguid(aaguid)].includes(aaguidIn(leaf)), 'attestation_invalid')
}

async function checkWithLibrary({ response, challenge, rp }: Attested): Promise<void> {
  const { verified } = await refuseIfThrown('attestation_invalid', () =>
    verifyRegistrationResponse({
      response: {
        id: response.id,
        rawId: response.id,
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON: response.clientDataText, attestationObject: response.attestationText },
      },
      expectedChallenge: challenge,
      expectedOrigin: ceremonyOrigins(rp),
      expectedRPID: rp.rpId,
      // step 16 has been taken
      requireUserVerification: false,
      supportedAlgorithmIDs: [...ALGORITHMS],
    }),
  )
  check(verified, 'attestation_invalid')
}

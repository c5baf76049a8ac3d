import { createHash } from 'node:crypto'
import { type Certificate, EXTENSIONS } from '../../../certificates/certificate.ts'
import { DER, onlyDer, readDer } from '../../../certificates/der.ts'
import { isKeyOf } from '../public-key.ts'
import { check } from '../refusal.ts'
import type { Attested } from './statement.ts'

/** Verifies an Apple anonymous attestation (WebAuthn L3 §8.8). Refuses with `attestation_invalid`. */
export function checkApple({ authenticatorData, publicKey, response }: Attested, [leaf]: readonly Certificate[]): void {
  check(leaf !== undefined, 'attestation_invalid')
  // steps 2 to 4: the certificate was made for this very ceremony
  const clientDataHash = createHash('sha256').update(response.clientDataJSON).digest()
  const nonce = createHash('sha256').update(authenticatorData).update(clientDataHash).digest()
  const named = nonceIn(leaf)
  check(named !== undefined && nonce.equals(named), 'attestation_invalid')
  // step 5: the key in the certificate is the credential's own
  check(isKeyOf(publicKey, leaf.x509.publicKey), 'attestation_invalid')
}

/** A SEQUENCE with an OCTET STRING tagged [1]. */
function nonceIn({ extensions }: Certificate): Uint8Array | undefined {
  const extension = extensions.get(EXTENSIONS.appleNonce)
  const content = extension && onlyDer(extension.value, DER.sequence)
  const tagged = content && readDer(content)
  return tagged?.tagClass === 2 && tagged.tag === 1 ? onlyDer(tagged.content, DER.octetString) : undefined
}

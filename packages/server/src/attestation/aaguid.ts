import { type Certificate, EXTENSIONS } from '../certificates/certificate.ts'
import { DER, onlyDer } from '../certificates/der.ts'

/**
 * The AAGUID that an attestation certificate names (`id-fido-gen-ce-aaguid`, WebAuthn L3 §8.2.1): `undefined` if it names none, and an
 * empty text if it names one in a way that is not allowed.
 */
export function aaguidIn({ extensions }: Pick<Certificate, 'extensions'>): string | undefined {
  const extension = extensions.get(EXTENSIONS.aaguid)
  if (extension === undefined) return undefined
  // 16 bytes, wrapped in two OCTET STRINGs, and never critical
  const bytes = extension.critical ? undefined : onlyDer(extension.value, DER.octetString)
  return bytes?.length === 16 ? formatAaguid(bytes) : ''
}

/** An AAGUID as it is written: 32 hexadecimal digits in lower case, in five groups. */
export function formatAaguid(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

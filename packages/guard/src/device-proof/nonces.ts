import { hkdfSync } from 'node:crypto'
import { createDpopNonces, type DpopNonces } from '@stile/protocol/node'

/** The header that tells a client the nonce for its next proof (RFC 9449 §8.1). */
export const DPOP_NONCE: 'DPoP-Nonce' = 'DPoP-Nonce'

/** What the nonces are made of. */
export type NoncesOptions = Readonly<{
  /** The API key of the guard: all processes that have the same one accept each other's nonces. */
  serviceKey: string
  now: () => number
}>

/** Makes the nonces that an API asks device proofs for, with a key that is derived from the service key for this alone. */
export function createNonces({ serviceKey, now }: NoncesOptions): DpopNonces {
  return createDpopNonces({ key: new Uint8Array(hkdfSync('sha256', serviceKey, 'stile', 'stile guard-nonce v1', 32)), now })
}

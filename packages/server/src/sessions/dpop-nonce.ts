import { createDpopNonces, type DpopNonces } from '@stile/protocol/node'
import { deriveKey } from '../secrets/seal.ts'

/** What the nonces are made of. */
export type ServiceNoncesOptions = Readonly<{
  /** The service's secret; the key is derived from it and used for nothing else. */
  secret: Uint8Array
  /** Seconds since the epoch. */
  now: () => number
}>

/** Makes the nonces that the service asks device proofs for. Every instance with the same secret agrees on them. */
export function createServiceNonces({ secret, now }: ServiceNoncesOptions): DpopNonces {
  return createDpopNonces({ key: deriveKey(secret, 'stile dpop-nonce v1'), now })
}

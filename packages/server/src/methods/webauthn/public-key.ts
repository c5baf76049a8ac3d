import { createPublicKey, type KeyObject } from 'node:crypto'
import { cose, decodeCredentialPublicKey } from '@simplewebauthn/server/helpers'
import { check, refuseIfThrown } from './refusal.ts'
import { ALGORITHMS } from './relying-party.ts'
import { base64url } from './response/bytes.ts'

const LEAST_RSA_BYTES = 256
const MOST_RSA_BYTES = 512

/**
 * Checks the key of a new credential: one of our algorithms, of the type and curve that belong to it, and a key that can be used (WebAuthn
 * L3 §7.1 step 20, §5.8.5, RFC 9053). Refuses with `response_malformed`.
 *
 * A key that could never be used would be enrolled otherwise: nothing signs at registration.
 */
export async function checkPublicKey(coseKey: Uint8Array<ArrayBuffer>): Promise<void> {
  await refuseIfThrown('response_malformed', () => readPublicKey(coseKey))
}

/** Whether the key of a credential, as {@link checkPublicKey} lets it pass, is the one in a certificate. */
export function isKeyOf(coseKey: Uint8Array<ArrayBuffer>, key: KeyObject): boolean {
  return readPublicKey(coseKey).equals(key)
}

/** The key of a credential. Throws if it is none of {@link checkPublicKey}. */
export function readPublicKey(coseKey: Uint8Array<ArrayBuffer>): KeyObject {
  const key: unknown = decodeCredentialPublicKey(coseKey)
  check(key instanceof Map, 'response_malformed')
  const algorithm: unknown = key.get(cose.COSEKEYS.alg)
  check(typeof algorithm === 'number' && ALGORITHMS.includes(algorithm), 'response_malformed')
  return createPublicKey({ key: toJwk(algorithm, key), format: 'jwk' })
}

function toJwk(algorithm: number, key: ReadonlyMap<unknown, unknown>): Record<string, string> {
  const type = key.get(cose.COSEKEYS.kty)
  const bytes = (label: number, least: number, most = least): string => {
    const value = key.get(label)
    check(value instanceof Uint8Array && value.length >= least && value.length <= most, 'response_malformed')
    return base64url(value)
  }
  if (algorithm === cose.COSEALG.ES256) {
    check(type === cose.COSEKTY.EC2 && key.get(cose.COSEKEYS.crv) === cose.COSECRV.P256, 'response_malformed')
    return { kty: 'EC', crv: 'P-256', x: bytes(cose.COSEKEYS.x, 32), y: bytes(cose.COSEKEYS.y, 32) }
  }
  if (algorithm === cose.COSEALG.EdDSA) {
    check(type === cose.COSEKTY.OKP && key.get(cose.COSEKEYS.crv) === cose.COSECRV.ED25519, 'response_malformed')
    return { kty: 'OKP', crv: 'Ed25519', x: bytes(cose.COSEKEYS.x, 32) }
  }
  check(type === cose.COSEKTY.RSA, 'response_malformed')
  return { kty: 'RSA', n: bytes(cose.COSEKEYS.n, LEAST_RSA_BYTES, MOST_RSA_BYTES), e: bytes(cose.COSEKEYS.e, 1, 4) }
}

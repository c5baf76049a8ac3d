// a path of its own: bundlers that split by file would put all of the protocol among what a page loads first
import { encodeBase64url } from '@stile/protocol/base64url'
import { sha256, utf8 } from '../lib/sha256.ts'
import type { DeviceKey } from './device-key.ts'

/** What one proof is for. */
export type ProvenCall = Readonly<{
  method: string
  /** Query and fragment are left out of the proof (RFC 9449 §4.2). */
  url: URL
  /** The token that goes along; the proof names its hash. */
  token: string
}>

/** Makes DPoP proofs, and remembers the newest nonce of each origin (RFC 9449 §8.2). */
export type DeviceProver = Readonly<{
  prove: (call: ProvenCall) => Promise<string>
  /** Learns the nonce of an answer, if it brings one. Whether it does. */
  learnNonce: (url: URL, answer: Response) => boolean
}>

/** What a prover is made of. */
export type DeviceProverOptions = Readonly<{
  key: () => Promise<DeviceKey>
  /** The service's clock, in seconds since the epoch. */
  now: () => number
}>

/** Creates the maker of DPoP proofs (RFC 9449 §4.2): `typ: dpop+jwt`, ES256, with `ath` and the nonce of the origin, if it gave one. */
export function createDeviceProver({ key, now }: DeviceProverOptions): DeviceProver {
  const nonces = new Map<string, string>()
  return {
    prove: async ({ method, url: { origin, pathname }, token }) => {
      const { privateKey, publicJwk, stored } = await key()
      const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: publicJwk }
      const claims = {
        htm: method,
        htu: origin + pathname,
        iat: Math.floor(now()),
        jti: crypto.randomUUID(),
        ath: await sha256(token),
        nonce: nonces.get(origin),
        // a login that belonged to a key which is gone with its page would be nobody's
        stored,
      }
      const input = [header, claims].map((part) => encodeBase64url(utf8(JSON.stringify(part)))).join('.')
      const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, utf8(input))
      return `${input}.${encodeBase64url(signature)}`
    },
    learnNonce: ({ origin }, { headers }) => {
      const nonce = headers.get('dpop-nonce')
      if (nonce) nonces.set(origin, nonce)
      return !!nonce
    },
  }
}

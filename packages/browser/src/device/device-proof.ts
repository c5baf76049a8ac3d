import { base64url, sha256, utf8 } from '../lib/base64url.ts'
import type { DeviceKey } from './device-key.ts'

/** Makes proofs, and remembers the newest nonce of each origin (RFC 9449 §8.2). */
export type Prover = readonly [
  /** Query and fragment of the address are left out; `token` is the one whose hash is named. */
  prove: (method: string, url: URL, token: string) => Promise<string>,
  learn: (origin: string, nonce: string) => void,
]

/**
 * Creates the maker of DPoP proofs (RFC 9449 §4.2): `typ: dpop+jwt`, ES256, with `ath` and, where the server gave one, its nonce.
 *
 * @param now  seconds since the epoch, by the server's clock
 */
export function createProver(key: () => Promise<DeviceKey>, now: () => number): Prover {
  const nonces = new Map<string, string>()
  return [
    async (htm, { origin, pathname }, token) => {
      const [sign, jwk] = await key()
      const claims = {
        htm,
        htu: origin + pathname,
        iat: Math.floor(now()),
        jti: crypto.randomUUID(),
        ath: await sha256(token),
        nonce: nonces.get(origin),
      }
      const input = [{ typ: 'dpop+jwt', alg: 'ES256', jwk }, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join('.')
      return `${input}.${base64url(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, sign, utf8(input)))}`
    },
    (origin, nonce) => nonces.set(origin, nonce),
  ]
}

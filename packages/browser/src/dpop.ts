import type { DeviceKey } from './device-key.ts'
import { base64url, sha256, utf8 } from './lib/base64url.ts'

/** What proofs are made with. */
export type Prover = Readonly<{
  key: () => Promise<DeviceKey>
  /** The newest nonce of each origin (RFC 9449 §8.2). */
  nonces: Map<string, string>
  /** Seconds since the epoch, by the server's clock. */
  now: () => number
}>

/**
 * Makes a DPoP proof (RFC 9449 §4.2): `typ: dpop+jwt`, ES256, with `ath` and, where the server gave one, its nonce.
 *
 * @param url  its query and fragment are left out
 * @param token  the token whose hash is named
 */
export async function dpopProof({ key, nonces, now }: Prover, method: string, url: string, token: string): Promise<string> {
  const { sign, jwk } = await key()
  const { origin, pathname } = new URL(url)
  const claims = {
    htm: method,
    htu: origin + pathname,
    iat: Math.floor(now()),
    jti: crypto.randomUUID(),
    ath: await sha256(token),
    nonce: nonces.get(origin),
  }
  const input = [{ typ: 'dpop+jwt', alg: 'ES256', jwk }, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join('.')
  return `${input}.${base64url(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, sign, utf8(input)))}`
}

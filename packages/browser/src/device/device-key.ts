import { sha256 } from '../lib/base64url.ts'
import { within } from '../lib/within.ts'

/** The public half, its members in the order in which the thumbprint takes them. */
export type PublicJwk = Readonly<{ crv: string; kty: string; x: string; y: string }>

/** The key that stands for this browser. Its private half cannot be read, not even by the page. */
export type DeviceKey = readonly [sign: CryptoKey, jwk: PublicJwk]

/**
 * Gives the device key: the stored one, else a new one that is stored.
 *
 * Where IndexedDB refuses or does not answer in time (private windows), the key lives as long as the page: signing in never breaks.
 *
 * @param waitMs  how long IndexedDB may take, in milliseconds
 */
export async function loadDeviceKey(waitMs = 1500): Promise<DeviceKey> {
  const made = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  const pair = await within(waitMs, storedPair(made)).catch(() => made)
  const { x, y } = (await crypto.subtle.exportKey('jwk', pair.publicKey)) as PublicJwk
  return [pair.privateKey, { crv: 'P-256', kty: 'EC', x, y }]
}

/** The device id: the JWK thumbprint of the key (RFC 7638 §3). */
export function thumbprint([, jwk]: DeviceKey): Promise<string> {
  return sha256(JSON.stringify(jwk))
}

/** Reads and, where there is none, writes in one transaction: tabs that race end with the same key. */
async function storedPair(made: CryptoKeyPair): Promise<CryptoKeyPair> {
  const STORE = 'keys'
  const opening = indexedDB.open('stile')
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE)
  const keys = (await settled(opening)).transaction(STORE, 'readwrite').objectStore(STORE)
  const found = await settled<CryptoKeyPair | undefined>(keys.get(STORE))
  if (!found) await settled(keys.add(made, STORE))
  return found ?? made
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = reject
  })
}

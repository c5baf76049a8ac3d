import { sha256 } from '../lib/sha256.ts'
import { within } from '../lib/within.ts'

/** The public half, its members in the order in which the thumbprint takes them. */
export type PublicJwk = Readonly<{ crv: string; kty: string; x: string; y: string }>

/** The key that stands for this browser. */
export type DeviceKey = Readonly<{
  /** Cannot be exported, not even by the page. */
  privateKey: CryptoKey
  publicJwk: PublicJwk
  /** Whether the browser keeps it; if not, it is gone with its tabs. */
  stored: boolean
}>

/** The name of the object store, and of the one key in it. */
const STORE = 'keys'

/**
 * Gives the device key: the stored one, else a new one that is stored.
 *
 * If IndexedDB refuses or does not answer in time, the key lives in memory, through reloads and in all tabs if the browser lets it, so that
 * signing in never breaks.
 *
 * @param waitMs  how long IndexedDB may take, in milliseconds
 */
export async function loadDeviceKey(waitMs = 1500): Promise<DeviceKey> {
  const made = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  let stored = true
  const share = async () => {
    stored = false
    return (await import('./unstored-key.ts')).shareUnstoredPair(made)
  }
  const { privateKey, publicKey } = await within(storedPair(made), { ms: waitMs })
    .catch(share)
    .catch(() => made)
  const { crv, kty, x, y } = (await crypto.subtle.exportKey('jwk', publicKey)) as PublicJwk
  return { privateKey, publicJwk: { crv, kty, x, y }, stored }
}

let loading: Promise<DeviceKey> | undefined

/** The device key of this page: the same for its sign-in form and the SDK, also where the browser cannot store it. */
export function pageKey(): Promise<DeviceKey> {
  loading ??= loadDeviceKey()
  return loading
}

/**
 * Tells the device key before there is a session, so that the application can keep for which key it checked the password.
 *
 * Rejects where the page is not served over https or from localhost: without Web Crypto there is no key.
 */
export async function deviceKey(): Promise<Readonly<{ /** The device id: the RFC 7638 thumbprint of its public half. */ jkt: string }>> {
  return { jkt: await thumbprint(await pageKey()) }
}

/** The device id, `jkt`: the JWK thumbprint of the key (RFC 7638 §3). */
export function thumbprint({ publicJwk }: Pick<DeviceKey, 'publicJwk'>): Promise<string> {
  return sha256(JSON.stringify(publicJwk))
}

/** Reads the pair and, if there is none, writes one in the same transaction: tabs that race end with the same key. */
async function storedPair(made: CryptoKeyPair): Promise<CryptoKeyPair> {
  const opening = indexedDB.open('stile')
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE)
  const database = await settled(opening)
  try {
    const keys = database.transaction(STORE, 'readwrite').objectStore(STORE)
    const found = await settled<CryptoKeyPair | undefined>(keys.get(STORE))
    if (!found) await settled(keys.add(made, STORE))
    return found ?? made
  } finally {
    // a page that deletes all databases when its user signs out would wait for it for ever
    database.close()
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = reject
  })
}

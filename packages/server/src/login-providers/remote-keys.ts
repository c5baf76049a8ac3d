import { createRemoteJWKSet, customFetch, type FetchImplementation, type JWTVerifyGetKey } from 'jose'

const TIMEOUT_MS = 5_000
/** How long the key set is not fetched again for a key id that is not in it. */
const COOLDOWN_MS = 30_000
/** How long the key set is not fetched again after a fetch that failed. */
export const PAUSE_SECONDS = 5
const MAX_JWKS_BYTES = 256 * 1024

/** The keys at a URL: read when they are first needed, kept, and not asked for again by every request that they are missing for. */
export function remoteKeys(url: URL, now: () => number, fetch: typeof globalThis.fetch): JWTVerifyGetKey {
  let pausedUntil = Number.NEGATIVE_INFINITY
  const fetchOnce: FetchImplementation = async (target, init) => {
    // a key set that cannot be fetched is not asked for again by every request
    if (now() < pausedUntil) throw new Error('The key set could not be fetched a moment ago.')
    try {
      return await bounded(await fetch(target, init))
    } catch (cause) {
      pausedUntil = now() + PAUSE_SECONDS
      throw cause
    }
  }
  return createRemoteJWKSet(url, { timeoutDuration: TIMEOUT_MS, cooldownDuration: COOLDOWN_MS, [customFetch]: fetchOnce })
}

/** The response with its whole body read, refused if it is no key set or larger than one ever is. */
async function bounded(response: Response): Promise<Response> {
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`The key set was answered with status ${response.status}.`)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > MAX_JWKS_BYTES) throw new Error('The key set is too large.')
    chunks.push(chunk)
  }
  return new Response(Buffer.concat(chunks), { status: 200 })
}

import { randomBytes, randomFillSync } from 'node:crypto'

/** How many bytes are asked of the system at once. */
const POOL_BYTES = 4096
/** More than this is asked of the system by itself. */
const MOST_POOLED = 64

/**
 * Strong random bytes for ids and challenges. A few bytes cost the system as much as many, so they are taken from a pool; each byte is given
 * out once and wiped from it.
 */
export function createRandom(): (bytes: number) => Uint8Array {
  const pool = Buffer.alloc(POOL_BYTES)
  let used = POOL_BYTES
  return (bytes) => {
    if (bytes > MOST_POOLED) return randomBytes(bytes)
    if (used + bytes > POOL_BYTES) {
      randomFillSync(pool)
      used = 0
    }
    const taken = new Uint8Array(pool.subarray(used, used + bytes))
    pool.fill(0, used, used + bytes)
    used += bytes
    return taken
  }
}

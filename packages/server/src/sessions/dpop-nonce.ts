import { createHmac, timingSafeEqual } from 'node:crypto'
import { deriveKey } from '../secrets/seal.ts'

/** How long one nonce is handed out, in seconds. */
export const NONCE_WINDOW_SECONDS = 150
/** How long a nonce is accepted at most, in seconds: in its own window and the next. */
export const NONCE_LIFETIME_SECONDS = 2 * NONCE_WINDOW_SECONDS

/** The nonces of this service (RFC 9449 §8 and §9). */
export type DpopNonces = Readonly<{
  /** The nonce to send now. */
  current(now: number): string
  /** Whether a nonce is the one of the present window or of the one before. */
  accepts(nonce: string, now: number): boolean
}>

/**
 * Creates nonces that need no memory: each is the HMAC of its time window, so that every instance with the same secret agrees.
 *
 * @param secret  the service's secret; the key is derived from it and used for nothing else
 */
export function createDpopNonces(secret: Uint8Array): DpopNonces {
  const key = deriveKey(secret, 'stile dpop-nonce v1')
  const made = new Map<number, string>()

  function nonceOf(window: number): string {
    let nonce = made.get(window)
    if (nonce === undefined) {
      nonce = createHmac('sha256', key).update(`dpop-nonce:${window}`).digest('base64url')
      // two windows are in use at a time
      if (made.size > 2) made.clear()
      made.set(window, nonce)
    }
    return nonce
  }

  return {
    current: (now) => nonceOf(windowOf(now)),
    accepts(nonce, now) {
      const given = Buffer.from(nonce)
      const window = windowOf(now)
      // both are compared, so that the time taken does not tell which of them came near
      const present = same(given, nonceOf(window))
      const former = same(given, nonceOf(window - 1))
      return present || former
    },
  }
}

function windowOf(now: number): number {
  return Math.floor(now / NONCE_WINDOW_SECONDS)
}

function same(given: Buffer, expected: string): boolean {
  const wanted = Buffer.from(expected)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** The header that tells a client the nonce for its next proof (RFC 9449 §8.1). */
export const DPOP_NONCE: 'DPoP-Nonce' = 'DPoP-Nonce'
/** How long one nonce is handed out, in seconds. A client that calls at least every 45 s always has one that is good. */
export const NONCE_STEP_SECONDS = 15
/** How long a nonce is accepted, in seconds from the beginning of the step that it was handed out in. A proof signed ahead lives no longer. */
export const NONCE_LIFETIME_SECONDS: number = 4 * NONCE_STEP_SECONDS
/** How far the clock of another process of the same API may be ahead, in seconds. */
const AHEAD_SECONDS = 5

/** The nonces that an API asks device proofs for (RFC 9449 §9). */
export type Nonces = Readonly<{
  /** The nonce to send now. */
  current(): string
  /** From when on a nonce was handed out, in seconds since the epoch; `undefined` if it is none of this API, too old, or of the future. */
  handedOutAt(nonce: string): number | undefined
}>

/** What the nonces are made of. */
export type NoncesOptions = Readonly<{
  /** The API key of the guard: all processes that have the same one accept each other's nonces. */
  serviceKey: string
  now: () => number
}>

/** Makes nonces that need no memory: each is the HMAC of its step of time, with a key that is derived from the service key for this alone. */
export function createNonces({ serviceKey, now }: NoncesOptions): Nonces {
  const key = new Uint8Array(hkdfSync('sha256', serviceKey, 'stile', 'stile guard-nonce v1', 32))
  const made = new Map<number, Buffer>()

  const nonceOf = (step: number): Buffer => {
    let nonce = made.get(step)
    if (nonce === undefined) {
      nonce = Buffer.from(createHmac('sha256', key).update(`guard-nonce:${step}`).digest('base64url'))
      // as many are in use at a time
      if (made.size > NONCE_LIFETIME_SECONDS / NONCE_STEP_SECONDS) made.clear()
      made.set(step, nonce)
    }
    return nonce
  }

  return {
    current: () => nonceOf(Math.floor(now() / NONCE_STEP_SECONDS)).toString(),
    handedOutAt(nonce) {
      const given = Buffer.from(nonce)
      const time = now()
      const newest = Math.floor((time + AHEAD_SECONDS) / NONCE_STEP_SECONDS)
      const oldest = Math.floor((time - NONCE_LIFETIME_SECONDS) / NONCE_STEP_SECONDS) + 1
      let found: number | undefined
      // all are compared, so that the time taken does not tell which of them came near
      for (let step = oldest; step <= newest; step++) {
        const wanted = nonceOf(step)
        if (given.length === wanted.length && timingSafeEqual(given, wanted)) found = step * NONCE_STEP_SECONDS
      }
      return found
    },
  }
}

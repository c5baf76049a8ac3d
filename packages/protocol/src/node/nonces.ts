import { createHmac, timingSafeEqual } from 'node:crypto'

/** How long one nonce is handed out, in seconds. A client that calls at least every 45 s always has one that is good. */
export const NONCE_STEP_SECONDS = 15
/** How long a nonce is accepted, in seconds from the beginning of the step that it was handed out in. A proof signed ahead lives no longer. */
export const NONCE_LIFETIME_SECONDS: number = 4 * NONCE_STEP_SECONDS
/** How far the clock of another process of the same server may be ahead, in seconds. */
const AHEAD_SECONDS = 5

/** The nonces that a server asks device proofs for (RFC 9449 §8 and §9). */
export type DpopNonces = Readonly<{
  /** The nonce to send now. */
  current(): string
  /** From when on a nonce was handed out, in seconds since the epoch; `undefined` if it is none of this server, too old, or of the future. */
  handedOutAt(nonce: string): number | undefined
}>

/** What the nonces are made of. */
export type DpopNoncesOptions = Readonly<{
  /** A secret key for this alone: all processes that have the same one accept each other's nonces. */
  key: Uint8Array
  /** Seconds since the epoch. */
  now: () => number
}>

/** Makes nonces that need no memory: each is the HMAC of its step of time. */
export function createDpopNonces({ key, now }: DpopNoncesOptions): DpopNonces {
  const made = new Map<number, Buffer>()

  const nonceOf = (step: number): Buffer => {
    let nonce = made.get(step)
    if (nonce === undefined) {
      nonce = Buffer.from(createHmac('sha256', key).update(`dpop-nonce:${step}`).digest('base64url'))
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

import { createHmac } from 'node:crypto'
import { deriveKey } from '../../secrets/seal.ts'

const DIGITS = 6
const CODES = 10 ** DIGITS
/** The greatest multiple of the number of codes that 32 bits hold: what lies above would make low codes likelier. */
const FAIR = Math.floor(2 ** 32 / CODES) * CODES

/** A code of six digits, each as likely as every other. */
export function makeCode(random: (bytes: number) => Uint8Array): string {
  for (;;) {
    const drawn = Buffer.from(random(4)).readUInt32BE()
    if (drawn < FAIR) return String(drawn % CODES).padStart(DIGITS, '0')
  }
}

/**
 * What is kept of a code: the HMAC with a key of the service, so that a thief of the store cannot try all codes.
 *
 * It is bound to the step-up, so that the code is worth nothing in another one, no matter whose.
 */
export function codeDigest(secret: Uint8Array, stepUpId: string, code: string): string {
  return createHmac('sha256', deriveKey(secret, 'stile email-otp v1')).update(`email-otp\u0000${stepUpId}\u0000${code}`).digest('base64url')
}

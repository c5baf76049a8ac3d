import { createHmac } from 'node:crypto'

/**
 * The one-time password of a counter (RFC 4226 §5.3), HMAC-SHA-1.
 *
 * @param counter  a whole number from 0; RFC 6238 puts the time step here
 * @param digits   6 by default; more is only for the test vectors of RFC 6238
 */
export function hotp(secret: Uint8Array, counter: number, digits = 6): string {
  const message = Buffer.alloc(8)
  message.writeBigUInt64BE(BigInt(counter))
  const digest = createHmac('sha1', secret).update(message).digest()
  const offset = digest.readUInt8(digest.length - 1) & 0x0f
  const code = (digest.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits
  return String(code).padStart(digits, '0')
}

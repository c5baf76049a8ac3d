/**
 * Whether bytes are an ECDSA signature in DER as WebAuthn L3 §6.5.5 asks: a sequence of two positive integers in their shortest form
 * (X.690 §8.3, §10.1), and nothing before or after.
 *
 * The library reads the outer header without looking at it, so that one signature could be written in many ways. Up to 127 bytes, which
 * P-256 never exceeds, a length is one byte.
 */
export function isDerSignature(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x30 || bytes[1] !== bytes.length - 2 || bytes[1] > 0x7f) return false
  const second = endOfInteger(bytes, 2)
  return second !== undefined && endOfInteger(bytes, second) === bytes.length
}

/** Where the integer that begins at `at` ends, or `undefined` where there is none that is positive and in its shortest form. */
function endOfInteger(bytes: Uint8Array, at: number): number | undefined {
  const [tag, length, first, next] = bytes.subarray(at, at + 4)
  if (tag !== 0x02 || length === undefined || length === 0 || length > 0x7f || first === undefined || first > 0x7f) return undefined
  if (first === 0 && length > 1 && (next === undefined || next <= 0x7f)) return undefined
  return at + 2 + length
}

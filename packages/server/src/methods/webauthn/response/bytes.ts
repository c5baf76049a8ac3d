/**
 * The bytes of a base64url text (RFC 4648 §5), or `undefined` if it is no string, is empty or longer than allowed, or is not the one
 * way to write its bytes: padded, with other characters, or with stray bits at the end.
 */
export function bytesOf(text: unknown, longestBytes: number): Uint8Array<ArrayBuffer> | undefined {
  if (typeof text !== 'string' || text.length === 0 || text.length > Math.ceil((longestBytes * 4) / 3)) return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? new Uint8Array(bytes) : undefined
}

/** Writes bytes in base64url without padding. */
export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

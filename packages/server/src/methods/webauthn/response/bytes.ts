/** Bytes as they were sent, and the one text that is kept and compared for them. */
export type SentBytes = Readonly<{ bytes: Uint8Array<ArrayBuffer>; text: string }>

/**
 * Reads a base64url text (RFC 4648 §5), or `undefined` if it is no string, is empty or longer than allowed, or is not the one way to write
 * its bytes: with other characters, or with stray bits at the end. Padding that is right is left out: some password managers write it.
 */
export function readBytes(sent: unknown, longestBytes: number): SentBytes | undefined {
  if (typeof sent !== 'string' || sent.length === 0 || sent.length > Math.ceil(longestBytes / 3) * 4) return undefined
  const text = sent.length % 4 === 0 ? sent.replace(/={1,2}$/, '') : sent
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length === 0 || bytes.length > longestBytes || bytes.toString('base64url') !== text) return undefined
  return { bytes: new Uint8Array(bytes), text }
}

/** Writes bytes in base64url without padding. */
export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

// a path of its own: bundlers that split by file would put all of the protocol among what a page loads first
import { encodeBase64url } from '@stile/protocol/base64url'

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

/** base64url SHA-256 of the UTF-8 bytes of a text. */
export async function sha256(text: string): Promise<string> {
  return encodeBase64url(await crypto.subtle.digest('SHA-256', utf8(text)))
}

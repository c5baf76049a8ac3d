import { encodeBase64url } from '@stile/protocol'

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

/** base64url SHA-256 of the UTF-8 bytes of a text. */
export async function sha256(text: string): Promise<string> {
  return encodeBase64url(await crypto.subtle.digest('SHA-256', utf8(text)))
}

// Globals of every runtime that this package knows; their types belong to none of the libraries it is compiled with.
declare const btoa: (binary: string) => string
declare const atob: (base64: string) => string

/** Writes bytes in base64url without padding (RFC 4648 §5). */
export function encodeBase64url(bytes: ArrayBuffer | Uint8Array): string {
  return btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** What the last character may be, by what is left over of the groups of four: others would have stray bits. One left over is no byte. */
const LAST = [/^/, /(?!)/, /[AQgw]$/, /[AEIMQUYcgkosw048]$/] as const

/** Whether a text is base64url (RFC 4648 §5) in the one way to write its bytes, so that no two texts mean the same; empty is. */
export function isBase64url(text: string): boolean {
  return !/[^\w-]/.test(text) && !!LAST[text.length % 4]?.test(text)
}

/** Reads base64url; `undefined` if the text is not the one way to write its bytes. Never throws. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!isBase64url(text)) return undefined
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
}

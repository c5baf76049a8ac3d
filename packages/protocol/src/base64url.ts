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

/**
 * Reads base64url without padding (RFC 4648 §5); `undefined` if the text is not the one way to write its bytes. Never throws.
 *
 * Padding, white space, other alphabets and stray bits at the end are refused, so that no two texts mean the same bytes.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
  return encodeBase64url(bytes) === text ? bytes : undefined
}

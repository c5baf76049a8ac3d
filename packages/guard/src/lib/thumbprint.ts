import { hash } from 'node:crypto'

/** SHA-256 of a text, in base64url. */
export function sha256Base64Url(text: string): string {
  return hash('sha256', text, 'base64url')
}

/** The JWK thumbprint of a P-256 key (RFC 7638 §3.2), in base64url. */
export function thumbprint({ x, y }: Readonly<{ x: string; y: string }>): string {
  return sha256Base64Url(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`)
}

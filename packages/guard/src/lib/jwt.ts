import { createPublicKey, type KeyObject, verify } from 'node:crypto'

/** A compact JWS whose parts are well-formed; nothing about it is verified yet. */
export type CompactJwt = Readonly<{
  header: Readonly<Record<string, unknown>>
  payload: Readonly<Record<string, unknown>>
  /** What the signature is over. */
  signed: string
  signature: Buffer
}>

// canonical base64url: no padding, no stray bits in the last character, so that one token has one spelling
const BASE64URL = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/

/** Whether a text is base64url as RFC 7515 §2 writes it: no padding, and only one spelling for the same bytes. */
export function isBase64Url(text: string): boolean {
  return text.length > 0 && BASE64URL.test(text)
}

/** Takes a compact JWS apart (RFC 7515 §3.1), or `undefined` where it is none or longer than `maxLength` characters. Never throws. */
export function parseCompact(token: string, maxLength: number): CompactJwt | undefined {
  if (token.length > maxLength) return undefined
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first <= 0 || second <= first || token.indexOf('.', second + 1) !== -1) return undefined
  const encodedSignature = token.slice(second + 1)
  const header = parseObject(token.slice(0, first))
  const payload = parseObject(token.slice(first + 1, second))
  if (header === undefined || payload === undefined || !isBase64Url(encodedSignature)) return undefined
  return { header, payload, signed: token.slice(0, second), signature: Buffer.from(encodedSignature, 'base64url') }
}

/** Whether a `typ` header says this media type: case does not matter, and `application/` may be left out (RFC 7515 §4.1.9). */
export function isTyp(typ: unknown, wanted: string): boolean {
  if (typeof typ !== 'string') return false
  const given = typ.toLowerCase()
  return given === wanted || given === `application/${wanted}`
}

/** Whether the header asks for ES256 and nothing that would have to be understood (`crit`, RFC 7515 §4.1.11; `b64`, RFC 7797). */
export function isPlainEs256(header: CompactJwt['header']): boolean {
  return header.alg === 'ES256' && !Object.hasOwn(header, 'crit') && !Object.hasOwn(header, 'b64')
}

/** Verifies an ES256 signature (RFC 7518 §3.4): 64 bytes, R and S. */
export function verifyEs256(jwt: CompactJwt, key: KeyObject): boolean {
  return (
    jwt.signature.length === 64 && verify('sha256', Buffer.from(jwt.signed, 'latin1'), { key, dsaEncoding: 'ieee-p1363' }, jwt.signature)
  )
}

/** The coordinates of a public P-256 JWK, or `undefined` for any other key and for every private one. */
export function p256Coordinates(jwk: unknown): Readonly<{ x: string; y: string }> | undefined {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return undefined
  const { kty, crv, x, y } = jwk as Readonly<Record<string, unknown>>
  if (kty !== 'EC' || crv !== 'P-256' || typeof x !== 'string' || typeof y !== 'string') return undefined
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member))) return undefined
  return x.length === 43 && y.length === 43 && isBase64Url(x) && isBase64Url(y) ? { x, y } : undefined
}

/** Imports a public P-256 key, or `undefined` where the point is not on the curve. */
export function importP256({ x, y }: Readonly<{ x: string; y: string }>): KeyObject | undefined {
  try {
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
  } catch {
    return undefined
  }
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function parseObject(encoded: string): Readonly<Record<string, unknown>> | undefined {
  if (!isBase64Url(encoded)) return undefined
  try {
    const value: unknown = JSON.parse(utf8.decode(Buffer.from(encoded, 'base64url')))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

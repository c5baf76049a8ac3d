import { isBase64url } from '../base64url.ts'

/** A JWT taken apart; nothing in it has been verified. */
export type ParsedJwt = Readonly<{
  header: Readonly<Record<string, unknown>>
  payload: Readonly<Record<string, unknown>>
  /** What the signature is over. */
  signed: string
  signature: Buffer
}>

// a byte order mark is kept, so that it is no JSON
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Takes a JWT in compact form apart (RFC 7515 §3.1); `undefined` if it is not well-formed or longer than `maxLength` characters. Never throws.
 *
 * Each part must be the one way to write its bytes. A header with `crit` (RFC 7515 §4.1.11) or `b64` (RFC 7797) is refused: it asks for what
 * is not understood here.
 */
export function parseJwt(token: string, maxLength: number): ParsedJwt | undefined {
  if (token.length > maxLength) return undefined
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  // without a first dot there is no second one either; a third one is no base64url
  if (second < 0) return undefined
  const signature = bytesOf(token.slice(second + 1))
  const header = objectOf(token.slice(0, first))
  const payload = objectOf(token.slice(first + 1, second))
  if (!signature || !header || !payload || Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) return undefined
  return { header, payload, signed: token.slice(0, second), signature }
}

/** A `typ` in the one form to compare: in lower case, without `application/` (RFC 7515 §4.1.9). */
export function mediaType(typ: unknown): string | undefined {
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined
}

function bytesOf(part: string): Buffer | undefined {
  return part !== '' && isBase64url(part) ? Buffer.from(part, 'base64url') : undefined
}

function objectOf(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const bytes = bytesOf(part)
    const value: unknown = bytes && JSON.parse(utf8.decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** A JWT taken apart; nothing in it has been verified. */
export type DecodedJwt = Readonly<{
  header: Readonly<Record<string, unknown>>
  payload: Readonly<Record<string, unknown>>
  /** What was signed. */
  signingInput: string
  signature: Buffer
}>

const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/
const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Takes a JWT in compact form apart (RFC 7519 §7.2), or answers `undefined` where it is not well-formed or longer than `maxLength`.
 *
 * Critical extensions are refused, because none is understood here (RFC 7515 §4.1.11). Never throws.
 */
export function decodeJwt(token: string, maxLength: number): DecodedJwt | undefined {
  if (token.length > maxLength) return undefined
  const match = COMPACT.exec(token)
  if (match === null) return undefined
  const [, head = '', body = '', tail = ''] = match
  const header = jsonObject(head)
  const payload = jsonObject(body)
  if (header === undefined || payload === undefined || Object.hasOwn(header, 'crit')) return undefined
  return { header, payload, signingInput: `${head}.${body}`, signature: Buffer.from(tail, 'base64url') }
}

function jsonObject(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(Buffer.from(part, 'base64url')))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

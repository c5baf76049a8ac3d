import type { IncomingMessage } from 'node:http'
import { StileError } from '../../error.ts'

/** The largest body that an endpoint reads, in bytes. */
export const BODY_LIMIT = 16_384

/** The largest body of a WebAuthn registration, whose attestation can carry certificates. */
export const REGISTRATION_BODY_LIMIT = 65_536

/** How deep a body may nest, so that no reader of it can run out of stack. */
const MAX_DEPTH = 32

/** A request as Express hands it over: a body parser of the host application may have been at work before. */
type Incoming = IncomingMessage & { body?: unknown }

/**
 * Reads the JSON body of a request.
 *
 * Takes only `application/json` in UTF-8 without a content encoding. If the host application has parsed it before, its result is
 * taken if it is a plain JSON value.
 *
 * @throws StileError `unsupported_media_type`, `payload_too_large`, `invalid_request`
 * @throws Error if another parser of the host application consumed the body: a fault of the set-up, not of the request
 */
export async function readJson(request: Incoming, limit: number): Promise<unknown> {
  checkMediaType(request)
  const length = Number(request.headers['content-length'] ?? Number.NaN)
  if (length > limit) throw tooLarge(limit)
  if (request.body !== undefined && request.body !== null) return parsedBefore(request.body, limit)
  if (request.readableDidRead || request.readableEnded) {
    if (length === 0) throw malformed('is empty')
    throw new Error(
      'The host application consumed the request body and left no result in req.body, so Stile cannot read it. Mount the Stile router before that body parser, or use express.json().',
    )
  }
  return parse(await collect(request, limit))
}

function checkMediaType({ headers }: Incoming): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim().toLowerCase())
  const charsets = parameters.filter((parameter) => parameter.startsWith('charset'))
  const utf8 = charsets.every((parameter) => /^charset\s*=\s*"?utf-8"?$/.test(parameter))
  if (type !== 'application/json' || !utf8 || charsets.length > 1)
    throw new StileError('unsupported_media_type', 'The body could not be read. Send JSON with "Content-Type: application/json", in UTF-8.')
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity')
    throw new StileError(
      'unsupported_media_type',
      'The body is compressed, and small bodies need not be. Send it without Content-Encoding.',
    )
}

/** Reads a body of at most `limit` bytes. */
export async function collect(request: Incoming, limit: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  try {
    // destroying the stream would cut the connection before the client could read why
    for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += part.length
      if (size > limit) break
      parts.push(part)
    }
  } catch {
    throw malformed('ended before it was complete')
  }
  if (size > limit) throw tooLarge(limit)
  return Buffer.concat(parts)
}

function parse(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw malformed('is empty')
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw malformed('is not valid UTF-8')
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw malformed('is not valid JSON')
  }
  if (!isJson(value, MAX_DEPTH)) throw malformed('is nested too deeply')
  return value
}

function parsedBefore(body: unknown, limit: number): unknown {
  if (body instanceof Uint8Array || typeof body === 'string') {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    if (bytes.length > limit) throw tooLarge(limit)
    return parse(bytes)
  }
  if (!isJson(body, MAX_DEPTH)) throw malformed('is not a plain JSON value')
  if (Buffer.byteLength(JSON.stringify(body)) > limit) throw tooLarge(limit)
  return body
}

function isJson(value: unknown, depth: number): boolean {
  if (depth === 0) return false
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return false
  if (Array.isArray(value)) return value.every((each) => isJson(each, depth - 1))
  const prototype = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every((each) => isJson(each, depth - 1))
}

function malformed(what: string): StileError {
  return new StileError('invalid_request', `The body ${what}, so nothing was done. Send one JSON value.`)
}

/** What is answered to a body that is larger. */
export function tooLarge(limit: number): StileError {
  return new StileError('payload_too_large', `The body is larger than ${limit} bytes, so it was not read. Send less.`)
}

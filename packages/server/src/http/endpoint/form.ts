import type { IncomingMessage } from 'node:http'
import { StileError } from '../../error.ts'
import { collect, tooLarge } from './body.ts'

/** A request as Express hands it over: a form parser of the host application may have been at work before. */
type Incoming = IncomingMessage & { body?: unknown }

/**
 * Reads one member of a form (`application/x-www-form-urlencoded`).
 *
 * If the host application has parsed the form before, its result is taken.
 *
 * @throws {StileError} `invalid_request` if it is no form or has the member not exactly once, `payload_too_large`
 * @throws {Error} if another parser of the host application consumed the body: a fault of the set-up, not of the request
 */
export async function readFormMember(request: Incoming, name: string, limit: number): Promise<string> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded')
    throw new StileError('invalid_request', 'The body is not a form. Send it as application/x-www-form-urlencoded.')
  if (Number(request.headers['content-length'] ?? Number.NaN) > limit) throw tooLarge(limit)
  const values = await valuesOf(request, name, limit)
  const [value, ...more] = values
  if (value === undefined || value === '' || more.length > 0)
    throw new StileError('invalid_request', `The form does not have "${name}" exactly once, so nothing was done.`)
  if (value.length > limit) throw tooLarge(limit)
  return value
}

async function valuesOf(request: Incoming, name: string, limit: number): Promise<readonly string[]> {
  const { body } = request
  if (typeof body === 'object' && body !== null) {
    const value = Object.hasOwn(body, name) ? (body as Readonly<Record<string, unknown>>)[name] : undefined
    return typeof value === 'string' ? [value] : []
  }
  if (request.readableDidRead)
    throw new Error(
      'The host application consumed the request body and left no result in req.body, so Stile cannot read it. Mount the Stile router before that body parser, or use express.urlencoded().',
    )
  return new URLSearchParams((await collect(request, limit)).toString()).getAll(name)
}

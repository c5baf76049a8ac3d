import type { Request } from 'express'
import { createRequestMemory } from '../requests/memory.ts'
import type { GuardRequest, Header } from '../requests/request.ts'

const seen = createRequestMemory<Request, GuardRequest>('request')

/**
 * What the core needs of an Express request: always the same object for the same request, so that its device proof counts once.
 *
 * The URL is the one that was sent, however many routers it was mounted under.
 */
export function toGuardRequest(request: Request): GuardRequest {
  const known = seen.get(request)
  if (known !== undefined) return known
  // Node writes the headers that it has read on the object
  const readable: Request = Object.isExtensible(request) ? request : Object.create(request)
  const made = {
    method: request.method,
    url: request.originalUrl,
    header(name: string): Header {
      // Node keeps only the first Authorization of several in `headers`; here all of them show
      const all = readable.headersDistinct[name]
      return all?.length === 1 ? all[0] : all
    },
  }
  seen.set(request, made)
  return made
}

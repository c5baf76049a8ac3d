import type { Request } from 'express'
import type { GuardRequest } from '../requests/request.ts'

const requests = new WeakMap<Request, GuardRequest>()

/**
 * What the core needs of an Express request: always the same object for the same request, so that its device proof counts once.
 *
 * The URL is the one that was sent, however many routers it was mounted under.
 */
export function toGuardRequest(request: Request): GuardRequest {
  const known = requests.get(request)
  if (known !== undefined) return known
  const made: GuardRequest = {
    method: request.method,
    url: request.originalUrl,
    header: (name) => {
      // Node keeps only the first Authorization of several in `headers`; here all of them show
      const all = request.headersDistinct[name]
      return all?.length === 1 ? all[0] : all
    },
  }
  requests.set(request, made)
  return made
}

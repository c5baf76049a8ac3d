import type { Request } from 'express'
import type { GuardRequest, Header } from '../requests/request.ts'

const MADE: unique symbol = Symbol('stile guard request')

/** A request that was looked at before. */
type Seen = Request & { [MADE]?: GuardRequest & Readonly<{ of: Request }> }

/**
 * What the core needs of an Express request: always the same object for the same request, so that its device proof counts once.
 *
 * The URL is the one that was sent, however many routers it was mounted under.
 *
 * It is kept on the request itself: what is kept beside it, even weakly, keeps requests alive until the next full garbage collection.
 */
export function toGuardRequest(request: Request): GuardRequest {
  const known = (request as Seen)[MADE]
  // an object that was made of another request has what that one has, and is none of it
  if (known?.of === request) return known
  const made = {
    of: request,
    method: request.method,
    url: request.originalUrl,
    header(name: string): Header {
      // Node keeps only the first Authorization of several in `headers`; here all of them show
      const all = request.headersDistinct[name]
      return all?.length === 1 ? all[0] : all
    },
  }
  ;(request as Seen)[MADE] = made
  return made
}

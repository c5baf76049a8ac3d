import type { NextFunction, Request, Response, Router } from 'express'
import { StileError } from '../../error.ts'
import type { HttpContext } from '../context.ts'
import { answer } from '../endpoint/answer-request.ts'

/**
 * Answers what no endpoint of a router does: 404 below its mount path, and paths whose percent-encoding Express refuses.
 *
 * A router that is mounted at the root lets other paths pass, because they belong to the host application.
 */
export function addFallback(router: Router, context: HttpContext): void {
  router.use((request: Request, response: Response, next: NextFunction) => {
    if (request.baseUrl === '') return next()
    return answer(context, { request, response }, async () => {
      throw new StileError('not_found', 'The service has nothing at this path. Check it against the documentation.')
    })
  })
  router.use((error: unknown, request: Request, response: Response, _next: NextFunction) =>
    answer(context, { request, response }, async () => {
      throw error
    }),
  )
}

import { randomUUID } from 'node:crypto'
import { PROBLEM_MEDIA_TYPE, type ProblemCode, problem } from '@stile/protocol'
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express'
import helmet from 'helmet'

/** An Express app around one router: security headers before it, problems for everything that is not its. */
export function appAround(router: Router, { https }: Readonly<{ https: boolean }>): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
      // answers are read by pages of other origins, as far as CORS allows
      crossOriginResourcePolicy: { policy: 'cross-origin' },
      strictTransportSecurity: https ? { maxAge: 31_536_000 } : false,
    }),
  )
  app.use(router)
  const nothing: RequestHandler = (_request, response) => answer(response, 'not_found', 'The service has nothing at this path.')
  const broken: ErrorRequestHandler = (_error, _request, response, _next) =>
    answer(response, 'internal', 'Something went wrong on our side. Its log says what.')
  app.use(nothing, broken)
  return app
}

function answer(response: Parameters<RequestHandler>[1], code: ProblemCode, detail: string): void {
  const body = problem(code, detail)
  response
    .status(body.status)
    .set('Cache-Control', 'no-store')
    .set('X-Request-ID', randomUUID())
    .type(PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify(body))
}

import type { Request, Response, Router } from 'express'
import { StileError } from '../../error.ts'
import type { HttpContext, Running } from '../context.ts'
import type { Answer } from './answer.ts'
import { answer, headerOf } from './answer-request.ts'
import { BODY_LIMIT, readJson } from './body.ts'

/** One request as a handler sees it. */
export type Call = Readonly<{
  request: Request
  response: Response
  running: Running
  /** A path parameter. */
  param: (name: string) => string
  /** A query parameter; `undefined` if it is absent. */
  query: (name: string) => string | undefined
  header: (name: string) => string | undefined
  /** Reads the JSON body. */
  json: () => Promise<unknown>
}>

/** Answers a request, or has taken the response over and answers nothing. */
export type Handler<C extends Call> = (call: C) => Promise<Answer | undefined>

/** Who may call an endpoint: what must be sent first, and what a handler learns from it. */
export type Access<C extends Call> = Readonly<{
  /** The scheme that a bare 401 names. */
  scheme: 'DPoP' | 'Bearer'
  /** Sets headers that every answer carries, also refusals. */
  prepare?: (call: Call) => void
  /** Answers a preflight; without it OPTIONS is a method like any other. */
  preflight?: (call: Call, methods: readonly string[]) => Answer
  /** Checks who asks. */
  admit: (call: Call) => Promise<C>
}>

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export type Endpoint<C extends Call> = Readonly<{
  path: string
  access: Access<C>
  methods: Readonly<{ [M in HttpMethod]?: Handler<C> }>
  bodyLimit?: number
  /** Its GET is a stream: HEAD is refused, because it would hold one open and could never be told anything. */
  streams?: boolean
}>

/**
 * Puts one endpoint into a router.
 *
 * It owns its path alone: whatever else the host application serves is neither logged nor touched. Every error ends here as a problem
 * body and never reaches the error handlers of the host.
 */
export function addEndpoint<C extends Call>(router: Router, context: HttpContext, endpoint: Endpoint<C>): void {
  router.all(endpoint.path, (request, response) =>
    answer(context, { request, response, scheme: endpoint.access.scheme }, async () =>
      serve(await context.running(), request, response, endpoint),
    ),
  )
}

async function serve<C extends Call>(
  running: Running,
  request: Request,
  response: Response,
  { access, methods, bodyLimit = BODY_LIMIT, streams = false }: Endpoint<C>,
): Promise<Answer | undefined> {
  const call: Call = {
    request,
    response,
    running,
    param: (name) => String(request.params[name] ?? ''),
    query: (name) => queryOf(request, name),
    header: (name) => headerOf(request, name),
    json: () => readJson(request, bodyLimit),
  }
  access.prepare?.(call)
  const allowed = Object.keys(methods)
  if (request.method === 'OPTIONS' && access.preflight !== undefined) return access.preflight(call, allowed)
  const handler = methods[(request.method === 'HEAD' && !streams ? 'GET' : request.method) as HttpMethod]
  if (handler === undefined) {
    response.setHeader('Allow', allowed.join(', '))
    throw new StileError('method_not_allowed', `${request.method} does nothing here. Use ${allowed.join(' or ')}.`)
  }
  return await handler(await access.admit(call))
}

function queryOf(request: Request, name: string): string | undefined {
  // the target may name a host (RFC 9112 §3.2.2) that is none: only what follows the first question mark counts
  const [, search = ''] = /^[^?#]*\?([^#]*)/.exec(request.url) ?? []
  const values = new URLSearchParams(search).getAll(name)
  if (values.length > 1) throw new StileError('invalid_request', `The query names "${name}" more than once. Send it once.`)
  return values[0]
}

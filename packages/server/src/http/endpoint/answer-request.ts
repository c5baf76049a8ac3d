import type { IncomingMessage } from 'node:http'
import type { ProblemCode } from '@stile/protocol'
import type { Request, Response } from 'express'
import { StileError } from '../../error.ts'
import type { HttpContext } from '../context.ts'
import { logRequest } from '../log.ts'
import { type Answer, writeAnswer, writeProblem } from './answer.ts'
import { challengeHeaders, problemOf } from './problems.ts'
import { REQUEST_ID, requestId } from './request-id.ts'

/** A request and what answers it. */
export type Exchange = Readonly<{
  request: Request
  response: Response
  /** The scheme that a refusal asks for. Default: `Bearer`. */
  scheme?: 'DPoP' | 'Bearer'
}>

/** What is most often a fault of the set-up: the log tells it as the answer does, because a browser may keep that from the page. */
const SETUP_FAULTS: ReadonlySet<ProblemCode> = new Set(['invalid_dpop_proof', 'invalid_token', 'origin_not_allowed'])

/** Answers one request: gives it an id, runs the work, turns whatever is thrown into a problem, and logs it. */
export async function answer(
  context: HttpContext,
  { request, response, scheme = 'Bearer' }: Exchange,
  work: () => Promise<Answer | undefined>,
): Promise<void> {
  const began = performance.now()
  const { log, random } = context.options
  const id = requestId(headerOf(request, 'x-request-id'), random)
  let code: ProblemCode | undefined
  let fault: unknown
  let told: Readonly<Record<string, unknown>> = {}
  response.setHeader(REQUEST_ID, id)
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.once('close', () => {
    const aborted = response.writableFinished ? {} : { aborted: true as const }
    logRequest(log, {
      requestId: id,
      method: request.method,
      path: request.path,
      status: response.statusCode,
      durationMs: Math.round((performance.now() - began) * 10) / 10,
      ...(code === undefined ? {} : { code }),
      ...(fault === undefined ? {} : { fault, isTold: fault instanceof StileError && fault.isTold }),
      ...told,
      ...aborted,
    })
  })
  try {
    const result = await work()
    if (result !== undefined) writeAnswer(response, result)
  } catch (error) {
    const { problem, blame, log: more } = problemOf(error, context.storeFailed)
    code = problem.code
    fault = blame
    told = { ...(SETUP_FAULTS.has(code) && { detail: problem.detail }), ...more }
    if (response.headersSent) response.destroy()
    else writeProblem(response, problem, challengeHeaders(problem, { scheme, presented: presentsKey(request, scheme) }))
  }
}

/** Whether a request brings what could be the key of a machine. A session token that is wrong has problems of its own. */
function presentsKey(request: Request, scheme: 'DPoP' | 'Bearer'): boolean {
  return scheme === 'Bearer' && /^Bearer +[^ ]/i.test(headerOf(request, 'authorization') ?? '')
}

/** A header that may stand only once; Node joins or keeps the first of repeated ones as HTTP says for each. */
export function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

import type { ServerResponse } from 'node:http'
import { PROBLEM_MEDIA_TYPE, type Problem } from '@stile/protocol'

/** What a handler answers. Without a body the answer is empty. */
export type Answer = Readonly<{ status: number; body?: unknown; headers?: Readonly<Record<string, string>> }>

/** An answer of 200 with a JSON body. */
export function ok(body: unknown, headers?: Readonly<Record<string, string>>): Answer {
  return { status: 200, body, ...(headers === undefined ? {} : { headers }) }
}

/** An answer of 201 with a JSON body. */
export function created(body: unknown): Answer {
  return { status: 201, body }
}

/** An answer of 204. */
export const NOTHING: Answer = { status: 204 }

/** Writes an answer. */
export function writeAnswer(response: ServerResponse, answer: Answer): void {
  write(response, 'application/json; charset=utf-8', answer)
}

/** Writes a problem (RFC 9457). Nothing of it may be cached. */
export function writeProblem(response: ServerResponse, problem: Problem, headers: Readonly<Record<string, string>>): void {
  const { status } = problem
  write(response, PROBLEM_MEDIA_TYPE, { status, body: problem, headers: { ...headers, 'Cache-Control': 'no-store' } })
}

function write(response: ServerResponse, type: string, { status, body, headers = {} }: Answer): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (body === undefined) {
    response.end()
    return
  }
  const bytes = Buffer.from(JSON.stringify(body))
  response.setHeader('Content-Type', type)
  response.setHeader('Content-Length', bytes.length)
  // node leaves the body out if the request was HEAD
  response.end(bytes)
}

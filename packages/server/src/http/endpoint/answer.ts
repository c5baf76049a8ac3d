import type { ServerResponse } from 'node:http'
import { PROBLEM_MEDIA_TYPE, type Problem } from '@stile/protocol'
import { linger } from './linger.ts'

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
  const answer = { status, body: problem, headers: { ...headers, 'Cache-Control': 'no-store' } }
  if (problem.code === 'payload_too_large') {
    // all of the answer is sent at once; its end closes the connection, which must wait for whoever is still sending
    write(response, PROBLEM_MEDIA_TYPE, answer, () => void linger(response.req).then(() => response.end()))
  } else write(response, PROBLEM_MEDIA_TYPE, answer)
}

function write(response: ServerResponse, type: string, { status, body, headers = {} }: Answer, end?: () => void): void {
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
  if (end === undefined) return void response.end(bytes)
  response.write(bytes)
  end()
}

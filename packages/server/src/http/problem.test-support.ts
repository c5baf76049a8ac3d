import { PROBLEMS, type ProblemCode } from '@stile/protocol'
import { expect } from 'vitest'
import type { TestAnswer } from './client.test-support.ts'

/** Every refusal is a problem of the one table, with a sentence, an id and nothing that a cache may keep. */
export function expectProblem(answer: TestAnswer, code: ProblemCode): void {
  expect(answer.body, answer.text).toMatchObject({ type: `urn:stile:problem:${code}`, code, status: PROBLEMS[code].status })
  expect(answer.status).toBe(PROBLEMS[code].status)
  expect((answer.body as { detail: string }).detail.length).toBeGreaterThan(20)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.headers.get('x-request-id')).toMatch(/^req_/)
  expect(answer.headers.has('www-authenticate')).toBe(answer.status === 401 || code === 'insufficient_scope')
}

import { pointer } from '@stile/policy'
import type { z } from 'zod'
import { StileError } from '../error.ts'

/**
 * Reads a body that a subject sent; unknown members are ignored.
 *
 * @throws {StileError} `invalid_request` with every fault, its pointer and a sentence, and no value that was sent.
 */
export function readBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body, { reportInput: false })
  if (result.success) return result.data
  const errors = result.error.issues.map((issue) => ({ pointer: pointer(...issue.path), detail: issue.message }))
  throw new StileError('invalid_request', 'The body does not have the members that this needs. See "errors".', { errors })
}

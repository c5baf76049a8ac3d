import { pointer } from '@stile/policy'
import { z } from 'zod'
import { StileError } from '../error.ts'

/** The body of `POST /v1/step-ups`. */
export const START_BODY = z.object({
  feature: z.string().min(1).max(256),
  operation: z.unknown().optional(),
  audience: z.string().min(1).max(512).optional(),
})

/** The body of `POST /v1/step-ups/{id}/attempts`; what `response` must be is up to the method. */
export const ATTEMPT_BODY = z.object({ method: z.string().min(1).max(32), response: z.unknown() })

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

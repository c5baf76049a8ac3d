import { z } from 'zod'

/** The body of `POST /v1/step-ups`. */
export const START_BODY = z.object({
  feature: z.string().min(1).max(256),
  operation: z.unknown().optional(),
  audience: z.string().min(1).max(512).optional(),
})

/** The body of `POST /v1/step-ups/{id}/attempts`; what `response` must be is up to the method. */
export const ATTEMPT_BODY = z.object({ method: z.string().min(1).max(32), response: z.unknown() })

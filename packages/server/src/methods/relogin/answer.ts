import { z } from 'zod'

const text = z.string().min(1).max(4096)

const ANSWER = z
  .object({ state: text, code: text.optional(), error: text.optional(), iss: text.optional() })
  .refine(({ code, error }) => (code === undefined) !== (error === undefined))

/** What a login provider sent to the page: a code or an error, never both. */
export type LoginAnswer = Readonly<{ state: string; code?: string | undefined; error?: string | undefined; iss?: string | undefined }>

/** Reads it; `undefined` where it cannot be one. Other members are ignored. */
export function readLoginAnswer(response: unknown): LoginAnswer | undefined {
  return ANSWER.safeParse(response).data
}

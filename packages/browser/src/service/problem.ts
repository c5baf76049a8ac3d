import type { Problem, ProblemCode } from '@stile/protocol'

/** Reads the problem body of a response and leaves the response readable. Gives `undefined` for any other body. Never throws. */
export async function problemOf(response: Response): Promise<Problem | undefined> {
  const body = await response
    .clone()
    .json()
    .catch(() => {})
  // the service may know codes that this version does not: they are kept, and deny like any other
  const [, code] = /^urn:stile:problem:(\w+)$/.exec(body?.type) ?? []
  return code ? { ...body, code: code as ProblemCode } : undefined
}

import { acrValues, buildChallenge, type Problem, type ProblemCode } from '@stile/protocol'
import { StileError } from '../../error.ts'

/** How long a client should wait before it tries again if the store fails, in seconds. */
const RETRY_SECONDS = 2

/** The problem that the client is told of, and what the log must say of it if the service is to blame. */
export type Refusal = Readonly<{ problem: Problem; blame?: unknown; log?: StileError['log'] }>

/**
 * Turns whatever was thrown into a problem.
 *
 * What was expected says so itself. A failing store is `service_unavailable`; anything else is a fault of ours, and the client learns
 * nothing but that.
 */
export function problemOf(error: unknown, storeFailed: (error: unknown) => boolean): Refusal {
  if (error instanceof StileError) return { problem: error.toProblem(), log: error.log, ...(error.status >= 500 && { blame: error }) }
  if (storeFailed(error)) {
    const unavailable = new StileError(
      'service_unavailable',
      'The service cannot reach its store, so nothing was changed. Try again in a moment.',
      { retryAfter: RETRY_SECONDS },
    )
    return { problem: unavailable.toProblem(), blame: error }
  }
  // Express says 400 if the percent-encoding of a path cannot be read
  if (error instanceof URIError || (error as { status?: unknown } | null)?.status === 400)
    return { problem: new StileError('not_found', 'The path is not well-formed. Check its percent-encoding.').toProblem() }
  const internal = new StileError(
    'internal',
    'Something went wrong on our side. Report the request id of this answer to the operator of the service.',
  )
  return { problem: internal.toProblem(), blame: error }
}

/** What a refusal asks for: the scheme, and whether the request brought a credential of that scheme. */
export type Asked = Readonly<{ scheme: 'DPoP' | 'Bearer'; presented: boolean }>

/** The headers that go with a problem: `WWW-Authenticate` (RFC 9110 §11.6.1, RFC 9449 §7.1, RFC 9470 §3) and `Retry-After`. */
export function challengeHeaders(problem: Problem, asked: Asked): Record<string, string> {
  const headers: Record<string, string> = {}
  const challenge = challengeOf(problem, asked)
  if (challenge !== undefined) headers['WWW-Authenticate'] = challenge
  if (problem.retryAfter !== undefined) headers['Retry-After'] = String(problem.retryAfter)
  else if (problem.status === 503) headers['Retry-After'] = String(RETRY_SECONDS)
  // what is left of a body that was not read would stand in the way of the next request
  if (problem.code === 'payload_too_large') headers.Connection = 'close'
  return headers
}

/** Codes that a challenge names as RFC 6750, 9449 and 9470 do; a session that has ended is a token that is no longer valid. */
const NAMED: Readonly<{ [C in ProblemCode]?: string }> = {
  invalid_token: 'invalid_token',
  session_ended: 'invalid_token',
  invalid_dpop_proof: 'invalid_dpop_proof',
  use_dpop_nonce: 'use_dpop_nonce',
  insufficient_scope: 'insufficient_scope',
  insufficient_user_authentication: 'insufficient_user_authentication',
}

function challengeOf({ code, detail, requirement }: Problem, { scheme, presented }: Asked): string | undefined {
  // who sent no credentials learns no more than the scheme, and who sent a wrong one that it was wrong (RFC 6750 §3.1)
  if (code === 'unauthenticated') return buildChallenge({ scheme, ...(presented && { error: 'invalid_token', errorDescription: detail }) })
  const error = NAMED[code]
  if (error === undefined) return undefined
  return buildChallenge({
    scheme,
    error,
    errorDescription: detail,
    ...(code === 'insufficient_user_authentication' && requirement !== undefined
      ? { acrValues: acrValues(requirement.level), maxAgeSeconds: requirement.maxAgeSeconds }
      : {}),
  })
}

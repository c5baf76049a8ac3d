import { EXPOSED_HEADERS } from '@stile/protocol'
import { isWildcard, matchesOrigin } from '../options/origins.ts'
import type { ClientOptions } from '../options.ts'

const REQUEST_HEADERS = 'Authorization, DPoP, Content-Type, Last-Event-ID'

/** How long a browser may remember a preflight, in seconds. */
const MAX_AGE_SECONDS = 600

/**
 * The client that a request belongs to: the one that lists its origin, or the first where it comes from no browser page.
 * `undefined` where the origin belongs to none. An origin that is listed as it is goes before a wildcard.
 */
export function clientOf(clients: readonly ClientOptions[], origin: string | undefined): ClientOptions | undefined {
  if (origin === undefined) return clients[0]
  const listed = clients.find(({ origins }) => origins.some((each) => !isWildcard(each) && each === origin))
  return listed ?? clients.find(({ origins }) => origins.some((pattern) => matchesOrigin(pattern, origin)))
}

/** The headers that let a page of an allowed origin read the answer. No cookies are ever allowed: every call carries its own proof. */
export function corsHeaders(origin: string): Readonly<Record<string, string>> {
  return { 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': EXPOSED_HEADERS }
}

/** The headers of the answer to a preflight. */
export function preflightHeaders(methods: readonly string[]): Readonly<Record<string, string>> {
  return {
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': REQUEST_HEADERS,
    'Access-Control-Max-Age': String(MAX_AGE_SECONDS),
  }
}

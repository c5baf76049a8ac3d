import { EXPOSED_HEADERS } from '@stile/protocol'
import type { AudienceOptions, ClientOptions, Options } from '../../options/options.ts'
import { isWildcard, matchesOrigin } from '../../options/origins.ts'

const REQUEST_HEADERS = 'Authorization, DPoP, Content-Type, Last-Event-ID'

/** How long a browser may remember a preflight, in seconds. */
const MAX_AGE_SECONDS = 600

/** What tells clients apart. */
export type ClientSources = Pick<Options, 'publicUrl'> &
  Readonly<{
    clients: readonly Pick<ClientOptions, 'id' | 'origins'>[]
    audiences: readonly Pick<AudienceOptions, 'id' | 'clients'>[]
  }>

/**
 * The client that a request belongs to: the one that lists its origin. `undefined` if the origin belongs to none.
 *
 * Without an origin it is the client of the page that the service stands beside, because browsers send none for a GET of the same origin;
 * else the first that may ask for the audience, else the first.
 */
export function clientOf(
  { publicUrl, clients, audiences }: ClientSources,
  origin: string | undefined,
  audience?: string,
): ClientSources['clients'][number] | undefined {
  if (origin !== undefined) return ownerOf(clients, origin)
  const mayAsk = audiences.find(({ id }) => id === audience)?.clients
  return ownerOf(clients, new URL(publicUrl).origin) ?? clients.find(({ id }) => mayAsk?.includes(id)) ?? clients[0]
}

/** The client that lists an origin. One that lists it as it is goes before a wildcard. */
function ownerOf(clients: ClientSources['clients'], origin: string): ClientSources['clients'][number] | undefined {
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

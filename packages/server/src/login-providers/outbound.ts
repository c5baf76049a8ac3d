import { ProviderUnreachable } from './unavailable.ts'

const TIMEOUT_MILLISECONDS = 5_000
const MAX_BYTES = 256 * 1024

/** What bounds a request to a login provider. */
export type OutboundLimits = Readonly<{
  /** For the whole answer, its body included. Default: 5000. */
  timeoutMilliseconds?: number
  /** Default: 262144. */
  maxBytes?: number
}>

/** One request, as the OAuth library asks for it. */
export type OutboundRequest = Readonly<{
  method: string
  headers: Record<string, string>
  body?: URLSearchParams | undefined
  signal?: AbortSignal | undefined
}>

/**
 * A `fetch` for requests to a login provider: bounded in time and size, without redirects, with the body read to its end.
 *
 * It rejects with {@link ProviderUnreachable} if there is no answer, if the provider says that the fault is its own (5xx, 429), and
 * if a GET, which asks for metadata or keys, is not answered with 200.
 */
export function createOutbound(
  fetch: typeof globalThis.fetch,
  { timeoutMilliseconds = TIMEOUT_MILLISECONDS, maxBytes = MAX_BYTES }: OutboundLimits = {},
): (url: string, request: OutboundRequest) => Promise<Response> {
  return async (url, { method, headers: sent, body: content, signal }) => {
    const { host, pathname } = new URL(url)
    const timeout = AbortSignal.timeout(timeoutMilliseconds)
    let response: Response
    let body: Uint8Array<ArrayBuffer> | undefined
    try {
      response = await fetch(url, {
        method,
        headers: sent,
        ...(content !== undefined && { body: content }),
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      })
      body = await read(response, maxBytes)
    } catch (cause) {
      const why = timeout.aborted ? `within ${timeoutMilliseconds} ms` : 'completely'
      throw new ProviderUnreachable(`${host} did not answer ${pathname} ${why}.`, { cause })
    }
    if (body === undefined) throw new ProviderUnreachable(`${host} answered ${pathname} with more than ${maxBytes} bytes.`)
    const { status, headers } = response
    if (status >= 500 || status === 429 || (method === 'GET' && status !== 200))
      throw new ProviderUnreachable(`${host} answered ${pathname} with status ${status}.`)
    return new Response(status === 204 || status === 304 ? null : body, { status, headers })
  }
}

/** The whole body, or `undefined` if it is too large. */
async function read(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  // leaving the loop lets go of the connection
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > maxBytes) return undefined
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

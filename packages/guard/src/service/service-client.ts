import { PROBLEM_MEDIA_TYPE } from '@stile/protocol'
import type { GuardService } from '../options/options.ts'

/** How long the service may take to answer, in milliseconds, before it counts as unreachable. */
const TIMEOUT_MS = 3_000
const MAX_BODY_BYTES = 65_536

/**
 * What came of a request to the service. `refused` is an answer that says no; `unreachable` is none, or one of a broken server.
 *
 * `keyRefused` says that the service itself refuses the key of this guard, and not something between here and there one request.
 */
export type ServiceAnswer =
  | Readonly<{ status: 'answered'; body: unknown }>
  | Readonly<{ status: 'refused'; httpStatus: number; keyRefused: boolean }>
  | Readonly<{ status: 'unreachable'; cause: unknown }>

/** Talks to the service. Redirects are never followed, because the key must not travel. */
export type ServiceClient = Readonly<{
  /** GETs JSON; never rejects. */
  get(path: string, authorized: boolean): Promise<ServiceAnswer>
  /** Opens an event stream; rejects if the answer is none. */
  open(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>
  /** Whether the last answer that the key was sent for says that the service refuses it: waiting does not cure that. */
  isKeyRefused(): boolean
}>

/** What a client of the service needs. */
export type ServiceClientOptions = Required<GuardService> &
  Readonly<{
    /** Called when the service begins to refuse the key. */
    onKeyRefused?: (httpStatus: number) => void
  }>

/** Makes a client of the service; its URL has no trailing slash. */
export function createServiceClient({ url, key, fetch, onKeyRefused }: ServiceClientOptions): ServiceClient {
  const authorization = { Authorization: `Bearer ${key}` }
  let refused = false
  const noteKey = (response: Response): void => {
    const isRefused = isRefusalOfKey(response)
    const isNew = isRefused && !refused
    // anything between here and there may say no, or fail; only an answer shows that the key is taken again
    if (isRefused || response.ok) refused = isRefused
    if (isNew) onKeyRefused?.(response.status)
  }
  return {
    async get(path, authorized) {
      try {
        const response = await fetch(url + path, {
          headers: { Accept: 'application/json', ...(authorized && authorization) },
          redirect: 'error',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        })
        if (authorized) noteKey(response)
        if (response.status >= 500 || response.status === 429) {
          await response.body?.cancel()
          return { status: 'unreachable', cause: `status ${response.status}` }
        }
        if (response.status !== 200) {
          await response.body?.cancel()
          return { status: 'refused', httpStatus: response.status, keyRefused: isRefusalOfKey(response) }
        }
        return { status: 'answered', body: JSON.parse(await readText(response)) }
      } catch (cause) {
        return { status: 'unreachable', cause }
      }
    },
    async open(path, headers, signal) {
      const response = await fetch(url + path, {
        headers: { Accept: 'text/event-stream', ...headers, ...authorization },
        redirect: 'error',
        cache: 'no-store',
        signal,
      })
      noteKey(response)
      const type = response.headers.get('content-type') ?? ''
      if (response.status === 200 && /^text\/event-stream\b/i.test(type) && response.body !== null) return response.body
      await response.body?.cancel()
      throw new Error(`${url}${path} answered ${response.status} ${type}, so there is no feed.`)
    },
    isKeyRefused: () => refused,
  }
}

/** The service says so with a problem; a firewall that dislikes one name answers with a page of its own. */
function isRefusalOfKey({ status, headers }: Response): boolean {
  return (status === 401 || status === 403) && (headers.get('content-type') ?? '').startsWith(PROBLEM_MEDIA_TYPE)
}

async function readText(response: Response): Promise<string> {
  if (response.body === null) return ''
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const reader = response.body.getReader()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > MAX_BODY_BYTES) {
      await reader.cancel()
      throw new Error(`The answer is longer than ${MAX_BODY_BYTES} bytes, so it is not read.`)
    }
    text += decoder.decode(value, { stream: true })
  }
}

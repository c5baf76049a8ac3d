import { PROBLEM_MEDIA_TYPE } from '@stile/protocol'
import { networkCodeOf } from '@stile/protocol/node'
import type { GuardService } from '../options/options.ts'

/** How long the service may take to answer, in milliseconds, before it counts as unreachable. */
const TIMEOUT_MS = 3_000
const MAX_BODY_BYTES = 65_536

/**
 * What came of a request to the service. `refused` is an answer that says no; `unreachable` is none, or one of a broken server.
 *
 * `cause` says for the log what came from which service, without the path: it names accounts and subjects.
 * `keyRefused` says that the service itself refuses the key of this guard, and not something between here and there one request.
 */
export type ServiceAnswer =
  | Readonly<{ status: 'answered'; body: unknown }>
  | Readonly<{ status: 'refused'; httpStatus: number; keyRefused: boolean; cause: string }>
  | Readonly<{ status: 'unreachable'; cause: string }>

/** Talks to the service. Redirects are never followed, because the key must not travel. */
export type ServiceClient = Readonly<{
  /** GETs JSON; never rejects. */
  get(path: string, authorized: boolean): Promise<ServiceAnswer>
  /** Opens an event stream; rejects if the answer is none. */
  open(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>
  /** Whether the last answer that the key was sent for says that the service refuses it: waiting does not cure that. */
  isKeyRefused(): boolean
}>

/** The feed is not opened because the service refuses the key, which `onKeyRefused` has told. */
export class KeyRefusedError extends Error {}

/** What a client of the service needs. */
export type ServiceClientOptions = Required<GuardService> &
  Readonly<{
    /** Called whenever the service refuses the key, with the sentence that it gives for it, if it is a short one. */
    onKeyRefused?: (refusal: Readonly<{ httpStatus: number; detail?: string }>) => void
  }>

/** Makes a client of the service; its URL has no trailing slash. */
export function createServiceClient({ url, key, fetch, onKeyRefused }: ServiceClientOptions): ServiceClient {
  const authorization = { Authorization: `Bearer ${key}` }
  let refused = false
  const noteKey = async (response: Response): Promise<void> => {
    const isRefused = isRefusalOfKey(response)
    // anything between here and there may say no, or fail; only an answer shows that the key is taken again
    if (isRefused || response.ok) refused = isRefused
    if (!isRefused) return
    const detail = await readDetail(response)
    // what came from outside never brings the key into a log
    const isShown = detail !== undefined && !detail.includes(key)
    onKeyRefused?.({ httpStatus: response.status, ...(isShown && { detail }) })
  }
  return {
    async get(path, authorized) {
      let response: Response
      let text: string
      try {
        response = await fetch(url + path, {
          headers: { Accept: 'application/json', ...(authorized && authorization) },
          redirect: 'error',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        })
        if (authorized) await noteKey(response)
        if (response.status !== 200) {
          if (!response.bodyUsed) await response.body?.cancel()
          const cause = answered(url, response)
          if (response.status >= 500 || response.status === 429) return { status: 'unreachable', cause }
          return { status: 'refused', httpStatus: response.status, keyRefused: isRefusalOfKey(response), cause }
        }
        text = await readText(response)
      } catch (cause) {
        return { status: 'unreachable', cause: silence(url, cause) }
      }
      try {
        return { status: 'answered', body: JSON.parse(text) }
      } catch {
        return { status: 'unreachable', cause: `${answered(url, response)}, which is no JSON.${passOn(url)}` }
      }
    },
    async open(path, headers, signal) {
      let response: Response
      try {
        response = await fetch(url + path, {
          headers: { Accept: 'text/event-stream', ...headers, ...authorization },
          redirect: 'error',
          cache: 'no-store',
          signal,
        })
      } catch (cause) {
        throw signal.aborted ? signal.reason : new Error(silence(url + path, cause), { cause })
      }
      await noteKey(response)
      if (isRefusalOfKey(response)) throw new KeyRefusedError(answered(url + path, response))
      const isStream = /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')
      if (response.status === 200 && isStream && response.body !== null) return response.body
      if (!response.bodyUsed) await response.body?.cancel()
      const isForeign = response.status === 404 || response.status === 200
      throw new Error(`${answered(url + path, response)}, so there is no feed.${isForeign ? passOn(url) : ''}`)
    },
    isKeyRefused: () => refused,
  }
}

/** The service says so with a problem; a firewall that dislikes one name answers with a page of its own. */
function isRefusalOfKey({ status, headers }: Response): boolean {
  return (status === 401 || status === 403) && (headers.get('content-type') ?? '').startsWith(PROBLEM_MEDIA_TYPE)
}

/** What came from a place, for the log. */
function answered(place: string, { status, headers }: Response): string {
  const type = headers.get('content-type')?.split(';')[0]?.trim()
  return `${place} answered ${status}${type !== undefined && /^[\w.+/-]{1,100}$/.test(type) ? ` with ${type}` : ''}`
}

/** That nothing came from a place, for the log. */
function silence(place: string, cause: unknown): string {
  const code = networkCodeOf(cause)
  if (code !== undefined) return `${place} did not answer (${code}).`
  return `${place} did not answer: ${cause instanceof Error ? cause.message : 'unknown'}.`
}

/** What to look at if something else than the service answers. */
function passOn(url: string): string {
  const { pathname } = new URL(url)
  const what = pathname === '/' ? 'requests' : pathname
  return ` Does what answers there (a dev server, a proxy) pass ${what} on to the service?`
}

/** The sentence of a problem, if it is short and of one line. Never rejects. */
async function readDetail(response: Response): Promise<string | undefined> {
  try {
    const { detail } = JSON.parse(await readText(response)) as { detail?: unknown }
    return typeof detail === 'string' && /^[ -~]{1,300}$/.test(detail) ? detail : undefined
  } catch {
    return undefined
  }
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

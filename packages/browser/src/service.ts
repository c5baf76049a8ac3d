import { dpopProof, type Prover, rememberNonce } from './dpop.ts'
import { StileError } from './error.ts'
import { orFail, within } from './lib/within.ts'
import { problemOf } from './problem.ts'
import type { Session } from './session.ts'

/** Calls the service: session token, proof of the device key, and a problem as a `StileError`. */
export type Service = Readonly<{
  /** One JSON call. */
  request: (method: string, path: string, body?: unknown) => Promise<unknown>
  /** One call whose answer the caller reads, such as a stream. */
  open: (method: string, path: string, init?: RequestInit) => Promise<Response>
}>

const WAIT_MS = 10_000

/**
 * Creates the room that talks to the service. Each of a missing nonce and a refused session token is cured once per call.
 *
 * @param base  the service's `publicUrl` without a slash at its end
 */
export function createService(base: string, session: Session, prover: Prover, fetch: typeof globalThis.fetch): Service {
  const open = async (method: string, path: string, init: RequestInit = {}): Promise<Response> => {
    const url = base + path
    const tried = new Set<string>()
    for (;;) {
      const token = await session.token()
      const abort = new AbortController()
      const end = () => abort.abort()
      init.signal?.addEventListener('abort', end)
      const headers = { ...init.headers, Authorization: `Bearer ${token}`, DPoP: await dpopProof(prover, method, url, token) }
      const response = await orFail(
        within(WAIT_MS, fetch(url, { ...init, method, headers, credentials: 'omit', redirect: 'error', signal: abort.signal })),
        'service_unavailable',
      ).catch((error) => {
        end()
        throw error
      })
      const renewed = rememberNonce(prover, url, response)
      if (response.ok) return response

      const problem = await problemOf(response)
      const code = problem?.code ?? (response.status < 500 ? 'invalid_request' : 'service_unavailable')
      const ended = code === 'invalid_token'
      if (tried.has(code) || !(ended || (code === 'use_dpop_nonce' && renewed))) throw new StileError(code, problem)
      tried.add(code)
      if (ended) session.expire(token)
    }
  }

  return {
    open,
    request: async (method, path, body) => {
      const init = { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }
      const response = await open(method, path, body ? init : {})
      return response.status === 204 ? undefined : orFail(within(WAIT_MS, response.json()), 'service_unavailable')
    },
  }
}

import type { Prover } from '../device/device-proof.ts'
import { StileError } from '../error.ts'
import type { Session } from '../session/session.ts'
import type { Stile } from '../stile.ts'
import { exchange } from './exchange.ts'
import { problemOf } from './problem.ts'

/** Calls the service: session token, proof of the device key, and a problem as a `StileError`. */
export type Service = readonly [
  /** One JSON call. */
  request: Stile['request'],
  /** One call whose answer the caller reads, such as a stream. */
  open: (method: string, path: string, init?: RequestInit) => Promise<Response>,
]

const away = (cause: unknown): never => {
  throw new StileError('service_unavailable', undefined, cause)
}

/**
 * Creates the room that talks to the service. Each of a missing nonce and a refused session token is cured once per call.
 *
 * @param base  the service's `publicUrl` without a slash at its end
 */
export function createService(base: string, [token, expire]: Session, prover: Prover, fetch: typeof globalThis.fetch): Service {
  const call = async (method: string, path: string, init?: RequestInit): Promise<Response> => {
    if (path[0] !== '/') throw new TypeError('A path that does not start with / could change the host.')
    const url = new URL(base + path)
    const WAIT_MS = 10_000
    const response = await exchange(
      prover,
      method,
      url,
      true,
      token,
      (carried, DPoP) =>
        fetch(url, {
          signal: AbortSignal.timeout(WAIT_MS),
          ...init,
          method,
          headers: { ...init?.headers, Authorization: `Bearer ${carried}`, DPoP },
          credentials: 'omit',
          redirect: 'error',
        }).catch(away),
      async (cause, carried) => cause === 'invalid_token' && expire(carried),
    )
    if (response.ok) return response
    const problem = await problemOf(response)
    throw new StileError(problem?.code ?? 'service_unavailable', problem)
  }

  return [
    async (method, path, body) => {
      const response = await call(method, path, { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } })
      return response.status === 204 ? undefined : response.json().catch(away)
    },
    call,
  ]
}

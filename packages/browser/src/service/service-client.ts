import { StileError } from '../base.ts'
import type { DeviceProver } from '../device/device-proof.ts'
import type { Clock } from '../lib/clock.ts'
import type { Session } from '../session/session.ts'
import type { Stile } from '../stile.ts'
import type * as Answers from './answers.ts'
import { type Exchange, exchange } from './exchange.ts'

/** Calls the service with the session token and a proof of the device key. A problem that it answers is thrown as a `StileError`. */
export type ServiceClient = Readonly<{
  baseUrl: string
  /** Makes one JSON call. */
  request: Stile['request']
  /** Makes one call, and leaves its answer to the caller, such as a stream. */
  open: (path: string, init: RequestInit & Readonly<{ method: string }>) => Promise<Response>
}>

/** What a service client is made of. */
export type ServiceClientOptions = Readonly<{
  /** The service's `publicUrl` without a slash at its end. */
  baseUrl: string
  session: Session
  prover: DeviceProver
  clock: Clock
  fetch: typeof globalThis.fetch
  /** Loads what reads challenges and problems. */
  loadReady: () => Promise<Awaited<ReturnType<Exchange['loadReady']>> & Readonly<typeof Answers>>
}>

const WAIT_MS = 10_000

const unavailable = (cause: unknown): never => {
  throw new StileError('service_unavailable', undefined, cause)
}

/** Creates the client of the service. A missing nonce, a refused session token and a clock that was set are each
 * cured once per call. */
export function createServiceClient({ baseUrl, session, prover, clock, fetch, loadReady }: ServiceClientOptions): ServiceClient {
  const open: ServiceClient['open'] = async (path, init) => {
    // another one could change the host
    if (path[0] !== '/') throw new TypeError('A path starts with /.')
    const url = new URL(baseUrl + path)
    const response = await exchange({
      prover,
      method: init.method,
      url,
      token: session.token,
      loadReady,
      send: (credential) =>
        fetch(url, {
          signal: AbortSignal.timeout(WAIT_MS),
          ...init,
          headers: { ...init.headers, Authorization: `Bearer ${credential?.token ?? ''}`, DPoP: credential?.proof ?? '' },
          credentials: 'omit',
          redirect: 'error',
        }).catch(unavailable),
      cure: async ({ challenge, token, response }) => {
        switch (challenge.error) {
          case 'invalid_token':
            session.expire(token)
            return true
          // this browser's clock may have been set
          case 'invalid_dpop_proof':
            return clock.learnFrom(response)
          default:
            return false
        }
      },
    })
    if (response.ok) return response
    const { errorOf } = await loadReady().catch(unavailable)
    throw await errorOf(response)
  }

  return {
    baseUrl,
    request: async (method, path, body) => {
      const response = await open(path, { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } })
      if (response.status === 204) return undefined
      return response.json().catch(async () => {
        const { unreadable } = await loadReady().catch(unavailable)
        throw unreadable(response)
      })
    },
    open,
  }
}

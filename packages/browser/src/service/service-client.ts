import { StileError } from '../base.ts'
import type { DeviceProver } from '../device/device-proof.ts'
import type { Clock } from '../lib/clock.ts'
import type { Session } from '../session/session.ts'
import type { Stile } from '../stile.ts'
import { exchange, loadRefusals } from './exchange.ts'

/** Calls the service with the session token and a proof of the device key. A problem that it answers is thrown as a `StileError`. */
export type ServiceClient = Readonly<{
  baseUrl: string
  /** Makes one JSON call. */
  request: Stile['request']
  /** Gets the nonce that the first call needs, unless it was asked for already. */
  warmUp: () => void
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
}>

const WAIT_MS = 10_000
/** How long the first call waits for its nonce before it goes without. */
const NONCE_WAIT_MS = 2000
/** What every call has in common. */
const INIT = { credentials: 'omit', redirect: 'error' } as const

const unavailable = (cause: unknown): never => {
  throw new StileError('service_unavailable', undefined, cause)
}

/** Creates the client of the service. A missing nonce, a refused session token and a clock that was set are each
 * cured once per call. */
export function createServiceClient({ baseUrl, session, prover, clock, fetch }: ServiceClientOptions): ServiceClient {
  let nonce: Promise<unknown> | undefined
  /** Asks for the nonce of the first proof. A service that gives none here gives it with a refusal, which browsers show as an error. */
  const askForNonce = async () => {
    const url = new URL(`${baseUrl}/v1/nonce`)
    prover.learnNonce(url, await fetch(url, { ...INIT, signal: AbortSignal.timeout(NONCE_WAIT_MS) }))
  }
  const warmUp = async () => {
    nonce ??= askForNonce().catch(() => {})
    await nonce
  }
  const tokenAfterNonce = async () => {
    const warm = warmUp()
    const held = await session.token()
    await warm
    return held
  }

  const open: ServiceClient['open'] = async (path, init) => {
    // another one could change the host
    if (path[0] !== '/') throw new TypeError('A path starts with /.')
    const url = new URL(baseUrl + path)
    const response = await exchange({
      prover,
      method: init.method,
      url,
      token: tokenAfterNonce,
      send: (credential) =>
        fetch(url, {
          signal: AbortSignal.timeout(WAIT_MS),
          ...init,
          headers: { ...init.headers, Authorization: `Bearer ${credential?.token ?? ''}`, DPoP: credential?.proof ?? '' },
          ...INIT,
        }).catch(unavailable),
      cure: async (challenged) => (await loadRefusals()).cureCall(challenged, { session, clock }),
    })
    if (response.ok) return response
    const { errorOf } = await loadRefusals().catch(unavailable)
    throw await errorOf(response)
  }

  return {
    baseUrl,
    warmUp,
    request: async (method, path, body) => {
      const response = await open(path, { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } })
      if (response.status === 204) return undefined
      return response.json().catch(async () => {
        const { unreadable } = await loadRefusals().catch(unavailable)
        throw unreadable(response)
      })
    },
    open,
  }
}

import { type IssuedToken, type Operation, type Requirement, readChallenge } from '@stile/protocol'
import { dpopProof, type Prover, rememberNonce } from './dpop.ts'
import { StepUpRequired } from './error.ts'
import { problemOf } from './problem.ts'
import type { Stile } from './stile.ts'

/** What an API asked for. */
export type Asked = Readonly<{
  feature: string
  requirement: Requirement | undefined
  operation: Operation | undefined
  audience: string
  signal: AbortSignal
  /** Whether a prompt may be opened; one that is open may be joined. */
  mayPrompt: boolean
}>

/** What `stile.fetch` needs of the client. */
export type FetchDeps = Readonly<{
  /** The audience of each origin. */
  audiences: ReadonlyMap<string, string>
  prover: Prover
  fetch: typeof globalThis.fetch
  /** A token to send along, where there is one soon; a service that is down holds nothing up. */
  ready: (audience: string) => Promise<IssuedToken | undefined>
  /** Another token than `not`, without a prompt. */
  renew: (audience: string, not: IssuedToken | undefined) => Promise<IssuedToken>
  /** Rejects with `StepUpCancelled` or `StepUpFailed`; `undefined` where no prompt may be shown. */
  stepUp: (asked: Asked) => Promise<IssuedToken> | undefined
}>

const isActive = () => !!globalThis.navigator?.userActivation?.isActive

/** Creates the `fetch` that carries tokens and answers challenges: at most one repetition per cause. */
export function createFetch({ audiences, prover, fetch, ready, renew, stepUp }: FetchDeps): Stile['fetch'] {
  return async (input, { prompt, ...init } = {}) => {
    const { origin } = new URL(input instanceof Request ? input.url : input, globalThis.document?.baseURI)
    const audience = audiences.get(origin)
    if (!audience) return fetch(input, init)

    const active = isActive()
    const request = new Request(input, init)
    const { method, url, signal } = request
    // a stream can be read once: such a request is sent once
    const repeatable = !(init.body instanceof ReadableStream)
    const own = request.headers.has('authorization')
    const tried = new Set<string>()
    let issued = await ready(audience)
    for (;;) {
      const headers = new Headers(request.headers)
      if (issued) {
        const { token } = issued
        headers.set(own ? 'Stile-Assurance' : 'Authorization', own ? token : `DPoP ${token}`)
        headers.set(own ? 'Stile-Proof' : 'DPoP', await dpopProof(prover, method, url, token))
      }
      const response = await fetch(repeatable ? request.clone() : request, issued ? { headers, redirect: 'error' } : {})
      const nonce = rememberNonce(prover, url, response)
      const challenge = response.status === 401 && repeatable && readChallenge(response.headers.get('www-authenticate'))
      if (!challenge || tried.has(challenge.error)) return response
      tried.add(challenge.error)

      if (challenge.error === 'invalid_token') {
        issued = await renew(audience, issued).catch(() => undefined)
        if (!issued) return response
      } else if (challenge.error === 'insufficient_user_authentication') {
        const problem = await problemOf(response)
        const { feature, requirement, operation } = problem ?? {}
        if (!feature || !challenge.level) return response
        const mayPrompt = prompt === 'always' || (prompt !== 'never' && (active || isActive()))
        const proving = stepUp({ feature, requirement, operation, audience, signal, mayPrompt })
        if (!proving) throw new StepUpRequired('step_up_required', problem)
        issued = await proving
      } else if (challenge.error !== 'use_dpop_nonce' || !nonce) return response
    }
  }
}

import type { IssuedToken } from '@stile/protocol'
import type { Prover } from './dpop.ts'
import { StepUpRequired } from './error.ts'
import { exchange } from './exchange.ts'
import { problemOf } from './problem.ts'
import type { StepUps } from './step-ups.ts'
import type { Stile } from './stile.ts'

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
  answer: StepUps['answer']
}>

const isActive = () => globalThis.navigator?.userActivation?.isActive
/** Names no level, or one of ours. */
const LEVEL = /^(?!.*\bacr_values=)|\bacr_values="[^"]*\b(urn:stile:acr:(session|mfa)|phrh?)[ "]/s

/** Creates the `fetch` that carries tokens and answers challenges: at most one repetition per cause. */
export function createFetch({ audiences, prover, fetch, ready, renew, answer }: FetchDeps): Stile['fetch'] {
  return async (input, { prompt, ...init } = {}) => {
    const { origin } = new URL(input instanceof Request ? input.url : input, globalThis.document?.baseURI)
    const audience = audiences.get(origin)
    if (!audience) return fetch(input, init)

    const active = isActive()
    const request = new Request(input, init)
    const { method, url, signal, headers: given } = request
    // a stream can be read once: such a request is sent once
    const repeatable = !(init.body instanceof ReadableStream)
    const [carrier, proofHeader, scheme] = given.has('authorization')
      ? ['Stile-Assurance', 'Stile-Proof', '']
      : ['Authorization', 'DPoP', 'DPoP ']
    let issued = await ready(audience)
    return exchange(prover, {
      method,
      url,
      repeatable,
      token: async () => issued?.token,
      send: (token, proof) => {
        const headers = new Headers(given)
        if (token) {
          headers.set(carrier, scheme + token)
          headers.set(proofHeader, proof)
        }
        return fetch(repeatable ? request.clone() : request, token ? { headers, redirect: 'error' } : undefined)
      },
      cure: async (cause, challenge, response) => {
        if (cause === 'invalid_token') {
          issued = await renew(audience, issued).catch(() => undefined)
          return !!issued
        }
        const problem = cause === 'insufficient_user_authentication' && LEVEL.test(challenge) && (await problemOf(response))
        if (!problem || !problem.feature) return false
        const { feature, requirement, operation } = problem
        const mayPrompt = prompt === 'always' || (prompt !== 'never' && !!(active || isActive()))
        const proving = answer({ feature, requirement, operation, audience, signal, mayPrompt })
        if (!proving) throw new StepUpRequired('step_up_required', problem)
        issued = await proving
        return true
      },
    })
  }
}

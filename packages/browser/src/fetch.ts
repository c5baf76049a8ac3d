import type { IssuedToken } from '@stile/protocol'
import type { Prover } from './device/device-proof.ts'
import { StepUpRequired } from './error.ts'
import { exchange } from './service/exchange.ts'
import { problemOf } from './service/problem.ts'
import type { StepUps } from './step-ups/step-ups.ts'
import type { Stile } from './stile.ts'

/** Names no level, or one of ours. */
const LEVEL = /^(?!.*\bacr_values=)|\bacr_values="[^"]*\b(urn:stile:acr:|phr)/s

/**
 * Creates the `fetch` that carries tokens and answers challenges: at most one repetition per cause.
 *
 * @param audiences  the audience of each origin
 * @param ready  a token to send along, where there is one soon; a service that is down holds nothing up
 * @param renew  another token than `not`, without a prompt
 */
export function createFetch(
  audiences: ReadonlyMap<string, string>,
  prover: Prover,
  fetch: typeof globalThis.fetch,
  ready: (audience: string) => Promise<IssuedToken | undefined>,
  renew: (audience: string, not: IssuedToken | undefined) => Promise<IssuedToken>,
  join: StepUps[0],
): Stile['fetch'] {
  return async (input, { prompt, ...init } = {}) => {
    const url = new URL((input as Request).url ?? input, globalThis.document?.baseURI)
    const audience = audiences.get(url.origin)
    if (!audience) return fetch(input, init)

    const mayPrompt = prompt ? prompt === 'always' : !!globalThis.navigator?.userActivation?.isActive
    const request = new Request(input, init)
    const { method, signal, headers: given } = request
    // a stream can be read once: such a request is sent once
    const repeatable = !(init.body instanceof ReadableStream)
    const [carrier, proofHeader, scheme] = given.has('authorization')
      ? ['Stile-Assurance', 'Stile-Proof', '']
      : ['Authorization', 'DPoP', 'DPoP ']
    let issued = await ready(audience)
    return exchange(
      prover,
      method,
      url,
      repeatable,
      async () => issued?.token,
      (token, proof) => {
        const headers = new Headers(given)
        if (token) {
          headers.set(carrier, scheme + token)
          headers.set(proofHeader, proof)
        }
        return fetch(repeatable ? request.clone() : request, token ? { headers, redirect: 'error' } : undefined)
      },
      async (cause, _carried, challenge, response) => {
        if (cause === 'invalid_token') {
          issued = await renew(audience, issued).catch(() => undefined)
          return !!issued
        }
        const problem = cause === 'insufficient_user_authentication' && LEVEL.test(challenge) ? await problemOf(response) : undefined
        if (!problem?.feature) return false
        const { feature, operation } = problem
        const started = join(feature, { audience, operation }, problem, mayPrompt)
        if (!started) throw new StepUpRequired('step_up_required', problem)
        // an aborted caller leaves the prompt to the others
        issued = await new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          started[1].then(resolve, reject)
        })
        return true
      },
    )
  }
}

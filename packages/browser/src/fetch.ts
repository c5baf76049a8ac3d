import type { DeviceProver } from './device/device-proof.ts'
import { type Challenged, type Credential, exchange } from './service/exchange.ts'
import type { LiveState } from './state/live-state.ts'
import type { StepUps } from './step-ups/step-ups.ts'
import type { Stile } from './stile.ts'
import type { AssuranceTokens } from './tokens/assurance-tokens.ts'

/** What the SDK's `fetch` is made of. */
export type FetchOptions = Readonly<{
  /** The audience of each origin. Only these get credentials. */
  audiences: ReadonlyMap<string, string>
  prover: DeviceProver
  tokens: AssuranceTokens
  state: Pick<LiveState, 'load'>
  stepUps: Pick<StepUps, 'joinForChallenge'>
  fetch: typeof globalThis.fetch
}>

/** Creates the `fetch` that carries tokens and answers challenges: at most one repetition per cause. */
export function createFetch({ audiences, prover, tokens, state, stepUps, fetch }: FetchOptions): Stile['fetch'] {
  return async (input, { prompt, ...init } = {}) => {
    const url = new URL((input as Request).url ?? input, globalThis.document?.baseURI)
    const audience = audiences.get(url.origin)
    if (!audience) return fetch(input, init)

    const mayPrompt = prompt ? prompt === 'always' : !!globalThis.navigator?.userActivation?.isActive
    const request = new Request(input, init)
    // a stream can be read once
    const repeatable = !(init.body instanceof ReadableStream)
    let issued = await tokens.soon(audience)

    const send = (credential: Credential | undefined) =>
      fetch(
        repeatable ? request.clone() : request,
        credential && { headers: withCredential(request.headers, credential), redirect: 'error' },
      )
    const answerChallenge = async (challenged: Challenged): Promise<boolean> => {
      const { cure } = await import('./step-ups/cure.ts')
      const next = await cure({ ...challenged, tokens, state, stepUps, audience, issued, mayPrompt, signal: request.signal })
      if (next) issued = next
      return !!next
    }
    return exchange({ prover, method: request.method, url, repeatable, token: async () => issued?.token, send, cure: answerChallenge })
  }
}

/** Adds the token and its proof, in headers of their own if the application uses `Authorization` for itself. */
function withCredential(given: Headers, { token, proof }: Credential): Headers {
  const headers = new Headers(given)
  if (given.has('authorization')) {
    headers.set('Stile-Assurance', token)
    headers.set('Stile-Proof', proof)
  } else {
    headers.set('Authorization', `DPoP ${token}`)
    headers.set('DPoP', proof)
  }
  return headers
}

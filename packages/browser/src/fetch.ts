import type { ChallengeParams, Level } from '@stile/protocol'
import { StepUpRequired } from './base.ts'
import type { DeviceProver } from './device/device-proof.ts'
import { type Challenged, type Credential, type Exchange, exchange } from './service/exchange.ts'
import { problemOf } from './service/problem.ts'
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
  /** Loads what reads challenges. */
  loadReady: () => ReturnType<Exchange['loadReady']> &
    Promise<Readonly<{ challengedLevel: (params: ChallengeParams) => Level | undefined }>>
}>

/** Creates the `fetch` that carries tokens and answers challenges: at most one repetition per cause. */
export function createFetch({ audiences, prover, tokens, state, stepUps, fetch, loadReady }: FetchOptions): Stile['fetch'] {
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
    const cure = async ({ challenge, response }: Challenged): Promise<boolean> => {
      switch (challenge.error) {
        case 'invalid_token':
          issued = await tokens.renew({ audience, token: issued }).catch(() => undefined)
          return !!issued
        // this browser's clock may have been set: the service says what time it is
        case 'invalid_dpop_proof':
          await state.load()
          return true
        case 'insufficient_user_authentication': {
          const { challengedLevel } = await loadReady()
          // a level that this version does not know cannot be proven
          const problem = challengedLevel(challenge) && (await problemOf(response))
          if (!problem?.feature) return false
          const started = stepUps.joinForChallenge({ problem, feature: problem.feature, audience, mayPrompt })
          if (!started) throw new StepUpRequired('step_up_required', problem)
          issued = await untilAborted(started.proven, request.signal)
          return true
        }
        default:
          return false
      }
    }
    return exchange({ prover, method: request.method, url, repeatable, token: async () => issued?.token, loadReady, send, cure })
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

/** Waits until a promise settles or the signal is aborted. An aborted caller leaves a shared prompt to the others. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
    promise.then(resolve, reject)
  })
}

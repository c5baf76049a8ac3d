import type { IssuedToken } from '@stile/protocol'
import { challengedLevel } from '@stile/protocol/challenge'
import { StepUpRequired } from '../base.ts'
import type { Challenged } from '../service/exchange.ts'
import { problemOf } from '../service/problem.ts'
import type { LiveState } from '../state/live-state.ts'
import type { AssuranceTokens } from '../tokens/assurance-tokens.ts'
import type { StepUps } from './step-ups.ts'

/** A request of the application that its API has refused, and what can be done about it. */
export type Refused = Challenged &
  Readonly<{
    tokens: AssuranceTokens
    state: Pick<LiveState, 'load'>
    stepUps: Pick<StepUps, 'joinForChallenge'>
    audience: string
    /** The token that the request was made with. */
    issued: IssuedToken | undefined
    /** Whether a step-up may be begun, and not only joined. */
    mayPrompt: boolean
    /** The caller's: a caller who aborts leaves a shared prompt to the others. */
    signal: AbortSignal
  }>

/**
 * Does what an API's challenge asks for: another token, the service's time, a step-up. Loaded with the first of them.
 *
 * @returns the token that the request is to be repeated with; `undefined` if there is nothing to be done
 * @throws StileError `step_up_*`; StepUpRequired if no prompt may be shown
 */
export async function cure(refused: Refused): Promise<IssuedToken | undefined> {
  const { challenge, response, issued, audience, mayPrompt, signal, tokens, state, stepUps } = refused
  switch (challenge.error) {
    case 'invalid_token':
      return tokens.renew({ audience, token: issued }).catch(() => undefined)
    // this browser's clock may have been set: the service says what time it is
    case 'invalid_dpop_proof':
      await state.load()
      return issued
    case 'insufficient_user_authentication': {
      // a level that this version does not know cannot be proven
      const problem = challengedLevel(challenge) && (await problemOf(response))
      if (!problem?.feature) return undefined
      if (signal.aborted) throw signal.reason
      const started = stepUps.joinForChallenge({ problem, feature: problem.feature, audience, mayPrompt })
      if (!started) throw new StepUpRequired('step_up_required', problem)
      return untilAborted(started.proven, signal)
    }
    default:
      return undefined
  }
}

/** Waits until a promise settles or the signal is aborted. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
    promise.then(resolve, reject)
  })
}

import type { Decision, IssuedToken, State } from '@stile/protocol'
import type { LiveState } from '../state/live-state.ts'
import type { StepUpOptions } from '../stile.ts'
import type { AssuranceTokens } from '../tokens/assurance-tokens.ts'

/** A step-up that is proven. */
export type Proven = Readonly<{
  feature: string
  issued: IssuedToken
  options: Pick<StepUpOptions, 'operation'> & Readonly<{ audience: string }>
  /** The audience of the token that the state brings. */
  mainAudience: string
  state: Pick<LiveState, 'get' | 'apply' | 'refresh'>
  tokens: Pick<AssuranceTokens, 'replaceAll'>
}>

/** The state is read again this much later, once what the step-up was for had the network to itself. */
const AFTER_MS = 1000

/**
 * Keeps the token, unless it is bound to an operation, and has the state say what was proven. The service has said it with the token, so nobody
 * waits for the state, which is read again soon after.
 * What the service has not said, such as who is signed in after `stile:session`, is waited for.
 */
export async function settle({ feature, options, issued, mainAudience, state, tokens }: Proven): Promise<void> {
  const { audience, operation } = options
  // those from before the proof are worth less
  tokens.replaceAll(audience, operation ? undefined : issued)
  const known = state.get()
  if (known.status !== 'ready' || operation || audience !== mainAudience) return state.refresh()
  const proven = withProof(known.state, { feature, issued })
  if (!proven) return state.refresh()
  state.apply(proven)
  setTimeout(() => {
    // nobody who has signed out meanwhile is asked to sign in for it
    if (state.get().status === 'ready') state.refresh()
  }, AFTER_MS)
}

/**
 * The state once the step-up of a feature is proven: what asks for the same opens with it, as all of it shares one prompt. `undefined` if the
 * feature asks for no step-up, or for one that is bound to an operation.
 */
function withProof(state: State, { feature, issued }: Pick<Proven, 'feature' | 'issued'>): State | undefined {
  const proven = Object.hasOwn(state.decisions, feature) ? state.decisions[feature] : undefined
  // the stream may have been faster
  if (proven?.outcome === 'permit') return { ...state, token: issued }
  if (proven?.outcome !== 'step_up' || proven.requirement.bind) return undefined
  const { maxAgeSeconds } = proven.requirement
  const until = maxAgeSeconds && issued.authTime + maxAgeSeconds
  const asked = JSON.stringify(proven.requirement)
  const decisions = Object.entries(state.decisions).map(([name, decision]): [string, Decision] => {
    if (decision.outcome !== 'step_up' || JSON.stringify(decision.requirement) !== asked) return [name, decision]
    const { policy, enforced } = decision
    return [name, { feature: name, policy, enforced, reasons: [], outcome: 'permit', ...(until && { until }) }]
  })
  // not older than the proof: a state that was sent before it and comes late does not replace this one
  return { ...state, now: Math.max(state.now, issued.authTime), token: issued, decisions: Object.fromEntries(decisions) }
}

import type { ClientState } from '@stile/browser'
import type { Decision } from '@stile/protocol'

/** The decision for a feature; `undefined` if nothing is known of it. */
export function decisionOf(known: ClientState, feature: string): Decision | undefined {
  // a name such as `constructor` is no feature
  return known.status === 'ready' && Object.hasOwn(known.state.decisions, feature) ? known.state.decisions[feature] : undefined
}

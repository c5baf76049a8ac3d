import type { ClientState } from '@stile/browser'
import type { Decision } from '@stile/protocol'
import type { FeatureName } from '../register.ts'
import { decisionOf } from './decision-of.ts'
import { useClientState } from './use-client-state.ts'

/** What may be done with a feature now. */
export type FeatureState =
  | Readonly<{ status: 'loading' }>
  | Extract<ClientState, { status: 'error' }>
  | Readonly<{
      /** The decision's outcome; a feature that the service does not know is `deny`. */
      status: Decision['outcome']
      decision: Decision | undefined
      /** The service cannot be reached: this is what it said last. */
      stale: boolean
    }>

/** The decision for one feature, kept current. */
export function useFeature(feature: FeatureName): FeatureState {
  const client = useClientState()
  if (client.status !== 'ready') return client
  const decision = decisionOf(client, feature)
  return { status: decision?.outcome ?? 'deny', decision, stale: client.stale }
}

import type { Flow, FlowState, StepUpOptions } from '@stile/browser'
import type { IssuedToken } from '@stile/protocol'
import { useState, useSyncExternalStore } from 'react'
import { useStileContext } from '../context/context.ts'
import type { FeatureName } from '../register.ts'

/** A step-up as a component sees it. */
export type StepUpState = Readonly<{ status: 'idle' }> | FlowState

/** What `useStepUp` gives. */
export type UseStepUp = Readonly<{
  state: StepUpState
  /** The step-up that was started, to `choose`, `submit`, `retry` and `cancel`. */
  flow: Flow | null
  /** Begins a step-up; call it on a click. Rejects with `StepUpCancelled` or `StepUpFailed`. */
  start: (options?: StepUpOptions) => Promise<IssuedToken>
}>

const IDLE: StepUpState = { status: 'idle' }
const idle = (): StepUpState => IDLE
const never = () => idle

/**
 * A step-up without any looks. With `start({ headless: true })` the mounted dialog stays closed and the component shows the flow
 * itself; otherwise the dialog shows it and the component follows along.
 */
export function useStepUp(feature: FeatureName | 'stile:authenticators' | 'stile:recovery'): UseStepUp {
  const { client } = useStileContext()
  const [flow, setFlow] = useState<Flow | null>(null)
  const state = useSyncExternalStore<StepUpState>(flow?.subscribe ?? never, flow?.get ?? idle, idle)
  const start = (options?: StepUpOptions) => {
    const started = client.stepUp(feature, options)
    setFlow(started)
    return started.done
  }
  return { state, flow, start }
}

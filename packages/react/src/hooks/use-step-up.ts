import type { Flow, FlowState, StepUpOptions } from '@stile/browser'
import type { IssuedToken, Method } from '@stile/protocol'
import { useCallback, useMemo, useState, useSyncExternalStore } from 'react'
import { useStileContext } from '../provider/context.ts'
import type { FeatureName } from '../register.ts'

/** A step-up as a component sees it. */
export type StepUpState = Readonly<{ status: 'idle' }> | FlowState

/** What `useStepUp` gives. */
export type UseStepUp = Readonly<{
  state: StepUpState
  /** Begins a step-up; call it on a click. Rejects with `StepUpCancelled` or `StepUpFailed`. */
  start: (options?: StepUpOptions) => Promise<IssuedToken>
  choose: (method: Method) => Promise<void>
  submit: (response: unknown) => Promise<void>
  retry: () => Promise<void>
  cancel: () => void
}>

const IDLE: StepUpState = { status: 'idle' }
const done = Promise.resolve()
const nothingToWatch = () => () => {}
const idle = (): StepUpState => IDLE

/**
 * A step-up without any looks. With `start({ headless: true })` the mounted dialog stays closed and the component shows the flow
 * itself; otherwise the dialog shows it and the component follows along.
 */
export function useStepUp(feature: FeatureName | 'stile:authenticators'): UseStepUp {
  const { client } = useStileContext()
  const [flow, setFlow] = useState<Flow | null>(null)
  const state = useSyncExternalStore<StepUpState>(flow?.subscribe ?? nothingToWatch, flow?.get ?? idle, idle)
  const start = useCallback(
    (options?: StepUpOptions) => {
      const started = client.stepUp(feature, options)
      setFlow(started)
      return started.done
    },
    [client, feature],
  )
  return useMemo<UseStepUp>(
    () => ({
      state,
      start,
      choose: (method) => flow?.choose(method) ?? done,
      submit: (response) => flow?.submit(response) ?? done,
      retry: () => flow?.retry() ?? done,
      cancel: () => flow?.cancel(),
    }),
    [state, start, flow],
  )
}

import type { IssuedToken, Operation, Requirement } from '@stile/protocol'
import { createFlow, type FlowDeps, type StartedFlow } from './flow.ts'
import type { Flow, StepUpOptions, Stile } from './stile.ts'

/** What an API asked for. */
export type Asked = Readonly<{
  feature: string
  requirement: Requirement | undefined
  operation: Operation | undefined
  audience: string
  signal: AbortSignal
  /** Whether a prompt may be opened; one that is open may be joined. */
  mayPrompt: boolean
}>

/** What the step-ups of a page need of the client. */
export type StepUpsDeps = Pick<FlowDeps, 'request' | 'relogin' | 'now'> &
  Readonly<{
    /** The default audience. */
    main: string
    /** What the state says of a feature. */
    requirementOf: (feature: string) => Requirement | undefined
    /** Keeps a token, or none: those that were issued before a proof are worth less. */
    keep: (audience: string, issued: IssuedToken | undefined) => void
    refresh: () => Promise<void>
  }>

/** The step-ups of a page. */
export type StepUps = Readonly<{
  /** Joins the running flow that asks for the same, or begins one. */
  join: (feature: string, options?: StepUpOptions, requirement?: Requirement) => StartedFlow
  /** Answers an API's challenge; `undefined` where no prompt may be shown. */
  answer: (asked: Asked) => Promise<IssuedToken> | undefined
  onStepUp: Stile['onStepUp']
  close: () => void
}>

/** Keeps the step-ups of a page: what asks for the same shares one prompt, and prompts come one after the other. */
export function createStepUps({ main, requirementOf, keep, refresh, ...deps }: StepUpsDeps): StepUps {
  const handlers = new Set<(flow: Flow) => void>()
  const running = new Map<unknown, StartedFlow>()
  /** What an earlier prompt proves may be enough for the next: it waits. */
  let turn: Promise<unknown> = Promise.resolve()

  // what is bound to an operation is never shared: its key is its own
  const keyOf = (feature: string, { operation, audience = main, headless }: StepUpOptions, requirement = requirementOf(feature)) =>
    operation || requirement?.bind ? {} : JSON.stringify([audience, !headless, requirement ?? feature])

  const join = (feature: string, options: StepUpOptions = {}, requirement?: Requirement): StartedFlow => {
    const key = keyOf(feature, options, requirement)
    const same = running.get(key)
    if (same) return same
    const { audience = main, headless, operation } = options
    const onProven = (issued: IssuedToken) => {
      keep(audience, operation ? undefined : issued)
      return refresh()
    }
    const started = createFlow(feature, { ...options, audience }, { ...deps, onProven })
    const { flow, start, proven } = started
    running.set(key, started)
    const settled = proven
      .catch(() => {
        // what the page shows may be what is wrong
        if (flow.get().status === 'failed') refresh()
      })
      .then(() => running.delete(key))
    const begin = () => {
      if (flow.get().status !== 'starting') return
      if (!headless) [...handlers].pop()?.(flow)
      start()
    }
    if (headless) begin()
    else {
      turn.then(begin)
      turn = turn.then(() => settled)
    }
    return started
  }

  return {
    join,
    answer: ({ feature, requirement, operation, audience, signal, mayPrompt }) => {
      const options = { audience, ...(operation && { operation }) }
      if (!running.has(keyOf(feature, options, requirement)) && !(mayPrompt && handlers.size)) return undefined
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        join(feature, options, requirement).proven.then(resolve, reject)
      })
    },
    onStepUp: (handler) => {
      handlers.add(handler)
      return () => {
        handlers.delete(handler)
      }
    },
    close: () => {
      for (const { flow } of running.values()) flow.cancel()
    },
  }
}

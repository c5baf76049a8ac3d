import type { IssuedToken, Problem, Requirement, State } from '@stile/protocol'
import type { ClientState, Flow, StepUpOptions, Stile } from '../stile.ts'
import { createFlow, type StartedFlow } from './flow.ts'

/** The step-ups of a page. */
export type StepUps = readonly [
  /** Joins the running flow that asks for the same, or begins one; for an API's challenge `undefined` where no prompt may be shown. */
  join: (feature: string, options?: StepUpOptions, challenge?: Problem, mayPrompt?: boolean) => StartedFlow | undefined,
  onStepUp: Stile['onStepUp'],
  /** Cancels all. */
  cancel: () => void,
]

/**
 * Keeps the step-ups of a page: what asks for the same shares one prompt, and prompts come one after the other.
 *
 * @param main  the default audience
 * @param relogin  the application's sign-in, where it lends one
 * @param now  this browser's clock, in seconds since the epoch
 * @param keep  keeps a token, or none: those that were issued before a proof are worth less
 */
export function createStepUps(
  main: string,
  get: () => ClientState,
  request: Stile['request'],
  relogin: Stile['relogin'] | undefined,
  now: () => number,
  keep: (audience: string, issued: IssuedToken | undefined) => void,
  refresh: () => Promise<void>,
): StepUps {
  const handlers = new Set<(flow: Flow) => void>()
  const running = new Map<unknown, StartedFlow>()
  /** What an earlier prompt proves may be enough for the next: it waits. */
  let turn: Promise<unknown> = Promise.resolve()

  const join: StepUps[0] = (feature, options = {}, challenge, mayPrompt) => {
    const { audience = main, headless, operation } = options
    const { state } = get() as { state?: State }
    const asked: { requirement?: Requirement } | undefined = challenge ?? (state?.decisions[feature] as Problem | undefined)
    const requirement = asked?.requirement
    // what is bound to an operation is never shared: its key is its own
    const key = operation || requirement?.bind ? {} : JSON.stringify([audience, !headless, requirement ?? feature])
    const same = running.get(key)
    if (same || (challenge && !(mayPrompt && handlers.size))) return same
    const started = createFlow(feature, { ...options, audience }, request, relogin, now, (issued) => {
      keep(audience, operation ? undefined : issued)
      return refresh()
    })
    const [flow, proven] = started
    running.set(key, started)
    const settled = proven
      .catch(({ code }) => {
        // what the page shows may be what is wrong
        if (code !== 'step_up_cancelled') refresh()
      })
      .then(() => running.delete(key))
    const begin = () => {
      if (flow.get().status !== 'starting') return
      if (!headless) [...handlers].pop()?.(flow)
      flow.retry()
    }
    if (headless) begin()
    else {
      turn.then(begin)
      turn = turn.then(() => settled)
    }
    return started
  }

  return [
    join,
    (handler) => {
      handlers.add(handler)
      return () => {
        handlers.delete(handler)
      }
    },
    () => {
      for (const [flow] of running.values()) flow.cancel()
    },
  ]
}

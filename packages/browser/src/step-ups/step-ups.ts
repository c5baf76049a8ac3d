import type { IssuedToken, Problem, Requirement } from '@stile/protocol'
import { StepUpFailed } from '../base.ts'
import type { LiveState } from '../state/live-state.ts'
import type { Flow, PrepareMethod, StepUpHandler, StepUpOptions, Stile } from '../stile.ts'
import type { AssuranceTokens } from '../tokens/assurance-tokens.ts'
import { createFlow, type StartedFlow } from './flow.ts'

/** The step-ups of a page. */
export type StepUps = Readonly<{
  /** Joins the running step-up that asks for the same, or begins one. */
  join: (feature: string, options?: StepUpOptions) => Flow
  /** The same for an API's challenge. Gives `undefined` if none runs and no prompt may be shown. */
  joinForChallenge: (challenge: ApiChallenge) => StartedFlow | undefined
  onStepUp: Stile['onStepUp']
  /** Loads what step-ups of the state begin with, or that of a feature which was clicked for. What cannot be loaded is asked for again when it is needed. */
  prepare: (feature?: string) => void
  cancelAll: () => void
}>

/** What an API asked for. */
export type ApiChallenge = Readonly<{
  problem: Problem
  /** The feature that the problem names. */
  feature: string
  audience: string
  mayPrompt: boolean
}>

/** What the step-ups of a page are made of. */
export type StepUpsOptions = Readonly<{
  /** The default audience. */
  mainAudience: string
  state: Pick<LiveState, 'get' | 'apply' | 'refresh'>
  request: Stile['request']
  /** The application's sign-in, if it lends one. */
  relogin?: Stile['relogin'] | undefined
  /** This browser's clock, in seconds since the epoch. */
  now: () => number
  tokens: Pick<AssuranceTokens, 'replaceAll'>
  /** Gets what the first call to the service needs. */
  warmUp: () => void
}>

/** What the state says of a feature, if it says anything: some decisions ask for a proof. */
type MaybeAsking = Readonly<{ requirement?: Requirement }> | undefined

type Begin = Readonly<{ feature: string; options: StepUpOptions & Readonly<{ audience: string }>; key: unknown }>

/** Keeps the step-ups of a page: those that ask for the same share one prompt, and prompts come one after the other. */
export function createStepUps(means: StepUpsOptions): StepUps {
  const { state } = means
  const handlers = new Map<StepUpHandler, PrepareMethod | undefined>()
  const running = new Map<unknown, StartedFlow>()
  /** Prompts wait for the one before: what it proves may be enough for the next. */
  let turn: Promise<unknown> = Promise.resolve()
  /** The flow whose turn it is. */
  let shown: Flow | undefined

  const prepare = (feature?: string) => {
    import('./preload.ts').then(
      ({ preload }) => preload({ ...means, handlers, feature }),
      () => {},
    )
  }

  const begin = ({ feature, options, key }: Begin): StartedFlow => {
    const onProven = (issued: IssuedToken) =>
      // reading the state replaces the tokens, too
      import('./settle.ts').then(({ settle }) => settle({ ...means, feature, options, issued }), state.refresh)
    /** Who shows it. */
    let handler: StepUpHandler | undefined
    const started = createFlow({ ...means, feature, options, canEnroll: () => !!handler, onProven })
    const { flow, proven, fail } = started
    running.set(key, started)
    prepare(feature)
    const settled = proven
      .catch(({ code }) => {
        // what the page shows may be what is wrong
        if (code !== 'step_up_cancelled') state.refresh()
      })
      .then(() => running.delete(key))
    const show = async () => {
      if (flow.get().status !== 'starting') return
      if (!options.headless) handler = [...handlers.keys()].pop()
      try {
        let ready: Promise<unknown> | undefined
        handler?.(flow, (given) => {
          ready = given
        })
        // nothing is asked before it is on the screen what for
        await ready
        flow.retry()
      } catch (error) {
        fail(new StepUpFailed('internal', undefined, error))
      }
    }
    // what an enrolment asks for comes before the step-up that waits for the enrolment
    const isOfEnrollment = feature.startsWith('stile:') && shown?.get().status === 'enrolling'
    if (options.headless || isOfEnrollment) show()
    else {
      turn = turn.then(() => {
        shown = flow
        show()
        return settled
      })
    }
    return started
  }

  return {
    join: (feature, options = {}) => {
      const audience = options.audience ?? means.mainAudience
      const asked = { ...options, audience }
      const known = state.get()
      const decision = known.status === 'ready' ? (known.state.decisions[feature] as MaybeAsking) : undefined
      const key = keyOf({ feature, requirement: decision?.requirement, options: asked })
      return (running.get(key) ?? begin({ feature, options: asked, key })).join(asked.signal)
    },
    joinForChallenge: ({ problem: { operation, requirement }, feature, audience, mayPrompt }) => {
      const options = { audience, operation }
      const key = keyOf({ feature, requirement, options })
      const started = running.get(key) ?? (mayPrompt && handlers.size ? begin({ feature, options, key }) : undefined)
      started?.join()
      return started
    },
    onStepUp: (handler, prepareMethod) => {
      handlers.set(handler, prepareMethod)
      if (prepareMethod) prepare()
      return () => {
        handlers.delete(handler)
      }
    },
    prepare,
    cancelAll: () => {
      for (const { flow } of running.values()) flow.cancel()
    },
  }
}

type Wanted = Readonly<{ feature: string; requirement: Requirement | undefined; options: Begin['options'] }>

/** The key under which a step-up is shared. A step-up that is bound to an operation is never shared: its key is its own. */
function keyOf({ feature, requirement, options: { audience, headless, operation } }: Wanted): unknown {
  return operation || requirement?.bind ? Symbol() : JSON.stringify([audience, !headless, requirement ?? feature])
}

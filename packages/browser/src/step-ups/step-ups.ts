import type { IssuedToken, Problem, Requirement } from '@stile/protocol'
import { StepUpFailed } from '../base.ts'
import type { ClientState, Flow, PrepareMethod, StepUpHandler, StepUpOptions, Stile } from '../stile.ts'
import { createFlow, loadStepUpRunner, type StartedFlow } from './flow.ts'

/** The step-ups of a page. */
export type StepUps = Readonly<{
  /** Joins the running step-up that asks for the same, or begins one. */
  join: (feature: string, options?: StepUpOptions) => Flow
  /** The same for an API's challenge. Gives `undefined` if none runs and no prompt may be shown. */
  joinForChallenge: (challenge: ApiChallenge) => StartedFlow | undefined
  onStepUp: Stile['onStepUp']
  /** Loads what step-ups of the state begin with. What cannot be loaded is asked for again when it is needed. */
  prepare: () => void
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
  getState: () => ClientState
  request: Stile['request']
  /** The application's sign-in, if it lends one. */
  relogin?: Stile['relogin'] | undefined
  /** This browser's clock, in seconds since the epoch. */
  now: () => number
  /** Keeps this token, or none, in place of those from before the proof: they are worth less. */
  replaceTokens: (audience: string, issued: IssuedToken | undefined) => void
  /** Reads the state again. */
  refresh: () => Promise<void>
}>

type Begin = Readonly<{ feature: string; options: StepUpOptions & Readonly<{ audience: string }>; key: unknown }>

/** Keeps the step-ups of a page: those that ask for the same share one prompt, and prompts come one after the other. */
export function createStepUps({ mainAudience, getState, request, relogin, now, replaceTokens, refresh }: StepUpsOptions): StepUps {
  const handlers = new Map<StepUpHandler, PrepareMethod | undefined>()
  const running = new Map<unknown, StartedFlow>()
  /** Prompts wait for the one before: what it proves may be enough for the next. */
  let turn: Promise<unknown> = Promise.resolve()
  /** The flow whose turn it is. */
  let shown: Flow | undefined

  const prepare = () => {
    loadStepUpRunner().then(
      ({ preload }) => preload(getState(), handlers.values()),
      () => {},
    )
  }

  const begin = ({ feature, options, key }: Begin): StartedFlow => {
    const { audience, operation, headless } = options
    const onProven = (issued: IssuedToken) => {
      replaceTokens(audience, operation ? undefined : issued)
      return refresh()
    }
    /** Who shows it. */
    let handler: StepUpHandler | undefined
    const started = createFlow({ feature, options, request, relogin, now, canEnroll: () => !!handler, onProven })
    const { flow, proven, fail } = started
    running.set(key, started)
    const settled = proven
      .catch(({ code }) => {
        // what the page shows may be what is wrong
        if (code !== 'step_up_cancelled') refresh()
      })
      .then(() => running.delete(key))
    const show = async () => {
      if (flow.get().status !== 'starting') return
      if (!headless) handler = [...handlers.keys()].pop()
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
    if (headless || isOfEnrollment) show()
    else {
      turn.then(() => {
        shown = flow
        show()
      })
      turn = turn.then(() => settled)
    }
    return started
  }

  return {
    join: (feature, options = {}) => {
      const audience = options.audience ?? mainAudience
      const asked = { ...options, audience }
      const key = keyOf({ feature, requirement: requirementOf(getState(), feature), options: asked })
      return (running.get(key) ?? begin({ feature, options: asked, key })).join(asked.signal)
    },
    joinForChallenge: ({ problem: { operation, requirement }, feature, audience, mayPrompt }) => {
      const options = { audience, operation }
      const key = keyOf({ feature, requirement, options })
      const started = running.get(key) ?? (mayPrompt && handlers.size > 0 ? begin({ feature, options, key }) : undefined)
      started?.join()
      return started
    },
    onStepUp: (handler, prepareMethod) => {
      handlers.set(handler, prepareMethod)
      if (prepareMethod && getState().status === 'ready') prepare()
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

/** What the state says that a feature requires. */
function requirementOf(now: ClientState, feature: string): Requirement | undefined {
  const decision = now.status === 'ready' ? now.state.decisions[feature] : undefined
  return decision && 'requirement' in decision ? decision.requirement : undefined
}

type Wanted = Readonly<{ feature: string; requirement: Requirement | undefined; options: Begin['options'] }>

/** The key under which a step-up is shared. A step-up that is bound to an operation is never shared: its key is its own. */
function keyOf({ feature, requirement, options: { audience, headless, operation } }: Wanted): unknown {
  return operation || requirement?.bind ? Symbol() : JSON.stringify([audience, !headless, requirement ?? feature])
}

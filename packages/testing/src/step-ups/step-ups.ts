import type { Decision, Level, Method, Operation, StepUp } from '@stile/protocol'
import { AUTHENTICATORS_FEATURE, isMethod, problem, RECOVERY_FEATURE, type Requirement, rank } from '@stile/protocol'
import { gateOf, isFirst } from '../authenticators/management.ts'
import type { Totp } from '../authenticators/totp.ts'
import { type Answer, type Body, refuse } from '../requests/answer.ts'
import { FRESH_SECONDS, prove, type ServiceContext } from '../requests/context.ts'
import { decideIn, issueIn } from '../world/decisions.ts'
import { isRecentLogin, RECOVERING } from './recovery.ts'
import { type Ceremony, judgeIn, methodsIn, startIn, wayIn } from './ways.ts'

/** Step-ups, from their start to the proof. */
export type StepUps = Readonly<{
  start: (body: Body) => Answer
  startMethod: (id: string, method: string) => Answer
  attempt: (id: string, body: Body) => Answer
  /** A token for what is proven for a feature, or what is missing. */
  token: (body: Body) => Answer
}>

type Asked = Readonly<{ feature: string; operation?: Operation }>
type Open = Asked & Ceremony & Readonly<{ methods: readonly Method[]; expiresAt: number }>
type Judged = Readonly<{ done: Requirement } | { open: Requirement; methods: readonly Method[] } | { refused: Answer }>

/** Creates the step-ups of the service. A passkey's answer is taken as it comes: nothing here verifies a signature. */
export function createStepUps(context: ServiceContext, totp: Totp): StepUps {
  const { policy, clock, world, nextId, guesses, changes } = context
  const running = new Map<string, Open>()

  const found = (id: string, run: (stepUp: Open) => Answer): Answer => {
    const stepUp = running.get(id)
    if (stepUp && stepUp.expiresAt >= clock.now()) return run(stepUp)
    return refuse(problem('step_up_expired', 'This step-up has ended. Start again.'))
  }
  const view = (stepUp: Open): StepUp => {
    const { id, feature, operation, requirement, expiresAt } = stepUp
    const methods = stepUp.methods.map((method) => wayIn(context, stepUp, method))
    const attemptsLeft = guesses.left(id)
    return { id, feature, requirement, expiresAt, status: 'open', methods, attemptsLeft, ...(operation && { operation }) }
  }
  const done = ({ feature, operation }: Asked, id: string, requirement: Requirement): Answer => {
    const issued = issueIn(world(), clock.now())
    const body: StepUp = { id, feature, requirement, expiresAt: clock.now(), status: 'done', issued, ...(operation && { operation }) }
    return { status: 200, body }
  }

  /** What is asked for a feature now. */
  const judge = (feature: string): Judged => {
    if (feature === RECOVERY_FEATURE) {
      if (isRecentLogin(world(), clock.now())) return { done: RECOVERING }
      return { open: RECOVERING, methods: methodsIn(context, RECOVERING) }
    }
    if (feature === AUTHENTICATORS_FEATURE) {
      const gate = gateOf(context)
      if (gate.outcome === 'deny') return { refused: refuse(problem('denied', gate.detail, { feature })) }
      if (gate.outcome === 'permit') return { done: gate.requirement }
      return { open: gate.requirement, methods: methodsIn(context, gate.requirement) }
    }
    const decision = decideIn(policy, world(), feature, clock.now())
    if (decision.outcome === 'permit') return { done: { level: 'session' } }
    if (decision.outcome !== 'step_up') return { refused: refusal(decision) }
    return { open: decision.requirement, methods: methodsIn(context, decision.requirement, decision.next.methods) }
  }

  /** What is asked for a change: a proof of its own, however fresh others are. */
  const judgeChange = (): Judged => {
    const gate = gateOf(context)
    if (gate.outcome === 'deny') return { refused: refuse(problem('denied', gate.detail, { feature: AUTHENTICATORS_FEATURE })) }
    const methods = methodsIn(context, gate.requirement).filter((method) => method !== 'relogin')
    return { open: gate.requirement, methods }
  }

  return {
    start: ({ feature: name, operation }) => {
      const begun = name === AUTHENTICATORS_FEATURE && !isFirst(world()) ? changes.find(operation) : undefined
      if (name === AUTHENTICATORS_FEATURE && operation !== undefined && !begun)
        return refuse(problem('invalid_operation', 'This change was not begun here.', { feature: AUTHENTICATORS_FEATURE }))
      const bound = begun ?? (operation as Operation | undefined)
      const asked: Asked = { feature: String(name), ...(bound !== undefined && { operation: bound }) }
      const judged = begun ? judgeChange() : judge(asked.feature)
      if ('refused' in judged) return judged.refused
      if ('done' in judged) return done(asked, nextId('su'), judged.done)
      const [first] = judged.methods
      if (!first) return refuse(problem('denied', `Nothing here can prove it. Ask ${world().help}.`, { feature: asked.feature }))
      const expiresAt = clock.now() + FRESH_SECONDS
      const stepUp: Open = { ...asked, id: nextId('su'), requirement: judged.open, methods: judged.methods, started: new Map(), expiresAt }
      running.set(stepUp.id, stepUp)
      // a code by mail is sent once it is chosen; if it cannot be sent, the person who chose it is told why
      if (first !== 'email-otp') startIn(context, stepUp, first)
      return { status: 201, body: view(stepUp) }
    },
    startMethod: (id, method) =>
      found(id, (stepUp) => {
        if (!isMethod(method) || !stepUp.methods.includes(method)) return unavailable()
        return startIn(context, stepUp, method) ?? { status: 200, body: view(stepUp) }
      }),
    attempt: (id, body) =>
      found(id, (stepUp) => {
        const method = stepUp.methods.find((each) => each === body.method)
        if (!method) return unavailable()
        const refused = judgeIn(context, totp, stepUp, method, body)
        if (refused) return refused
        running.delete(id)
        const { feature, operation, requirement } = stepUp
        // a proof for a change is for nothing else
        if (feature === AUTHENTICATORS_FEATURE && operation) changes.prove(operation, { method, level: levelOf(method) })
        else prove(context, method, levelOf(method))
        return done({ feature, ...(operation && { operation }) }, id, requirement)
      }),
    token: ({ feature }) => {
      const judged = typeof feature === 'string' ? judge(feature) : { done: RECOVERING }
      if ('refused' in judged) return judged.refused
      if ('done' in judged) return { status: 200, body: issueIn(world(), clock.now()) }
      const members = { feature: String(feature), requirement: judged.open }
      return refuse(problem('insufficient_user_authentication', 'Confirm it is you first.', members))
    },
  }

  /** What a method counts for: what is enrolled for it at its best, and no more than the session for what needs nothing enrolled. */
  function levelOf(method: Method): Level {
    const enrolled = world().authenticators.filter((each) => each.method === method && !each.disabled)
    return enrolled.reduce<Level>((best, each) => (rank(each.level) > rank(best) ? each.level : best), 'session')
  }
}

function unavailable(): Answer {
  return refuse(problem('method_unavailable', 'This method cannot meet the requirement.'))
}

function refusal(decision: Decision): Answer {
  const { feature, reasons } = decision
  const detail = reasons.at(-1)?.message ?? ''
  if (decision.outcome === 'enroll') {
    const { requirement, next } = decision
    return refuse(problem('enrollment_required', detail, { feature, reasons, requirement, next }))
  }
  if (decision.outcome === 'upgrade') return refuse(problem('license_required', detail, { feature, reasons, next: decision.next }))
  return refuse(problem('denied', detail, { feature, reasons }))
}

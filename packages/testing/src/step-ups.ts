import type { Decision, Method, Operation, Requirement, StepUp } from '@stile/protocol'
import { AUTHENTICATORS_FEATURE, problem } from '@stile/protocol'
import { type Answer, type Body, codeOf, refuse } from './answer.ts'
import { decideIn, issueIn } from './decisions.ts'
import { CEREMONY, type Desk, FRESH_SECONDS, prove } from './desk.ts'
import { managing, mayManage } from './management.ts'

/** Step-ups, from their start to the proof. */
export type StepUps = Readonly<{
  start: (body: Body) => Answer
  startMethod: (id: string) => Answer
  attempt: (id: string, body: Body) => Answer
}>

type Asked = Readonly<{ feature: string; operation?: Operation }>
type Open = Asked & { id: string; requirement: Requirement; methods: readonly Method[]; attemptsLeft: number; expiresAt: number }

const LOCKED_SECONDS = 900

/** Creates the room of the step-ups. A passkey's answer is taken as it comes: nothing here verifies a signature. */
export function createStepUps(desk: Desk): StepUps {
  const { policy, clock, world, nextId } = desk
  const open = new Map<string, Open>()

  const found = (id: string, run: (stepUp: Open) => Answer): Answer => {
    const stepUp = open.get(id)
    if (stepUp && stepUp.expiresAt >= clock.now()) return run(stepUp)
    return refuse(problem('step_up_expired', 'This step-up has ended. Start again.'))
  }
  const begin = (asked: Asked, requirement: Requirement, methods: readonly Method[]): Answer => {
    const expiresAt = clock.now() + FRESH_SECONDS
    const stepUp: Open = { ...asked, id: nextId('su'), requirement, methods, attemptsLeft: world().attempts, expiresAt }
    open.set(stepUp.id, stepUp)
    return { status: 201, body: view(stepUp) }
  }
  const done = (asked: Asked, id: string, requirement: Requirement): Answer => {
    const body: StepUp = { ...asked, id, requirement, expiresAt: clock.now(), status: 'done', issued: issueIn(world(), clock.now()) }
    return { status: 200, body }
  }

  return {
    start: ({ feature: name, operation }) => {
      const feature = String(name)
      const asked: Asked = { feature, ...(operation !== undefined && { operation: operation as Operation }) }
      if (feature === AUTHENTICATORS_FEATURE) {
        const requirement = managing(world())
        if (mayManage(world(), clock.now())) return done(asked, nextId('su'), requirement)
        return begin(
          asked,
          requirement,
          world().authenticators.map((each) => each.method),
        )
      }
      const decision = decideIn(policy, world(), feature, clock.now())
      if (decision.outcome === 'permit') return done(asked, nextId('su'), { level: 'session' })
      if (decision.outcome === 'step_up') return begin(asked, decision.requirement, decision.next.methods)
      return refusal(decision)
    },
    startMethod: (id) => found(id, (stepUp) => ({ status: 200, body: view(stepUp) })),
    attempt: (id, body) =>
      found(id, (stepUp) => {
        const method = stepUp.methods.find((each) => each === body.method)
        if (!method) return refuse(problem('method_unavailable', 'This method cannot meet the requirement.'))
        if (method === 'totp') {
          // where the guesses are used up not even the right code counts
          const wrong = stepUp.attemptsLeft < 1 || codeOf(body) !== world().code
          if (wrong) stepUp.attemptsLeft -= 1
          const { attemptsLeft } = stepUp
          if (attemptsLeft < 1) return locked()
          if (wrong) return refuse(problem('attempt_failed', 'That code is not right.', { failure: 'wrong_code', attemptsLeft }))
        }
        open.delete(id)
        prove(desk, method)
        const { feature, operation, requirement } = stepUp
        return done({ feature, ...(operation && { operation }) }, id, requirement)
      }),
  }
}

function locked(): Answer {
  return refuse(problem('too_many_attempts', 'Too many wrong codes. Try again later.', { attemptsLeft: 0, retryAfter: LOCKED_SECONDS }))
}

function view({ methods, ...stepUp }: Open): StepUp {
  return { ...stepUp, status: 'open', methods: methods.map((method) => (method === 'passkey' ? { method, start: CEREMONY } : { method })) }
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

import { combine } from '@stile/policy'
import { AUTHENTICATORS_FEATURE, type Decision, type Method, type Reason, type Requirement } from '@stile/protocol'
import { authenticatorsGate } from '../authenticators/gate.ts'
import { decideFor, type Standing } from '../decisions/standing.ts'
import { StileError } from '../error.ts'
import type { StepUpRecord } from '../stores/store.ts'
import { stepUpExpired } from './open.ts'

/** What this service can enrol. */
const ENROLLABLE: readonly Method[] = ['passkey', 'totp']

/** What the policy demands for a feature now: nothing more, or a step-up that meets the requirement. */
export type Demand = Readonly<{ outcome: 'permit' | 'step_up'; requirement: Requirement; reasons: readonly Reason[] }>

/**
 * What is demanded for a feature, by policy, license and risk as they are now.
 *
 * @throws {StileError} `license_required`, `enrollment_required` or `denied` where no step-up could help.
 */
export function demandOf(standing: Standing, feature: string): Demand {
  const demand = feature === AUTHENTICATORS_FEATURE ? gateDemand(standing) : policyDemand(standing, feature)
  if (demand.outcome === 'step_up' && standing.caller.actor !== undefined) throw actorDenied(feature)
  return demand
}

/**
 * The requirement of an open step-up: what was demanded when it was started, together with what is demanded now.
 *
 * @throws {StileError} as {@link demandOf}, and `step_up_expired` where the operation is now bound to more than was asked.
 */
export function requirementNow(standing: Standing, record: StepUpRecord): Requirement {
  const requirement = combine(record.requirement, demandOf(standing, record.feature).requirement)
  const bound = Object.keys(record.operation?.params ?? {})
  if (requirement.bind?.some((name) => !bound.includes(name))) throw stepUpExpired()
  return requirement
}

/** The problem for an acting party: what the subject would have to prove, nobody else can. */
export function actorDenied(feature: string): StileError {
  const message = 'Whoever acts for somebody else cannot prove to be them. Ask the person themselves to do this.'
  return new StileError('denied', message, { feature, reasons: [{ code: 'actor_not_allowed', source: '', message }] })
}

function gateDemand(standing: Standing): Demand {
  const gate = authenticatorsGate(standing)
  if (gate.outcome === 'deny') throw new StileError('denied', gate.detail, { feature: AUTHENTICATORS_FEATURE, reasons: gate.reasons })
  return gate
}

function policyDemand(standing: Standing, feature: string): Demand {
  const decision = decideFor(standing, feature)
  if (decision.outcome === 'permit') return { outcome: 'permit', requirement: metBy(standing, feature), reasons: decision.reasons }
  if (decision.outcome === 'step_up') return { outcome: 'step_up', requirement: decision.requirement, reasons: decision.reasons }
  throw refusalOf(decision)
}

/** The requirement behind a permit: what would be demanded of somebody who has proven nothing. */
function metBy(standing: Standing, feature: string): Requirement {
  const decision = decideFor({ ...standing, proofs: [] }, feature)
  return decision.outcome === 'step_up' || decision.outcome === 'enroll' ? decision.requirement : { level: 'session' }
}

function refusalOf(decision: Exclude<Decision, { outcome: 'permit' }>): StileError {
  const { feature, reasons } = decision
  const detail = reasons.at(-1)?.message ?? 'The policy does not allow this.'
  if (decision.outcome === 'upgrade') return new StileError('license_required', detail, { feature, reasons, next: decision.next })
  if (decision.outcome !== 'enroll') return new StileError('denied', detail, { feature, reasons })
  const enrollable = decision.next.methods.filter((method) => ENROLLABLE.includes(method))
  return enrollmentRequired(feature, decision.requirement, reasons, enrollable)
}

/** The problem where nothing that is enrolled could meet a requirement. */
export function enrollmentRequired(
  feature: string,
  requirement: Requirement,
  reasons: readonly Reason[],
  methods: readonly string[],
): StileError {
  const detail = reasons.at(-1)?.message ?? 'Nothing that you have enrolled can prove this. Enrol something first.'
  return new StileError('enrollment_required', detail, { feature, requirement, reasons, next: { methods } })
}

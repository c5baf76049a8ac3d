import { combine, methodsFor } from '@stile/policy'
import { AUTHENTICATORS_FEATURE, type Decision, RECOVERY_FEATURE, type Reason, type Requirement, SESSION_FEATURE } from '@stile/protocol'
import { removalLevel, removalOf } from '../authenticators/after-recovery.ts'
import { authenticatorsGate, type GateOptions, hasNothingAboveSession } from '../authenticators/gate.ts'
import { decideFor } from '../decisions/decide.ts'
import { StileError } from '../error.ts'
import { stepUpExpired } from '../methods/failure.ts'
import { enrollableMethods } from '../methods/methods.ts'
import { recoveryDemand } from '../recovery/demand.ts'
import type { Standing } from '../standing/standing.ts'
import type { OperationRecord, StepUpRecord } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'

/** What the policy demands for a feature now: nothing more, or a step-up that meets the requirement. */
export type Demand = Readonly<{ outcome: 'permit' | 'step_up'; requirement: Requirement; reasons: readonly Reason[] }>

/**
 * What is demanded for a feature, by policy, license and risk as they are now.
 *
 * @throws {StileError} `license_required`, `enrollment_required` or `denied` if no step-up could help.
 */
export function demandOf(domain: Domain, standing: Standing, feature: string): Demand {
  if (feature === AUTHENTICATORS_FEATURE) return gateDemand(domain, standing)
  // the session is open: another page of the same browser may have begun it again
  if (feature === SESSION_FEATURE) return { outcome: 'permit', requirement: { level: 'session' }, reasons: [] }
  return feature === RECOVERY_FEATURE ? recoveryDemand(domain, standing) : policyDemand(domain, standing, feature)
}

/** Whether a demand is the next of those that the first enrolment makes one after the other: what was asked before has been proven. */
export function isNextAsk(feature: string, { requirement }: Demand): boolean {
  return feature === AUTHENTICATORS_FEATURE && requirement.level === 'session'
}

/**
 * The requirement of an open step-up: what was demanded when it was started, together with what is demanded now.
 *
 * @throws {StileError} as {@link demandOf}, and `step_up_expired` if the operation is now bound to more than was asked, or if
 *   another method is asked for first.
 */
export function requirementNow(domain: Domain, standing: Standing, record: StepUpRecord): Requirement {
  const { operation } = record
  const demand = operation?.id === undefined ? demandOf(domain, standing, record.feature) : changeDemand(domain, standing, operation)
  const requirement = combine(record.requirement, demand.requirement)
  if (requirement.methods?.length === 0) throw stepUpExpired()
  const bound = Object.keys(record.operation?.params ?? {})
  if (requirement.bind?.some((name) => !bound.includes(name))) throw stepUpExpired()
  return requirement
}

/**
 * What is demanded for a change that was begun: always a ceremony of its own.
 *
 * @throws {StileError} `denied`, and `step_up_expired` if nothing is enrolled any more that could give it
 */
export function changeDemand(domain: Domain, standing: Standing, { params }: Pick<OperationRecord, 'params'>): Demand {
  const removal = params.change === 'remove' ? removalOf(standing, params.id) : undefined
  const demand = gateDemand(domain, standing, { proofs: [], level: removal && removalLevel(removal) })
  if (demand.outcome === 'permit' || hasNothingAboveSession(standing)) throw stepUpExpired()
  return demand
}

function gateDemand(domain: Domain, standing: Standing, options?: GateOptions): Demand {
  const gate = authenticatorsGate(domain, standing, options)
  if (gate.outcome === 'deny') throw new StileError('denied', gate.detail, { feature: AUTHENTICATORS_FEATURE, reasons: gate.reasons })
  return gate
}

function policyDemand(domain: Domain, standing: Standing, feature: string): Demand {
  const decision = decideFor(standing, feature)
  if (decision.outcome === 'permit') return { outcome: 'permit', requirement: metBy(standing, feature), reasons: decision.reasons }
  if (decision.outcome === 'step_up') return { outcome: 'step_up', requirement: decision.requirement, reasons: decision.reasons }
  throw refusalOf(domain, decision)
}

/** The requirement behind a permit: what would be demanded of somebody who has proven nothing. */
function metBy(standing: Standing, feature: string): Requirement {
  const decision = decideFor({ ...standing, proofs: [] }, feature)
  return decision.outcome === 'step_up' || decision.outcome === 'enroll' ? decision.requirement : { level: 'session' }
}

function refusalOf(domain: Domain, decision: Exclude<Decision, { outcome: 'permit' }>): StileError {
  const { feature, reasons } = decision
  const detail = reasons.at(-1)?.message ?? 'The policy does not allow this.'
  if (decision.outcome === 'upgrade') return new StileError('license_required', detail, { feature, reasons, next: decision.next })
  if (decision.outcome !== 'enroll') return new StileError('denied', detail, { feature, reasons })
  return enrollmentRequired(domain, decision)
}

/** The problem if nothing that is enrolled could meet a requirement, with the methods of this service that could once enrolled. */
export function enrollmentRequired(
  domain: Pick<Domain, 'options'>,
  { feature, requirement, reasons }: Readonly<{ feature: string; requirement: Requirement; reasons: readonly Reason[] }>,
): StileError {
  const enrollable = enrollableMethods(domain.options)
  const methods = methodsFor(requirement).filter((method) => enrollable.includes(method))
  const detail = reasons.at(-1)?.message ?? 'Nothing that you have enrolled can prove this. Enrol something first.'
  return new StileError('enrollment_required', detail, { feature, requirement, reasons, next: { methods } })
}

import { AUTHENTICATORS_FEATURE } from '@stile/protocol'
import { StileError } from '../error.ts'
import type { OpenWay } from '../methods/ways.ts'
import type { Caller } from '../sessions/caller.ts'
import { sessionKey } from '../sessions/session-key.ts'
import { countProofs } from '../standing/counted.ts'
import { loadStanding, type Standing } from '../standing/standing.ts'
import type { AuthenticatorRecord, OperationRecord, UsedOperation } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'
import { isRefusal, type Removal, type RemovalRefusal, removalLevel, removalOf, removalRefusal, removalRule } from './after-recovery.ts'
import { authenticatorsGate, GATE_MAX_AGE_SECONDS, type Gate, hasNothingAboveSession, waysToChange } from './gate.ts'
import { beginChange, type GatedChange, operationIdOf, provenChange } from './gated-change.ts'
import { newRegistrationId } from './registration.ts'

/** Who was let through the gate, and what opened it. */
export type Admitted = Readonly<{
  standing: Standing
  gate: Extract<Gate, { outcome: 'permit' }>
  /** What has proven this change, if its operation was proven. */
  prover?: AuthenticatorRecord
  /** The operation that was proven for this change: to be used up with it. Absent if something else opened the gate. */
  operation?: UsedOperation
}>

/** What is known of the change beside what it changes. */
export type AdmitOptions = Readonly<{
  /** Whether any fresh proof of this session will do, and not only one for this very change. */
  anyProof?: boolean
  /** The enrolment that is finished: only the operation that it was begun with counts, as long as the enrolment took, and none is begun. */
  registration?: Readonly<{ id: string; createdAt: number }>
}>

/**
 * Lets a caller through the gate in front of everything that changes authenticators, codes and devices.
 *
 * If something is enrolled, the change needs a ceremony of its own: whoever has none yet is answered with the operation that it must be for.
 *
 * @throws {StileError} `insufficient_user_authentication` for the feature `stile:authenticators`, with the operation, or `denied`
 */
export async function admit(
  domain: Domain,
  caller: Caller,
  asked: GatedChange,
  { anyProof = false, registration }: AdmitOptions = {},
): Promise<Admitted> {
  const graceSeconds = registration === undefined ? 0 : domain.now() - registration.createdAt
  const [standing, ticket, proven] = await Promise.all([
    loadStanding(domain, caller),
    asked.change === 'add' ? domain.store.recovery.ticket(sessionKey(caller)) : null,
    provenChange(domain, caller, asked),
  ])
  const own = registration === undefined || proven?.id === operationIdOf(registration.id) ? proven : undefined
  const prover = own?.proof && standing.authenticators.find(({ id }) => id === own.proof?.authenticatorId)
  const removal = asked.change === 'remove' ? removalOf(standing, asked.id) : undefined
  const rule = removal && prover && removalRule(prover, removal)
  // what may not remove this has proven nothing here
  const given = own?.proof === undefined || isRefusal(rule) ? [] : countProofs([own.proof], standing.authenticators)
  const gate = authenticatorsGate(domain, standing, {
    graceSeconds,
    ticket,
    level: rule === 'allowed' ? prover?.level : removal && given.length === 0 ? removalLevel(removal) : undefined,
    proofs: anyProof ? [...standing.proofs, ...given] : given,
  })
  if (gate.outcome === 'permit') {
    const isOwn = own !== undefined && given.length > 0 && gate.ticket === undefined && !hasNothingAboveSession(standing)
    return {
      standing,
      gate,
      ...(prover && { prover }),
      ...(isOwn && { operation: usedOf(own, domain.now() - GATE_MAX_AGE_SECONDS - graceSeconds) }),
    }
  }
  const feature = AUTHENTICATORS_FEATURE
  const { reasons } = gate
  if (gate.outcome === 'deny') throw new StileError('denied', gate.detail, { feature, reasons })
  const { requirement } = gate
  const ways = waysToChange(domain, standing, requirement)
  const refusal = removal && refusalOfAll(ways, removal)
  if (refusal !== undefined) {
    const message = removalRefusal(refusal, domain.options.help)
    throw new StileError('denied', message, { feature, reasons: [{ code: 'requirement_unsatisfiable', source: '/enrollment', message }] })
  }
  const methods = ways.map(({ way }) => way.method)
  const detail = isRefusal(rule) ? removalRefusal(rule, domain.options.help) : (reasons.at(-1)?.message ?? 'A fresher proof is needed.')
  const begun = hasNothingAboveSession(standing) || registration !== undefined ? undefined : await beginChange(domain, caller, asked)
  const operation = begun && { operation: begun.params }
  throw new StileError('insufficient_user_authentication', detail, { feature, requirement, ...operation, reasons, next: { methods } })
}

/** The id of the enrolment that a caller was let in for: that of its operation, or a new one. */
export function registrationIdFor({ random }: Pick<Domain, 'random'>, { operation }: Admitted): string {
  return operation === undefined ? newRegistrationId(random) : `reg_${operation.id.slice('op_'.length)}`
}

/** Why none of what could be asked for may remove this: nobody is led through a ceremony in vain. */
function refusalOfAll(ways: readonly OpenWay[], removal: Removal): RemovalRefusal | undefined {
  const rules = ways.flatMap(({ way }) => way.authenticators).map((by) => removalRule(by, removal))
  const refusals = rules.filter(isRefusal)
  return refusals.length === rules.length ? refusals[0] : undefined
}

function usedOf({ id, key, digest }: OperationRecord, provenAfter: number): UsedOperation {
  return { id, key, digest, provenAfter }
}

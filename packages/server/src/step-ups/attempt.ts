import { meets } from '@stile/policy'
import { AUTHENTICATORS_FEATURE, type IssuedToken, RECOVERY_FEATURE, type Requirement, SESSION_FEATURE, type StepUp } from '@stile/protocol'
import { z } from 'zod'
import { GATE_MAX_AGE_SECONDS } from '../authenticators/gate.ts'
import { REGISTRATION_SECONDS } from '../authenticators/registration.ts'
import { decideFor } from '../decisions/decide.ts'
import type { StileError } from '../error.ts'
import { guessesLeft } from '../guesses/guesses.ts'
import { readBody } from '../input/body.ts'
import { attemptFailed, stepUpExpired } from '../methods/failure.ts'
import type { Proven } from '../methods/method.ts'
import { bindDevice, bindsDevice, recordProof } from '../proofs/record.ts'
import type { Caller } from '../sessions/caller.ts'
import { budgetOf } from '../standing/budget.ts'
import { countProofs } from '../standing/counted.ts'
import { loadStanding, loginsOf, type Standing, standingWith } from '../standing/standing.ts'
import type { StepUpRecord } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'
import { issueToken } from '../tokens/issue.ts'
import { demandOf, isNextAsk, requirementNow } from './demand.ts'
import { openStepUp } from './open.ts'
import { shownStepUp } from './start.ts'
import { wayFor, waysFor } from './ways.ts'

/** How long the proof of a change is kept, in seconds: as long as it is fresh, and an enrolment that began with it is open. */
const PROVEN_SECONDS = GATE_MAX_AGE_SECONDS + REGISTRATION_SECONDS

/** The body of `POST /v1/step-ups/{id}/attempts`; what `response` must be is up to the method. */
export const ATTEMPT_BODY = z.object({ method: z.string().min(1).max(32), response: z.unknown() })

/**
 * Judges an answer to an open step-up. Policy, license and risk are decided again before anything is looked at, and once more before a
 * token leaves: what was proven must meet what was asked at the start and what is asked now.
 *
 * A failure leaves the step-up open. Of answers in parallel, one gets the token, and the others find the step-up over. If the store fails,
 * the step-up stays open too, and nothing is counted; at worst a code or challenge is spent.
 *
 * @throws {StileError} `invalid_request`, `step_up_expired`, `method_unavailable`, `attempt_failed`, `too_many_attempts`, and what the
 *   policy says now
 */
export async function attempt(domain: Domain, caller: Caller, id: string, body: unknown): Promise<StepUp> {
  const given = readBody(ATTEMPT_BODY, body)
  // another method is not kept waiting by a login provider that is slow
  return domain.inTurn(`step-up ${id} ${given.method}`, () => judge(domain, caller, id, given))
}

async function judge(
  domain: Domain,
  caller: Caller,
  id: string,
  { method: chosen, response }: z.infer<typeof ATTEMPT_BODY>,
): Promise<StepUp> {
  const record = await openStepUp(domain, caller, id)
  const standing = await loadStanding(domain, caller)
  const requirement = requirementNow(domain, standing, record)
  const ways = waysFor(domain, standing, { ...record, requirement })
  const { method, way } = wayFor(standing, ways, chosen)
  const proven = await method.prove(domain, { record, standing, way, requirement }, response)
  const answered: Answered = { record, caller, requirement, proven }
  const done = await settleAtOnce(domain, standing, answered)
  if (done !== undefined) return done
  await noteUse(domain, standing, answered)
  if (!isEnough(domain, requirement, proven)) throw await tooLow(domain, record, standing)
  if (record.operation?.id !== undefined) return settleChange(domain, standing, record.operation.id, answered)
  const issued =
    record.operation === undefined ? await settle(domain, standing, answered) : await settleBound(domain, record.operation, answered)
  // the token is made before and leaves after: only one caller can take the step-up and gets the token, and a failing store costs nobody theirs
  if ((await domain.store.stepUps.take(record.id)) === null) throw stepUpExpired()
  return { ...shownStepUp({ ...record, requirement }), status: 'done', issued }
}

/** A step-up whose answer has been judged. */
type Answered = Readonly<{ record: StepUpRecord; caller: Caller; requirement: Requirement; proven: Proven }>

/** The features that are the service's own: what is demanded for them rests on more than the proof changes. */
const OWN_FEATURES: ReadonlySet<string> = new Set([AUTHENTICATORS_FEATURE, RECOVERY_FEATURE, SESSION_FEATURE])

/**
 * The usual case in one write: a passkey for a feature of the policy, and nothing has changed since the standing was read. `undefined`, and nothing is
 * written, if it is another: everything is then done one after the other, on what is read again.
 */
async function settleAtOnce(
  domain: Domain,
  standing: Standing,
  { record, caller, requirement, proven }: Answered,
): Promise<StepUp | undefined> {
  const { use, method, level, amr, authTime, authenticatorId } = proven
  if (use === undefined || record.operation !== undefined || OWN_FEATURES.has(record.feature)) return undefined
  // a token is as old as what it says, and no proof is newer than its token
  if (authTime !== standing.now || !isEnough(domain, requirement, proven)) return undefined
  // what makers say is not in the change log
  if (standing.authenticators.some((each) => domain.attestation.judge(each) !== each.attestation)) return undefined
  const proof = { method, level, amr, authTime, ...(authenticatorId !== undefined && { authenticatorId }) }
  const binds = bindsDevice(level, standing)
  const after = standingWith(standing, proof, binds)
  if (decideFor(after, record.feature).outcome !== 'permit') return undefined
  const issued = await issueToken(domain, after, { audience: record.audience, requirement, feature: record.feature })
  const { account, subject, sid } = caller
  const outcome = await domain.store.stepUps.settle({
    id: record.id,
    key: record.key,
    account,
    revision: standing.revision,
    proof,
    use,
    bindsDevice: binds,
    change: { at: domain.now(), type: 'proofs', subject, sid },
  })
  // the token leaves only if all of it is written
  return outcome === 'settled' ? { ...shownStepUp({ ...record, requirement }), status: 'done', issued } : undefined
}

/** Notes the use of a passkey: of two answers with the same counter, one is a copy of the other. */
async function noteUse(domain: Domain, standing: Standing, { record: { id, key }, proven: { use } }: Answered): Promise<void> {
  if (use === undefined || (await domain.store.authenticators.touch(use))) return
  const left = await guessesLeft(domain, { subject: key.subject, budget: budgetOf(standing), ceremony: id })
  throw attemptFailed('counter_regressed', left)
}

/** Remembers the proof, which also makes the device a known one, and asks the policy once more. */
async function settle(domain: Domain, standing: Standing, { record, caller, requirement, proven }: Answered): Promise<IssuedToken> {
  await recordProof(domain, standing, proven)
  const after = await loadStanding(domain, caller)
  const demand = demandOf(domain, after, record.feature)
  if (demand.outcome !== 'permit' && !isNextAsk(record.feature, demand)) throw await tooLow(domain, record, after)
  return issueToken(domain, after, { audience: record.audience, requirement, feature: record.feature })
}

/** A proof for an operation is for nothing else: it is not remembered, and only the login stands beside it in the token. */
async function settleBound(
  domain: Domain,
  { digest, salt }: NonNullable<StepUpRecord['operation']>,
  { record, caller, requirement, proven }: Answered,
): Promise<IssuedToken> {
  const { feature, audience } = record
  const current = await loadStanding(domain, caller)
  demandOf(domain, current, feature)
  const logins = loginsOf(caller, current.policy, current.license)
  const after = { ...current, proofs: [...logins, ...countProofs([proven], current.authenticators)] }
  if (decideFor(after, feature, { digest }).outcome !== 'permit') throw await tooLow(domain, record, current)
  return issueToken(domain, after, { audience, requirement, feature, operation: { feature, digest, salt } })
}

/**
 * Keeps a proof with the change that it was given for, for which alone it counts; like any other it makes the device a known one. The token
 * is for what was proven before.
 */
async function settleChange(
  domain: Domain,
  standing: Standing,
  id: string,
  { record, caller, requirement, proven }: Answered,
): Promise<StepUp> {
  await bindDevice(domain, standing, proven)
  const issued = await issueToken(domain, await loadStanding(domain, caller), { audience: record.audience })
  const expiresAt = domain.now() + PROVEN_SECONDS
  const kept = await domain.store.operations.prove({ stepUp: record.id, id, key: record.key, proof: proven, expiresAt })
  if (!kept) throw stepUpExpired()
  return { ...shownStepUp({ ...record, requirement }), status: 'done', issued }
}

function isEnough(domain: Domain, { bind: _, ...requirement }: Requirement, proven: Proven): boolean {
  return meets(requirement, { proofs: [proven] }, domain.now())
}

async function tooLow(domain: Domain, { id, key }: StepUpRecord, standing: Standing): Promise<StileError> {
  return attemptFailed('level_too_low', await guessesLeft(domain, { subject: key.subject, budget: budgetOf(standing), ceremony: id }))
}

import { meets } from '@stile/policy'
import type { IssuedToken, Requirement, StepUp } from '@stile/protocol'
import { decideFor, loadStanding, type Standing } from '../decisions/standing.ts'
import type { Caller, Domain } from '../domain.ts'
import { StileError } from '../error.ts'
import { attemptFailed } from '../methods/failure.ts'
import { guessesLeft } from '../methods/limits.ts'
import { recordProof } from '../proofs/record.ts'
import type { StepUpRecord, StoredProof } from '../stores/store.ts'
import { issueToken } from '../tokens/issue.ts'
import { ATTEMPT_BODY, readBody } from './body.ts'
import { demandOf, requirementNow } from './demand.ts'
import { openStepUp, stepUpExpired } from './open.ts'
import { type Proven, provePasskey, proveTotp } from './prove.ts'
import { shownStepUp } from './start.ts'
import { type Way, wayFor, waysToMeet } from './ways.ts'

/**
 * Judges an answer to an open step-up. Policy, license and risk are decided again before anything is looked at, and once more before a
 * token leaves: what was proven must meet what was asked at the start and what is asked now.
 *
 * A failure leaves the step-up open. Of answers in parallel, one gets the token. Where the store fails the step-up stays open too, and
 * nothing is counted; at worst a code or challenge is spent.
 *
 * @throws {StileError} `invalid_request`, `step_up_expired`, `method_unavailable`, `attempt_failed`, `too_many_attempts`, and what the
 *   policy says now
 */
export async function attempt(domain: Domain, caller: Caller, id: string, body: unknown): Promise<StepUp> {
  const { method, response } = readBody(ATTEMPT_BODY, body)
  const record = await openStepUp(domain, caller, id)
  const standing = await loadStanding(domain, caller)
  const requirement = requirementNow(standing, record)
  const way = wayFor(standing, waysToMeet(standing, requirement), method)
  const proven = await prove(domain, record, way, requirement, response)
  if (!isEnough(domain, requirement, proven)) throw await tooLow(domain, record)
  const issued =
    record.operation === undefined
      ? await settle(domain, record, standing, requirement, proven)
      : await settleBound(domain, record, record.operation, standing, requirement, proven)
  // the token is made before and leaves after: only who takes the step-up gets one, and a failing store costs nobody theirs
  if ((await domain.store.stepUps.take(record.id)) === null) throw stepUpExpired()
  return { ...shownStepUp({ ...record, requirement }), status: 'done', issued }
}

function prove(domain: Domain, record: StepUpRecord, way: Way, requirement: Requirement, response: unknown): Promise<Proven> {
  if (way.method === 'passkey') return provePasskey(domain, record, way, requirement, response)
  if (way.method === 'totp') return proveTotp(domain, record, way, response)
  throw new StileError('method_unavailable', 'Sign in again, then begin this step-up anew: a fresh login is its own proof.')
}

/** Remembers the proof, which also makes the device a known one, and asks the policy once more. */
async function settle(
  domain: Domain,
  record: StepUpRecord,
  standing: Standing,
  requirement: Requirement,
  proven: Proven,
): Promise<IssuedToken> {
  await recordProof(domain, standing, proven)
  const after = await loadStanding(domain, standing.caller)
  if (demandOf(after, record.feature).outcome !== 'permit') throw await tooLow(domain, record)
  return issueToken(domain, after, { audience: record.audience, requirement })
}

/** A proof for an operation is for nothing else: it is not remembered, and only the login stands beside it in the token. */
async function settleBound(
  domain: Domain,
  record: StepUpRecord,
  { digest, salt }: NonNullable<StepUpRecord['operation']>,
  standing: Standing,
  requirement: Requirement,
  proven: Proven,
): Promise<IssuedToken> {
  const { feature, audience } = record
  const current = await loadStanding(domain, standing.caller)
  demandOf(current, feature)
  const after = { ...current, proofs: [current.caller.login, proofOf(domain, proven)] }
  if (decideFor(after, feature, { digest }).outcome !== 'permit') throw await tooLow(domain, record)
  return issueToken(domain, after, { audience, requirement, operation: { feature, digest, salt } })
}

function isEnough(domain: Domain, { bind: _, ...requirement }: Requirement, proven: Proven): boolean {
  return meets(requirement, { proofs: [proofOf(domain, proven)] }, domain.now())
}

function proofOf(domain: Domain, { method, level, amr, authenticatorId }: Proven): StoredProof {
  return { method, level, amr, authenticatorId, authTime: domain.now() }
}

async function tooLow(domain: Domain, { id, key }: StepUpRecord): Promise<StileError> {
  return attemptFailed('level_too_low', await guessesLeft(domain, { subject: key.subject, ceremony: id }))
}

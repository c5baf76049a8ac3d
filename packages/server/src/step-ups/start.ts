import { AUTHENTICATORS_FEATURE, type Requirement, type StepUp } from '@stile/protocol'
import { z } from 'zod'
import { hasNothingAboveSession } from '../authenticators/gate.ts'
import { begunChange } from '../authenticators/gated-change.ts'
import { guessesLeft } from '../guesses/guesses.ts'
import { readBody } from '../input/body.ts'
import type { OpenWay } from '../methods/ways.ts'
import { bindOperation } from '../operations/operation.ts'
import type { Caller } from '../sessions/caller.ts'
import { sessionKey } from '../sessions/session-key.ts'
import { budgetOf } from '../standing/budget.ts'
import { loadStanding, type Standing } from '../standing/standing.ts'
import type { OperationRecord, StepUpRecord } from '../stores/store.ts'
import { audienceFor } from '../tokens/audience.ts'
import type { Domain } from '../tokens/domain.ts'
import { issueToken } from '../tokens/issue.ts'
import { changeDemand, demandOf, enrollmentRequired } from './demand.ts'
import { STEP_UP_SECONDS } from './open.ts'
import { createStarted, shownWay, waysFor } from './ways.ts'

/** The body of `POST /v1/step-ups`. */
export const START_BODY = z.object({
  feature: z.string().min(1).max(256),
  operation: z.unknown().optional(),
  audience: z.string().min(1).max(512).optional(),
})

const ID_BYTES = 16

/** What a step-up is opened for. */
type Asked = Pick<StepUpRecord, 'id' | 'feature' | 'audience' | 'requirement' | 'operation'>

/**
 * Starts a step-up for a feature: `open` with the best method started, or `done` at once if it is permitted and not bound to an
 * operation. `operation` counts only if the policy binds one, or names a change of authenticators that was begun; the answer says to what the
 * proof will be bound.
 *
 * @throws {StileError} `invalid_request`, `invalid_operation`, `license_required`, `enrollment_required`, `denied`
 */
export async function startStepUp(domain: Domain, caller: Caller, body: unknown): Promise<StepUp> {
  const { feature, operation: params, audience: asked } = readBody(START_BODY, body)
  const audience = audienceFor(domain, caller, asked)
  const standing = await loadStanding(domain, caller)
  const begun =
    feature === AUTHENTICATORS_FEATURE && !hasNothingAboveSession(standing) ? await begunChange(domain, caller, params) : undefined
  const { outcome, requirement, reasons } = begun ? changeDemand(domain, standing, begun) : demandOf(domain, standing, feature)
  const id = newStepUpId(domain)
  const expiresAt = domain.now() + STEP_UP_SECONDS
  if (outcome === 'permit') {
    const issued = await issueToken(domain, standing, { audience, requirement, feature })
    return { id, feature, requirement, expiresAt, status: 'done', issued }
  }
  // its ceremony is over, and only the answer did not arrive
  if (begun?.proof !== undefined) {
    const issued = await issueToken(domain, standing, { audience })
    return { id, feature, requirement, operation: begun.params, expiresAt, status: 'done', issued }
  }

  const operation = begun ? boundTo(begun) : operationFor(domain, { feature, account: caller.account, audience }, requirement, params)
  const ways = waysFor(domain, standing, { feature, requirement, ...(operation && { operation }) })
  const [best, ...others] = ways
  if (best === undefined) throw enrollmentRequired(domain, { feature, requirement, reasons })
  return openWith(domain, standing, { id, feature, audience, requirement, ...(operation && { operation }), ways: [best, ...others] })
}

/** A name that no step-up has yet. */
export function newStepUpId({ random }: Pick<Domain, 'random'>): string {
  return `su_${Buffer.from(random(ID_BYTES)).toString('base64url')}`
}

/**
 * Opens a step-up of a caller, with the first of its ways started.
 *
 * @param asked.most  how many for its feature stay of keys that are known devices, and of all others together; as many as there are by default
 */
export async function openWith(
  domain: Domain,
  standing: Standing,
  { ways: [best, ...others], most, ...asked }: Asked & Readonly<{ ways: readonly [OpenWay, ...OpenWay[]]; most?: number }>,
): Promise<StepUp> {
  const { caller } = standing
  const { account, client } = caller
  const now = domain.now()
  const record: StepUpRecord = { ...asked, key: sessionKey(caller), account, client, createdAt: now, expiresAt: now + STEP_UP_SECONDS }
  const { id, key, requirement } = record
  return {
    ...shownStepUp(record),
    status: 'open',
    methods: [await createStarted(domain, best, { record, standing, requirement, most }), ...others.map(shownWay)],
    attemptsLeft: await guessesLeft(domain, { subject: key.subject, budget: budgetOf(standing), ceremony: id }),
  }
}

/** What every answer says of a step-up. */
export function shownStepUp(record: StepUpRecord): Pick<StepUp, 'id' | 'feature' | 'requirement' | 'operation' | 'expiresAt'> {
  const { id, feature, requirement, operation, expiresAt } = record
  return { id, feature, requirement, ...(operation && { operation: operation.params }), expiresAt }
}

function boundTo({ id, params, digest, salt }: OperationRecord): NonNullable<StepUpRecord['operation']> {
  return { id, params, digest, salt }
}

function operationFor(
  domain: Domain,
  context: Readonly<{ feature: string; account: string; audience: string }>,
  { bind }: Requirement,
  params: unknown,
): StepUpRecord['operation'] {
  return bind === undefined || bind.length === 0 ? undefined : bindOperation(domain, { ...context, bind }, params)
}

import { AUTHENTICATORS_FEATURE, canonicalJson, type Operation, parseOperation } from '@stile/protocol'
import { StileError } from '../error.ts'
import { saltOperation } from '../operations/operation.ts'
import type { Caller } from '../sessions/caller.ts'
import { sessionKey } from '../sessions/session-key.ts'
import type { OperationRecord } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'

/** How long a change that was begun waits for its proof, in seconds. */
const BEGUN_SECONDS = 600
/** How many of them wait in one session on one device at the same time. */
const MOST_BEGUN = 8

const OPERATION_PREFIX = 'op_'

/**
 * What is to be changed: the parameters of its operation. The `id` of what is changed is the authenticator's or the device's; what is made
 * only then, an authenticator or recovery codes, gets the id when it is begun.
 */
export type GatedChange = Readonly<
  | { change: 'add'; method: string }
  | { change: 'rename'; id: string; name: string; to: string }
  | { change: 'remove'; id: string; method: string; name: string }
  | { change: 'codes' }
  | { change: 'forget'; id: string; name?: string }
>

/** Begins a change: the operation that its ceremony will be for. */
export async function beginChange(domain: Domain, caller: Caller, asked: GatedChange): Promise<OperationRecord> {
  const random = Buffer.from(domain.random(16)).toString('base64url')
  const now = domain.now()
  const context = { feature: AUTHENTICATORS_FEATURE, account: caller.account, audience: domain.options.publicUrl }
  const record: OperationRecord = {
    id: OPERATION_PREFIX + random,
    key: sessionKey(caller),
    ...context,
    ...saltOperation(domain, context, paramsOf(asked, random)),
    createdAt: now,
    expiresAt: now + BEGUN_SECONDS,
  }
  await domain.store.operations.begin({ record, limit: MOST_BEGUN })
  return record
}

/** The newest operation of a caller that is for this change and has its proof. */
export async function provenChange(domain: Domain, caller: Caller, asked: GatedChange): Promise<OperationRecord | undefined> {
  const begun = await openChanges(domain, caller)
  return begun.find(({ params, proof }) => proof !== undefined && isFor(params, asked))
}

/**
 * The change that a step-up is to prove: the one that is named, or the newest that waits for a proof, for clients that name none.
 *
 * @throws {StileError} `invalid_operation` if no such change was begun in this session on this device
 */
export async function begunChange(domain: Domain, caller: Caller, named: unknown): Promise<OperationRecord | undefined> {
  const begun = await openChanges(domain, caller)
  if (named === undefined) return begun.find(({ proof }) => proof === undefined)
  const read = parseOperation(named)
  const wanted = read.ok ? canonicalJson(read.operation) : undefined
  const found = begun.find(({ params }) => canonicalJson(params) === wanted)
  if (found !== undefined) return found
  const detail =
    'This change was not begun here, was made already, or was begun too long ago. Ask for the change first: its answer names the operation.'
  throw new StileError('invalid_operation', detail, { feature: AUTHENTICATORS_FEATURE })
}

/** The id of the enrolment that an operation is for, which shares its random part. */
export function operationIdOf(registrationId: string): string {
  return OPERATION_PREFIX + registrationId.slice('reg_'.length)
}

async function openChanges(domain: Domain, caller: Caller): Promise<readonly OperationRecord[]> {
  const kept = await domain.store.operations.list(sessionKey(caller))
  const now = domain.now()
  return kept.filter(
    ({ feature, account, expiresAt }) => feature === AUTHENTICATORS_FEATURE && account === caller.account && expiresAt > now,
  )
}

function paramsOf(asked: GatedChange, random: string): Operation {
  if (asked.change === 'add') return { ...asked, id: `reg_${random}` }
  return asked.change === 'codes' ? { ...asked, id: `codes_${random}` } : { ...asked }
}

// what is changed is known by its id: a name is shown, and whoever bears it may give themselves another one meanwhile
function isFor(params: Operation, asked: GatedChange): boolean {
  if (params.change !== asked.change) return false
  switch (asked.change) {
    case 'add':
      return params.method === asked.method
    case 'rename':
      return params.id === asked.id && params.to === asked.to
    case 'remove':
    case 'forget':
      return params.id === asked.id
    case 'codes':
      return true
  }
}

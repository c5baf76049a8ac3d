import { stepUpExpired } from '../methods/failure.ts'
import type { FactsDomain } from '../options/domain.ts'
import type { Caller } from '../sessions/caller.ts'
import { sessionKey } from '../sessions/session-key.ts'
import type { StepUpRecord } from '../stores/store.ts'

/** How long a step-up stays open, in seconds. */
export const STEP_UP_SECONDS = 300

/**
 * The open step-up of a caller.
 *
 * @throws {StileError} `step_up_expired`, in the same words if it is unknown, used up, expired, or of another subject, session, device,
 * account or client: nobody learns which ids exist.
 */
export async function openStepUp(domain: FactsDomain, caller: Caller, id: string): Promise<StepUpRecord> {
  const record = isId(id) ? await domain.store.stepUps.get(id) : null
  if (record === null || record.expiresAt <= domain.now() || !belongsTo(record, caller)) throw stepUpExpired()
  return record
}

function belongsTo({ key, account, client }: StepUpRecord, caller: Caller): boolean {
  const own = sessionKey(caller)
  const sameKey = key.subject === own.subject && key.sid === own.sid && key.jkt === own.jkt
  return sameKey && account === caller.account && client === caller.client
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && /^su_[A-Za-z0-9_-]{16,64}$/.test(id)
}

import { AUTHENTICATORS_FEATURE } from '@stile/protocol'
import { StileError } from '../error.ts'
import { waysToMeet } from '../methods/ways.ts'
import type { Caller } from '../sessions/caller.ts'
import { sessionKey } from '../sessions/session-key.ts'
import { loadStanding, type Standing } from '../standing/standing.ts'
import type { Domain } from '../tokens/domain.ts'
import { authenticatorsGate, type Gate } from './gate.ts'

/** Who was let through the gate, and what opened it. */
export type Admitted = Readonly<{ standing: Standing; gate: Extract<Gate, { outcome: 'permit' }> }>

/**
 * Lets a caller through the gate in front of everything that changes authenticators.
 *
 * @param options.adding  whether one authenticator is added: only then a recovery ticket opens it too
 * @throws {StileError} `insufficient_user_authentication` for the feature `stile:authenticators`, or `denied`
 */
export async function admit(
  domain: Domain,
  caller: Caller,
  { adding = false, graceSeconds = 0 }: Readonly<{ adding?: boolean; graceSeconds?: number }> = {},
): Promise<Admitted> {
  const standing = await loadStanding(domain, caller)
  const ticket = adding ? await domain.store.recovery.ticket(sessionKey(caller)) : null
  const gate = authenticatorsGate(domain, standing, { graceSeconds, ticket })
  const feature = AUTHENTICATORS_FEATURE
  if (gate.outcome === 'permit') return { standing, gate }
  const { reasons } = gate
  if (gate.outcome === 'deny') throw new StileError('denied', gate.detail, { feature, reasons })
  const { requirement } = gate
  const methods = waysToMeet(domain, standing, requirement).map(({ way }) => way.method)
  const detail = reasons.at(-1)?.message ?? 'A fresher proof is needed.'
  throw new StileError('insufficient_user_authentication', detail, { feature, requirement, reasons, next: { methods } })
}

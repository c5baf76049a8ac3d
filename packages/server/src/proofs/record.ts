import { type Level, rank, satisfies } from '@stile/protocol'
import { StileError } from '../error.ts'
import type { Proven } from '../methods/method.ts'
import type { FactsDomain } from '../options/domain.ts'
import { sessionEnded } from '../sessions/session-ended.ts'
import { sessionKey } from '../sessions/session-key.ts'
import type { EvidenceDomain } from '../standing/domain.ts'
import type { Standing } from '../standing/standing.ts'

/**
 * Remembers a proof for this session on this device.
 *
 * A proof of at least `phr`, or of the strongest level that the subject has enrolled, also binds the device: it is then known. That of
 * an acting party never does.
 *
 * @throws {StileError} `session_ended` if the session was ended meanwhile, `conflict` if the authenticator was removed
 */
export async function recordProof(
  domain: EvidenceDomain,
  standing: Standing,
  { method, level, amr, authTime, authenticatorId }: Proven,
): Promise<void> {
  const { store } = domain
  const { caller } = standing
  const now = domain.now()
  // first the device: those who are told of the proof then read that the risk is normal again
  await bindDevice(domain, standing, { level, authTime, authenticatorId })
  const kept = await store.proofs.record({
    key: sessionKey(caller),
    proof: { method, level, amr, authTime, ...(authenticatorId !== undefined && { authenticatorId }) },
    change: { at: now, type: 'proofs', subject: caller.subject, sid: caller.sid },
  })
  if (kept) return
  if (authenticatorId !== undefined && (await store.authenticators.get({ subject: caller.subject, id: authenticatorId })) === null)
    throw new StileError('conflict', 'What you proved this with was removed meanwhile. Begin again with another authenticator.')
  throw await sessionEnded(domain, caller, 'This session was ended while you proved who you are. Sign in again.')
}

/** Makes the device a known one if a proof is strong enough for that; also one that is not remembered, because it was for an operation. */
export async function bindDevice(
  { store, now }: FactsDomain,
  standing: Standing,
  { level, authTime, authenticatorId }: Readonly<{ level: Level; authTime: number; authenticatorId?: string | undefined }>,
): Promise<void> {
  const { caller } = standing
  if (authenticatorId !== undefined && bindsDevice(level, standing))
    await store.devices.bind({ key: sessionKey(caller), authenticatorId, provenAt: authTime, now: now() })
}

/** Whether a proof by an authenticator makes the device a known one. */
export function bindsDevice(level: Level, { caller, authenticators }: Standing): boolean {
  if (caller.actor !== undefined) return false
  if (rank(level) <= rank('session')) return false
  return satisfies(level, 'phr') || authenticators.every((each) => rank(level) >= rank(each.level))
}

import { type AttestationStatus, type Level, rank } from '@stile/protocol'
import { webauthnAmr } from '../attestation/amr.ts'
import type { AttestationTrust } from '../attestation/trust.ts'
import type { AuthenticatorRecord, StoredProof } from '../stores/store.ts'

/** An authenticator with what it counts for now as its level. */
export type CountedAuthenticator = AuthenticatorRecord &
  Readonly<{
    attestation?: AttestationStatus
    /** It counts for nothing. */
    disabled?: true
    /** It is new until then, in seconds since the epoch. */
    settlesAt?: number
  }>

/**
 * What an authenticator counts for now. A security key that verifies its user is `phrh` as long as its maker's word is trusted; the level
 * that is stored is that of the ceremony, and no more than `phr`.
 */
export function countedNow(trust: AttestationTrust, record: AuthenticatorRecord): CountedAuthenticator {
  const attestation = trust.judge(record)
  if (attestation === undefined) return record
  const level: Level = record.level === 'phr' && attestation === 'trusted' ? 'phrh' : record.level
  return { ...record, level, attestation }
}

/**
 * Proofs with what they count for now: no more than what gave them counts for, and nothing where that is gone or switched off. Of
 * those that come to be of one method and level, the newest is kept.
 */
export function countProofs(proofs: readonly StoredProof[], authenticators: readonly CountedAuthenticator[]): readonly StoredProof[] {
  const counted = new Map<string, StoredProof>()
  for (const proof of proofs) {
    const now = countProof(proof, authenticators)
    if (now === undefined) continue
    const name = `${now.method} ${now.level}`
    const other = counted.get(name)
    if (other === undefined || other.authTime <= now.authTime) counted.set(name, now)
  }
  return [...counted.values()]
}

function countProof(proof: StoredProof, authenticators: readonly CountedAuthenticator[]): StoredProof | undefined {
  if (proof.authenticatorId === undefined) return proof
  const giver = authenticators.find(({ id }) => id === proof.authenticatorId)
  if (giver === undefined || giver.disabled) return undefined
  const { level, settlesAt } = giver
  const counted = settlesAt === undefined ? proof : { ...proof, settlesAt }
  if (rank(level) >= rank(proof.level)) return counted
  return { ...counted, level, amr: giver.data.method === 'totp' ? proof.amr : webauthnAmr(level) }
}

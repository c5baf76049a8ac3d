import { enrollmentOf } from '@stile/policy'
import { type AttestationStatus, type Authenticator, type Level, rank } from '@stile/protocol'
import { webauthnAmr } from '../attestation/amr.ts'
import type { AttestationTrust } from '../attestation/trust.ts'
import { WRONG_CODES_PER_AUTHENTICATOR } from '../guesses/guesses.ts'
import type { AuthenticatorRecord, StoredProof } from '../stores/store.ts'
import type { EvidenceDomain } from './domain.ts'

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
 * What an authenticator counts for now: what its maker's word is worth, whether too many wrong codes have switched it off, and until when
 * it is new. All of it is computed from the policy in force and never kept.
 */
export function countsNow(
  domain: Pick<EvidenceDomain, 'attestation' | 'policy' | 'now'>,
  record: AuthenticatorRecord,
): CountedAuthenticator {
  const settlesAt = record.createdAt + enrollmentOf(domain.policy().policy).settleSeconds
  return {
    ...countedNow(domain.attestation, record),
    ...(isSwitchedOff(record) && { disabled: true as const }),
    ...(settlesAt > domain.now() && { settlesAt }),
  }
}

/** Whether an authenticator has had all its wrong codes: it then counts for nothing until it is removed and enrolled again. */
export function isSwitchedOff({ data }: AuthenticatorRecord): boolean {
  return data.method === 'totp' && (data.disabledAt !== undefined || data.failures >= WRONG_CODES_PER_AUTHENTICATOR)
}

/**
 * Proofs with what they count for now: no more than what gave them counts for, and nothing if that is gone or switched off. Of
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

/** What an authenticator counts for now, and from when on in full. */
export function enrolledAs({ data, level, settlesAt }: CountedAuthenticator): Pick<Authenticator, 'method' | 'level' | 'settlesAt'> {
  return { method: data.method, level, ...(settlesAt !== undefined && { settlesAt }) }
}

/** An authenticator as its owner may see it: without keys, secrets and counters. */
export function publicAuthenticator(record: CountedAuthenticator): Authenticator {
  const { id, name, createdAt, lastUsedAt, boundBy, disabled, attestation } = record
  return {
    id,
    ...enrolledAs(record),
    name,
    createdAt,
    boundBy,
    ...(lastUsedAt !== undefined && { lastUsedAt }),
    ...(disabled && { disabled }),
    ...(attestation !== undefined && { attestation }),
  }
}

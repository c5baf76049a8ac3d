import type { AssuranceClaims, ProofClaim } from './claims.ts'
import { ACR, levelOfAcr } from './level.ts'
import { isMethod, type Method } from './method.ts'
import type { Assurance, Proof } from './requirement.ts'

/** Writes proofs as a token carries them. */
export function proofClaims(proofs: readonly Proof[]): ProofClaim[] {
  return proofs.map(({ method, level, amr, authTime, settlesAt }) => ({
    method,
    acr: ACR[level],
    amr,
    auth_time: authTime,
    ...(settlesAt !== undefined && { settles_at: settlesAt }),
  }))
}

/**
 * What a token's claims prove. Proofs of an unknown method or `acr` count for nothing.
 *
 * The operation is there only if the token names exactly one: if there were several, it would be unclear which one was meant.
 */
export function assuranceOf({
  proofs,
  authorization_details: details = [],
}: Pick<AssuranceClaims, 'proofs' | 'authorization_details'>): Assurance {
  const known = proofs.flatMap(({ method, acr, amr, auth_time: authTime, settles_at: settlesAt }): Proof[] => {
    const level = levelOfAcr(acr)
    return level && isProofMethod(method) ? [{ method, level, amr, authTime, ...(settlesAt !== undefined && { settlesAt }) }] : []
  })
  const [detail] = details
  if (!detail || details.length > 1) return { proofs: known }
  return { proofs: known, operation: { feature: detail.feature, digest: detail.digest } }
}

function isProofMethod(value: string): value is Method | 'login' {
  return value === 'login' || isMethod(value)
}

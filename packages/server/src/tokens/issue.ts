import { newestProof, settlesFor } from '@stile/policy'
import {
  ACR,
  ASSURANCE_MAX_SECONDS,
  ASSURANCE_TYP,
  type AssuranceClaims,
  type IssuedToken,
  licenseClaim,
  type Proof,
  proofClaims,
  type Requirement,
  rank,
} from '@stile/protocol'
import { StileError } from '../error.ts'
import type { Standing } from '../standing/standing.ts'
import { audienceOptionsFor } from './audience.ts'
import type { Domain } from './domain.ts'

/** What a token is for. */
export type IssueToken = Readonly<{
  /** The `aud` of a configured audience. */
  audience: string
  /** What was asked; `acr`, `amr` and `auth_time` are those of the newest proof that meets it. Default: the strongest proof. */
  requirement?: Requirement
  /** What it was asked for: what is too new for that does not meet it. */
  feature?: string
  /** The operation that a ceremony was completed for. */
  operation?: Readonly<{ feature: string; digest: string; salt: string }>
}>

/**
 * Issues an assurance token for where a caller stands (RFC 9068): at most five minutes, never past the next change of the license.
 *
 * @throws {StileError} `invalid_request` or `denied` for an audience that the caller may not ask for,
 *   `insufficient_user_authentication` if nothing proven meets the requirement
 */
export async function issueToken(
  domain: Domain,
  standing: Standing,
  { audience, requirement, feature = '', operation }: IssueToken,
): Promise<IssuedToken> {
  const { caller, policy, license, proofs, risk, revokedBefore } = standing
  const { id: aud } = audienceOptionsFor(domain, caller, audience)
  const now = domain.now()
  const settles = requirement !== undefined && settlesFor(policy.policy, feature, requirement)
  const proof = proofFor(proofs, requirement, now, settles)
  // as old as what it says, so that a revocation meanwhile covers it; and newer than one that was read, also within the same second
  const iat = Math.max(standing.now, revokedBefore + 1)
  const exp = Math.min(standing.now + ASSURANCE_MAX_SECONDS, license?.changesAt ?? Number.POSITIVE_INFINITY)
  const claims: AssuranceClaims = {
    iss: domain.options.publicUrl,
    aud,
    sub: caller.subject,
    exp,
    iat,
    // never in the future: others may allow no leeway
    nbf: standing.now,
    jti: Buffer.from(domain.random(16)).toString('base64url'),
    client_id: caller.client,
    sid: caller.sid,
    account: caller.account,
    ...(caller.actor !== undefined && { act: { sub: caller.actor } }),
    acr: ACR[proof.level],
    amr: proof.amr,
    auth_time: proof.authTime,
    proofs: proofClaims(proofs),
    cnf: { jkt: caller.jkt },
    lic: license === null ? null : licenseClaim(license),
    pol: { revision: policy.revision, digest: policy.digest },
    risk: risk.band,
    ...(operation && {
      authorization_details: [
        { type: 'stile_operation', feature: operation.feature, digest: operation.digest, salt: operation.salt } as const,
      ],
    }),
  }
  const token = await domain.keyring.sign(claims, { typ: ASSURANCE_TYP })
  return { token, expiresAt: exp, acr: claims.acr, amr: claims.amr, authTime: claims.auth_time }
}

function proofFor(proofs: readonly Proof[], requirement: Requirement | undefined, now: number, settles: boolean): Proof {
  if (requirement === undefined) return strongest(proofs)
  const proof = newestProof(requirement, { proofs }, now, settles)
  if (proof !== undefined) return proof
  throw new StileError('insufficient_user_authentication', 'What was proven in this session is not strong or fresh enough.', {
    requirement,
  })
}

/** The proof of the highest level, and of those the newest. There always is one: the login. */
function strongest(proofs: readonly Proof[]): Proof {
  return proofs.reduce((best, each) => {
    const higher = rank(each.level) - rank(best.level)
    return higher > 0 || (higher === 0 && each.authTime > best.authTime) ? each : best
  })
}

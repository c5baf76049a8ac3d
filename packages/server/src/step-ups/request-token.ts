import type { IssuedToken } from '@stile/protocol'
import { z } from 'zod'
import { StileError } from '../error.ts'
import { readBody } from '../input/body.ts'
import type { Caller } from '../sessions/caller.ts'
import { loadStanding } from '../standing/standing.ts'
import { audienceFor } from '../tokens/audience.ts'
import type { Domain } from '../tokens/domain.ts'
import { issueToken } from '../tokens/issue.ts'
import { demandOf } from './demand.ts'

/** The body of `POST /v1/tokens`. */
const BODY = z.object({ audience: z.string().min(1).max(512).optional(), feature: z.string().min(1).max(256).optional() })

/**
 * Issues a token for what is proven already: for any use, or for a feature if it needs no further proof.
 *
 * @throws {StileError} `insufficient_user_authentication` with the requirement if a step-up would help, and whatever else the policy
 *   says of the feature: `license_required`, `enrollment_required`, `denied`
 */
export async function requestToken(domain: Domain, caller: Caller, body: unknown): Promise<IssuedToken> {
  const { audience: asked, feature } = readBody(BODY, body)
  const audience = audienceFor(domain, caller, asked)
  const standing = await loadStanding(domain, caller)
  if (feature === undefined) return await issueToken(domain, standing, { audience })
  const { outcome, requirement, reasons } = demandOf(domain, standing, feature)
  if (outcome === 'permit') return await issueToken(domain, standing, { audience, requirement, feature })
  const detail = reasons.at(-1)?.message ?? 'A stronger or fresher proof is needed. Start a step-up for this feature.'
  throw new StileError('insufficient_user_authentication', detail, { feature, requirement, reasons })
}

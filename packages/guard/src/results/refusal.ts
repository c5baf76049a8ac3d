import { pointer } from '@stile/policy'
import {
  acrValues,
  buildChallenge,
  type ChallengeInit,
  type Decision,
  PROBLEM_MEDIA_TYPE,
  type Problem,
  type ProblemCode,
  problem,
  type Reason,
  type Requirement,
} from '@stile/protocol'
import type { ForeignAudience } from '../token/token.ts'
import type { GuardRefusal } from './result.ts'

/** A refusal carries the decision that led to it, so that `observe` can record it. */
export type Refused = GuardRefusal & Readonly<{ decided?: Decision }>

/** When it makes sense to try again while the service is not heard, in seconds. */
const RETRY_AFTER_SECONDS = 5

/** Nobody is signed in: names no feature, level or reason, because it goes to anyone who asks. */
export function unauthenticated(): Refused {
  return refuse('unauthenticated', 'Sign in, then try again.', {}, { 'WWW-Authenticate': buildChallenge({ scheme: 'DPoP' }) })
}

/** The token is not good here: a client gets a new one without a prompt (RFC 6750 §3.1, RFC 9449 §7.1). */
export function invalidToken(why: string, feature: string): Refused {
  return challenge('invalid_token', `${why} Get a new one from the service and try again.`, { feature }, {})
}

/** The token is for another API: a new one helps only if it is asked for by this one's name. */
export function foreignToken({ expected, received }: ForeignAudience, feature: string): Refused {
  const why = `The token is for another audience. Expected: ${expected}; received: ${received}.`
  const cure =
    'Another token of the same audience does not help: audience of createGuard, audiences of createStile and audiences[].id of the service must be one name.'
  return challenge('invalid_token', `${why} ${cure}`, { feature }, {})
}

/** The device proof is not good here (RFC 9449 §7.1). */
export function invalidProof(why: string, feature: string): Refused {
  return challenge('invalid_dpop_proof', `${why} Make a new proof and try again.`, { feature }, {})
}

/** The device proof lacks a nonce that is good now: a client makes another one with the nonce of the answer (RFC 9449 §9). */
export function useNonce(why: string, feature: string): Refused {
  return challenge('use_dpop_nonce', `${why} Make a new proof with the nonce of the DPoP-Nonce header.`, { feature }, {})
}

/** The service is not heard, so nothing beyond what the session allows can be decided. */
export function unavailable(why: string, feature: string): Refused {
  const retryAfter = RETRY_AFTER_SECONDS
  return refuse(
    'service_unavailable',
    `${why} Nothing was changed; try again in a few seconds.`,
    { feature, retryAfter },
    {
      'Retry-After': String(retryAfter),
    },
  )
}

/** The service refuses the key of this API's guard: nothing that the client does or waits for helps. */
export function keyRefused(feature: string): Refused {
  return refuse(
    'internal',
    'The verification service refuses the key of this API (service.key of its guard), so nothing can be decided. Trying again does not help: the operator must give it another key.',
    { feature },
  )
}

/** Something of the application failed, such as `identify`. The log says what. */
export function internal(feature: string): Refused {
  return refuse('internal', 'The request could not be checked, so it was refused. The log of the server says why.', { feature })
}

/** The answer to a decision that does not permit. */
export function refusalOf(decision: Decision): Refused {
  const { feature, reasons, outcome } = decision
  switch (outcome) {
    case 'step_up': {
      const { requirement, next } = decision
      if (requirement.bind !== undefined && requirement.bind.length > 0) return unbound(decision, requirement.bind)
      return { ...stepUp(feature, requirement, reasons, next.methods), decided: decision }
    }
    case 'enroll': {
      const { requirement, next } = decision
      const members = { feature, requirement, reasons, next: { methods: next.methods } }
      return { ...refuse('enrollment_required', sentence(reasons, 'Enrol what could prove this first.'), members), decided: decision }
    }
    case 'upgrade': {
      const detail = sentence(reasons, 'The license does not include this.')
      return { ...refuse('license_required', detail, { feature, reasons, next: { tiers: decision.next.tiers } }), decided: decision }
    }
    default:
      return { ...refuse('denied', sentence(reasons, 'The policy does not allow this.'), { feature, reasons }), decided: decision }
  }
}

function stepUp(feature: string, requirement: Requirement, reasons: readonly Reason[], methods: readonly string[]): Refused {
  const { level, maxAgeSeconds } = requirement
  return challenge(
    'insufficient_user_authentication',
    sentence(reasons, 'A stronger or fresher proof is needed.'),
    { feature, requirement, reasons, next: { methods } },
    { acrValues: acrValues(level), maxAgeSeconds },
  )
}

/** A proof for one operation cannot be checked here, so asking for it would never end. */
function unbound(decision: Decision, bind: readonly string[]): Refused {
  const message = `This must be proven for the very operation (${bind.join(', ')}), which this API cannot check. Nobody can use it here; tell its operator.`
  const reasons: readonly Reason[] = [{ code: 'operation_unbound', source: pointer('features', decision.feature), message }]
  const { feature, policy, enforced } = decision
  const decided: Decision = { feature, policy, enforced, reasons, outcome: 'deny' }
  return { ...refuse('denied', message, { feature, reasons }), decided }
}

function challenge(
  code: ProblemCode,
  detail: string,
  members: Partial<Problem>,
  init: Pick<ChallengeInit, 'acrValues' | 'maxAgeSeconds'>,
): Refused {
  const header = buildChallenge({ scheme: 'DPoP', error: code, errorDescription: detail, ...init })
  return refuse(code, detail, members, { 'WWW-Authenticate': header })
}

function refuse(code: ProblemCode, detail: string, members: Partial<Problem>, headers: Readonly<Record<string, string>> = {}): Refused {
  const body = problem(code, detail, members)
  return {
    ok: false,
    status: body.status,
    headers: { 'Content-Type': PROBLEM_MEDIA_TYPE, 'Cache-Control': 'no-store', ...headers },
    problem: body,
  }
}

function sentence(reasons: readonly Reason[], otherwise: string): string {
  // the last says what is missing; those before it say who asks
  return reasons.at(-1)?.message ?? otherwise
}

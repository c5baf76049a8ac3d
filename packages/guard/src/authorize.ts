import { decide, type FeatureRules, featureRules, featuresOf, type Policy, pointer } from '@stile/policy'
import { type Assurance, type AssuranceClaims, type Decision, type LicenseClaim, licenseOf } from '@stile/protocol'
import { describeMismatch } from '@stile/protocol/node'
import { DPOP_NONCE } from './device-proof/nonces.ts'
import type { ReplayMemory, UsedProof } from './device-proof/replay.ts'
import { PROOF_FAULTS, type RequestProofVerifier } from './device-proof/request-proof.ts'
import type { Licenses } from './licenses/licenses.ts'
import type { Seat } from './licenses/seats.ts'
import { type Credential, readCredential } from './requests/credential.ts'
import type { Identity } from './requests/identity.ts'
import type { GuardRequest } from './requests/request.ts'
import { createSpentProofs, type Presented } from './requests/spent.ts'
import { foreignToken, invalidProof, invalidToken, type Refused, refusalOf, unavailable, useNonce } from './results/refusal.ts'
import type { GuardPass } from './results/result.ts'
import type { Contact } from './service/contact.ts'
import type { Revocations } from './token/revocations.ts'
import type { TokenVerdict, TokenVerifier } from './token/token.ts'

/** What is missing: nothing is fetched twice for one request. */
export type Need = 'license' | 'newer-license' | 'keys' | 'feed'

/** Something must be fetched first. `wait` resolves to whether it came; if it did not, `otherwise` is the answer. */
export type Pending = Readonly<{ pending: Need; wait: Promise<boolean>; otherwise: Refused }>

/** What came of one look at a request. */
export type Outcome = (GuardPass & Readonly<{ pending?: never }>) | (Refused & Readonly<{ pending?: never }>) | Pending

/** One question: may this caller use this feature with this request? */
export type Question = Readonly<{
  request: GuardRequest
  feature: string
  identity: Identity
  /** `<issuer id>|<sub>` */
  subject: string
  /** What has been waited for already. */
  tried: Readonly<{ has(need: Need): boolean }>
}>

/** Looks at a request once, synchronously: everything that has to be waited for is returned. */
export type Authorizer = (question: Question) => Outcome

/** What the authorizer is made of. */
export type AuthorizerOptions = Readonly<{
  policy: Policy
  licenses: Licenses
  revocations: Revocations
  contact: Contact
  verifyToken: TokenVerifier
  verifyProof: RequestProofVerifier
  replay: ReplayMemory
  /** While the feed is still being opened for the first time: resolves to whether it was. */
  starting: () => Promise<boolean> | undefined
  staleSeconds: number
  now: () => number
}>

/** What a session alone proves: somebody signed in, at a time that nobody vouches for. */
const SESSION: Assurance = Object.freeze({
  proofs: Object.freeze([Object.freeze({ method: 'login', level: 'session', amr: Object.freeze([]), authTime: 0 } as const)]),
})

type ValidToken = Extract<TokenVerdict, { status: 'valid' }>
type Found = Extract<Credential, { status: 'found' }>
type ProvenNow = UsedProof & Presented & Readonly<{ nextNonce: string | undefined }>
type Proven = ProvenNow | 'spent' | Refused
/** A question, and what the session alone allows. */
type Judged = Readonly<{ question: Question; snapshot: Pick<Seat, 'license'>; base: Decision; rules: FeatureRules }>

/**
 * Makes the authorizer. The order is: licence, what the session alone allows, whether the service was heard, token, identity, revocation,
 * licence epoch, device proof, and the policy with what is proven. The proof counts once and is written down last of all, after everything
 * that may have to wait and only if the request passes: refused requests take no memory.
 */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { policy, licenses, revocations, contact, verifyToken, verifyProof, replay, starting, staleSeconds, now } = options
  const rulesOf: ReadonlyMap<string, FeatureRules | undefined> = new Map(
    featuresOf(policy).map((name) => [name, featureRules(policy, name)]),
  )
  const spent = createSpentProofs()

  /** The proof that came with a token, verified; `spent` if it has counted for this very request. */
  const prove = (
    { request, feature }: Question,
    { claims: { cnf, sub }, token, proof }: Pick<Found, 'token' | 'proof'> & Pick<ValidToken, 'claims'>,
  ): Proven => {
    if (cnf === undefined) return invalidToken('The token is bound to no key.', feature)
    if (spent.isSpent(request, { token, proof })) return 'spent'
    const verdict = verifyProof(proof, { method: request.method, url: request.url, token, jkt: cnf.jkt })
    if (verdict.status === 'refused') {
      const refuse = verdict.reason === 'nonce_missing' || verdict.reason === 'nonce_refused' ? useNonce : invalidProof
      return refuse(PROOF_FAULTS[verdict.reason] + describeMismatch(verdict.mismatch), feature)
    }
    const { jkt, jti, madeAt, nextNonce } = verdict
    return { subject: sub, jkt, jti, madeAt, nextNonce, token, proof }
  }

  /** Lets a proof count for this request and for no other one. */
  const spend = ({ request, feature }: Question, proven: ProvenNow): Refused | undefined => {
    const verdict = replay.use(proven)
    if (verdict === 'full') return unavailable('Too many requests are on record to tell whether this one is new.', feature)
    if (verdict === 'replayed') return invalidProof('The proof was used before; every request needs its own.', feature)
    spent.mark(request, proven)
    return undefined
  }

  /** A token that is good for this caller, apart from license and proof. */
  const tokenOf = ({ identity, subject, feature }: Question, { token, scheme }: Found): ValidToken | Refused | Pending | 'foreign' => {
    const verdict = verifyToken(token)
    if (scheme === 'bearer') {
      // ignore foreign bearer tokens; never accept a Stile token without its DPoP proof
      if (verdict.status !== 'valid') return 'foreign'
      return invalidToken('The token is bound to a key: send it as DPoP with a proof, never as Bearer.', feature)
    }
    if (verdict.status === 'pending' || verdict.status === 'unavailable') {
      const otherwise = unavailable('The keys of the verification service could not be fetched.', feature)
      return verdict.status === 'pending' ? { pending: 'keys', wait: verdict.wait.then(() => true), otherwise } : otherwise
    }
    if (verdict.status === 'invalid')
      return verdict.foreign === undefined ? invalidToken(verdict.why, feature) : foreignToken(verdict.foreign, feature)
    const { claims } = verdict
    const why = faultOf(claims, { identity, subject, feature, now: now() })
    if (why !== undefined) return invalidToken(why, feature)
    if (revocations.isRevoked(claims)) return invalidToken('The token was revoked, or issued before this API was listening.', feature)
    return verdict
  }

  const withToken = ({ question, snapshot, base, rules }: Judged): Outcome => {
    const { feature, identity, subject, tried } = question
    const credential = readCredential(question.request)
    if (credential.status === 'none') return refusalOf(base)
    if (credential.status === 'malformed') return invalidToken(credential.why, feature)
    const valid = tokenOf(question, credential)
    if (valid === 'foreign') return refusalOf(base)
    if (!('status' in valid) || 'ok' in valid) return valid
    const { claims, assurance } = valid
    const lead = epochOf(claims.lic) - epochOf(snapshot.license)
    if (lead < 0) return invalidToken('The license has changed since the token was issued.', feature)
    if (lead > 0 && !tried.has('newer-license')) {
      // the feed has not told yet what the token knows
      const otherwise = unavailable('The license has just changed and could not be read.', feature)
      return { pending: 'newer-license', wait: licenses.fill(identity.account, subject), otherwise }
    }
    const proven = prove(question, { claims, token: credential.token, proof: credential.proof })
    if (proven !== 'spent' && 'ok' in proven) return proven
    // the newer license wins, unless the service just reported that there is none
    const license = lead > 0 && snapshot.license !== null ? licenseOf(claims) : snapshot.license
    const decision = decide(policy, { feature, license, assurance, risk: claims.risk, now: now() })
    if (decision.outcome !== 'permit') return refusalOf(decision)
    if (claims.act !== undefined && rules.actors !== 'permit') return refusalOf(actorDenied(decision))
    if (proven === 'spent') return { ok: true, decision, claims }
    const refused = spend(question, proven)
    if (refused !== undefined) return refused
    const { nextNonce } = proven
    return { ok: true, decision, claims, ...(nextNonce !== undefined && { headers: { [DPOP_NONCE]: nextNonce } }) }
  }

  return (question) => {
    const { feature, identity, subject, tried } = question
    const rules = rulesOf.get(feature)
    if (rules === undefined) return refusalOf(decide(policy, { feature, license: null, assurance: SESSION, risk: 'unknown', now: now() }))
    const snapshot = licenses.lookup(identity.account, subject, rules.whenStale === 'permit')
    if (snapshot === undefined) {
      const otherwise = unavailable('The verification service could not be asked for the license.', feature)
      return { pending: 'license', wait: licenses.fill(identity.account, subject), otherwise }
    }
    const base = decide(policy, { feature, license: snapshot.license, assurance: SESSION, risk: 'normal', now: now() })
    if (identity.actor !== undefined && rules.actors !== 'permit') return refusalOf(actorDenied(base))
    if (base.outcome === 'permit') return { ok: true, decision: base }
    const stale = !(now() - contact.fedAt() <= staleSeconds)
    if (base.outcome !== 'step_up') {
      // only a token that knows a newer license could change this
      if (stale) return refusalOf(base)
      const outcome = withToken({ question, snapshot, base, rules })
      return outcome.pending === 'newer-license' || ('ok' in outcome && outcome.ok) ? outcome : refusalOf(base)
    }
    // no token can meet it here, so none is asked for
    if (base.requirement.bind?.length) return refusalOf(base)
    if (stale) {
      const otherwise = unavailable('The verification service has not been heard, so no proof can be checked.', feature)
      const begun = tried.has('feed') ? undefined : starting()
      return begun === undefined ? otherwise : { pending: 'feed', wait: begun, otherwise }
    }
    return withToken({ question, snapshot, base, rules })
  }
}

/** Why a token is not the caller's, or not for this. */
function faultOf(
  claims: AssuranceClaims,
  { identity, subject, feature, now }: Pick<Question, 'identity' | 'subject' | 'feature'> & Readonly<{ now: number }>,
): string | undefined {
  const { sub, account, sid, lic, act, authorization_details: details } = claims
  if (sub !== subject) return 'The token is of another subject.'
  if (account !== identity.account) return 'The token is of another account.'
  if (identity.sid !== undefined && sid !== identity.sid) return 'The token is of another session.'
  if (identity.actor !== undefined && act?.sub !== identity.actor) return 'The token is of another acting party.'
  if (lic?.changes_at !== undefined && !(now < lic.changes_at)) return 'The license of the token has changed by itself.'
  if (details?.some((detail) => detail.feature !== feature)) return 'The token was given for one operation of another feature.'
  return undefined
}

/** No license counts as older than every license. */
function epochOf(license: Pick<LicenseClaim, 'epoch'> | null): number {
  return license?.epoch ?? -1
}

function actorDenied({ feature, policy, enforced }: Decision): Decision {
  const source = pointer('features', feature, 'actors')
  const message = 'Somebody acting for the customer may not use this. The customer can.'
  return { feature, policy, enforced, outcome: 'deny', reasons: [{ code: 'actor_not_allowed', source, message }] }
}

import type { Assurance, Band, Decision, License, Reason } from '@stile/protocol'
import type { Enrolled } from './compile/variant.ts'
import { compiledOf } from './compiled.ts'
import type { Policy } from './document.ts'
import { isRequirement, judge } from './requirement.ts'

/** What a decision is about. */
export type DecideRequest<F extends string = string> = Readonly<{
  feature: F
  /** The effective license; `null` if the account has none. */
  license: License | null
  assurance: Assurance
  risk: Band
  /** The digest of the operation that is asked for, if the feature binds one. */
  operationDigest?: string | undefined
  /** What the subject has enrolled; absent if it is not known. */
  enrolled?: readonly Enrolled[] | undefined
  /** Seconds since the epoch. */
  now: number
}>

type Shape = { policy: string; feature: string; enforced: boolean }

/**
 * Decides whether a feature may be used now, and what is missing if it may not.
 *
 * Pure, synchronous and total: a value that is unknown, malformed or hostile denies and never throws. A session without any proof of its
 * own is `{ proofs: [{ method: 'login', level: 'session', amr: [], authTime: 0 }] }`: its age is infinite.
 */
export function decide<F extends string>(policy: Policy<F>, request: DecideRequest<NoInfer<F>>): Decision<F> {
  try {
    return decideChecked(policy, request) as Decision<F>
  } catch {
    // only a request whose members throw when they are read gets here
    return deny({ policy: '', feature: '', enforced: true }, UNREADABLE) as Decision<F>
  }
}

function decideChecked(policy: Policy, request: DecideRequest): Decision {
  const compiled = compiledOf(policy)
  const { feature: name, license, assurance, risk, operationDigest, enrolled, now } = request
  const feature = typeof name === 'string' ? name : ''
  if (compiled === undefined) return deny({ policy: '', feature, enforced: true }, NO_POLICY)
  const found = compiled.features.get(name)
  if (found === undefined) return deny({ policy: compiled.digest, feature, enforced: true }, UNKNOWN_FEATURE)
  const shape: Shape = { policy: compiled.digest, feature, enforced: found.enforced }
  if (!Number.isFinite(now)) return deny(shape, UNREADABLE)

  const access = found.access(license)
  if ('outcome' in access) {
    const { reasons, tiers } = access
    return access.outcome === 'deny' ? deny(shape, reasons) : { ...shape, outcome: 'upgrade', reasons, next: { tiers } }
  }

  const account = license?.requires
  const raisedAt = license?.raisedAt
  if (raisedAt !== undefined && !Number.isFinite(raisedAt)) return deny(shape, UNREADABLE)
  if (account !== undefined && !isRequirement(account)) return deny(shape, ACCOUNT_UNREADABLE)
  const variant = access.variant(risk, raisedAt !== undefined, account)
  if (variant === undefined) return deny(shape, UNKNOWN_RISK)
  if (variant.denied !== undefined) return deny(shape, variant.denied)

  const { requirement } = variant
  const provenAfter = variant.upgraded && raisedAt !== undefined ? latest(raisedAt, requirement.provenAfter) : requirement.provenAfter
  const verdict = judge(requirement, provenAfter, proofsFor(feature, assurance), now, variant)
  const bound = !variant.bound || isBound(assurance, feature, operationDigest)
  if (typeof verdict !== 'string' && bound) {
    const { maxAgeSeconds } = requirement
    if (maxAgeSeconds === undefined) return { ...shape, outcome: 'permit', reasons: variant.reasons }
    return { ...shape, outcome: 'permit', reasons: variant.reasons, until: verdict.authTime + maxAgeSeconds }
  }

  if (variant.methods.length === 0) return deny(shape, variant.unsatisfiable())
  const missing = typeof verdict === 'string' ? verdict : 'unbound'
  const asked = provenAfter === undefined ? requirement : { ...requirement, provenAfter }
  const listed = Array.isArray(enrolled) ? (enrolled as readonly Enrolled[]) : undefined
  const methods = listed === undefined ? variant.methods : variant.usable(listed, now)
  if (methods.length > 0) {
    return { ...shape, outcome: 'step_up', reasons: variant.missing(missing, bound, 'step_up'), requirement: asked, next: { methods } }
  }
  // to enrol one more would not help: it would be newer still
  const from = listed && variant.countsFrom(listed)
  if (from !== undefined) return deny(shape, variant.tooNew(missing, bound, from))
  const reasons = variant.missing(missing, bound, compiled.missing)
  if (compiled.missing === 'refuse') return deny(shape, reasons)
  return { ...shape, outcome: 'enroll', reasons, requirement: asked, next: { methods: variant.enrollable } }
}

/**
 * The proofs that count for a feature: those given for an operation of another feature count for that one alone, so only the login
 * remains of them.
 */
function proofsFor(feature: string, assurance: Assurance): Assurance['proofs'] {
  const proofs = assurance?.proofs
  if (!Array.isArray(proofs)) return []
  if (assurance.operation === undefined || assurance.operation?.feature === feature) return proofs
  return (proofs as Assurance['proofs']).filter((proof) => proof?.method === 'login')
}

function isBound(assurance: Assurance, feature: string, digest: string | undefined): boolean {
  const operation = assurance?.operation
  return typeof digest === 'string' && digest !== '' && operation?.feature === feature && operation.digest === digest
}

function latest(a: number, b: number | undefined): number {
  return b === undefined ? a : Math.max(a, b)
}

function deny(shape: Shape, reasons: readonly Reason[]): Decision {
  return { ...shape, outcome: 'deny', reasons }
}

function because(code: Reason['code'], source: string, message: string): readonly Reason[] {
  return Object.freeze([Object.freeze({ code, source, message })])
}

const NO_POLICY = because(
  'policy_unavailable',
  '',
  'There is no checked policy, so everything is denied. Use what definePolicy or parsePolicy returned.',
)
const UNREADABLE = because(
  'policy_unavailable',
  '',
  'What was asked cannot be read, so it is denied. Give the request as its type says, times as finite seconds.',
)
const UNKNOWN_FEATURE = because(
  'unknown_feature',
  '/features',
  'The policy has no feature of this name, so it is denied. Check its spelling.',
)
const UNKNOWN_RISK = because('risk_denied', '', 'The risk band is none that the policy knows, so it is denied.')
const ACCOUNT_UNREADABLE = because(
  'requirement_unsatisfiable',
  '',
  'What the organisation demands of its members cannot be read, so it is denied. Ask its administrator to set it again.',
)

import type { Assurance, Level, Method, Proof, Requirement } from '@stile/protocol'
import { CLOCK_SKEW_SECONDS, isLevel, LEVELS, METHODS, REACHES } from '@stile/protocol'

/** A requirement as it is being put together: a member that is `undefined` asks for nothing. */
type Asked = Pick<Requirement, 'level'> & { readonly [Member in keyof Requirement]?: Requirement[Member] | undefined }

/**
 * Combines requirements into the one that asks for all of them: highest level, smallest maxAge, intersection of methods, union of
 * bind, latest provenAfter.
 *
 * Commutative, associative and idempotent: the order of rules never matters. An empty intersection of methods stays an empty list,
 * which nothing meets. Of nothing it is `{ level: 'session' }`.
 */
export function combine(...requirements: readonly Asked[]): Requirement {
  let level: Level = 'session'
  let maxAgeSeconds: number | undefined
  let provenAfter: number | undefined
  let methods: readonly Method[] | undefined
  let bind: readonly string[] | undefined
  for (const each of requirements) {
    if (strength(each.level) > strength(level)) level = each.level
    if (each.maxAgeSeconds !== undefined) maxAgeSeconds = Math.min(maxAgeSeconds ?? Number.POSITIVE_INFINITY, each.maxAgeSeconds)
    if (each.provenAfter !== undefined) provenAfter = Math.max(provenAfter ?? Number.NEGATIVE_INFINITY, each.provenAfter)
    if (each.methods !== undefined) methods = intersect(methods ?? METHODS, each.methods)
    if (each.bind !== undefined) bind = [...(bind ?? []), ...each.bind]
  }
  return {
    level,
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
    ...(provenAfter !== undefined && { provenAfter }),
    ...(methods !== undefined && { methods }),
    ...(bind !== undefined && bind.length > 0 && { bind: [...new Set(bind)].sort() }),
  }
}

/**
 * The newest single proof that meets a requirement, or `undefined`.
 *
 * Level, methods, maxAge and provenAfter count. Which operation a proof was given for is not looked at; if one must be, no login
 * counts. Of two proofs of the same second it is the stronger one.
 *
 * @param now seconds since the epoch
 * @param settles  whether what gave a proof must have settled to count for more than `mfa`: `settlesFor` of the feature
 */
export function newestProof(requirement: Requirement, assurance: Assurance, now: number, settles = false): Proof | undefined {
  const verdict = judge(requirement, requirement.provenAfter, assurance.proofs, now, { settles, bound: bindsOperation(requirement) })
  return typeof verdict === 'string' ? undefined : verdict
}

/** Whether something proven meets a requirement now, whatever operation it was given for; `now` and `settles` as in {@link newestProof}. */
export function meets(requirement: Requirement, assurance: Assurance, now: number, settles = false): boolean {
  return newestProof(requirement, assurance, now, settles) !== undefined
}

/** Whether a requirement asks for nothing beyond the session: such a feature is decided without a token. */
export function isSessionOnly(requirement: Requirement): boolean {
  const { level, maxAgeSeconds, provenAfter, methods, bind } = requirement
  return level === 'session' && maxAgeSeconds === undefined && provenAfter === undefined && methods === undefined && !bind?.length
}

/** The methods that can meet a requirement by what they reach, the best first. If there are none, the requirement can never be met. */
export function methodsFor(requirement: Requirement): readonly Method[] {
  return METHODS.filter((method) => reaches(method, requirement.level) && allows(requirement, method))
}

/** Whether a requirement lets a method count at all. People who sign in are not shown an operation, so no login proves one. */
function allows(requirement: Requirement, method: Method): boolean {
  if (method === 'relogin' && bindsOperation(requirement)) return false
  return requirement.methods?.includes(method) !== false
}

/** Whether a requirement asks for a proof that was given for one operation. */
export function bindsOperation({ bind }: Requirement): boolean {
  return (bind?.length ?? 0) > 0
}

/**
 * Whether an authenticator can meet the level and methods of a requirement.
 *
 * @param settledAt  when it must have settled to count for more than `mfa`, in seconds since the epoch: now, if `settlesFor` says so
 *   of the feature; absent if it counts in full at once
 */
export function canMeet(
  requirement: Requirement,
  authenticator: Readonly<{ method: Method; level: Level; settlesAt?: number | undefined }>,
  settledAt?: number,
): boolean {
  const { method, level, settlesAt } = authenticator
  if (!allows(requirement, method)) return false
  const need = LEVELS.indexOf(requirement.level)
  const rank = counted(method, level)
  return need >= 0 && (settledAt === undefined ? rank : settledRank(rank, settlesAt, settledAt)) >= need
}

/** A rank, no more than that of `mfa` if what it comes from has not settled. An instant that cannot be read has not come. */
function settledRank(rank: number, settlesAt: number | undefined, now: number): number {
  return settlesAt === undefined || (typeof settlesAt === 'number' && settlesAt <= now) ? rank : Math.min(rank, MFA)
}

const MFA = LEVELS.indexOf('mfa')

/** Whether a value from outside can be understood as a requirement; what cannot must deny, not be skipped. */
export function isRequirement(value: unknown): value is Requirement {
  if (typeof value !== 'object' || value === null) return false
  const { level, maxAgeSeconds, provenAfter, methods, bind } = value as Readonly<Record<string, unknown>>
  return (
    isLevel(level) &&
    (maxAgeSeconds === undefined || Number.isFinite(maxAgeSeconds)) &&
    (provenAfter === undefined || Number.isFinite(provenAfter)) &&
    (methods === undefined || isTextList(methods)) &&
    (bind === undefined || isTextList(bind))
  )
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

type Counting = Readonly<{ settles: boolean; bound: boolean }>

/**
 * Judges proofs against level, methods, age and provenAfter.
 *
 * `stale` says that one is strong enough but too old, `weak` that none is strong enough. `provenAfter` stands apart from the
 * requirement so that a precompiled one can be used with the instant of an upgrade.
 *
 * @param counting  whether what gave a proof must have settled to count for more than `mfa`, and whether it must be of the ceremony for the
 *   operation, which no login is
 */
export function judge(
  requirement: Requirement,
  provenAfter: number | undefined,
  proofs: readonly Proof[],
  now: number,
  { settles, bound }: Counting,
): Proof | 'stale' | 'weak' {
  const need = LEVELS.indexOf(requirement.level)
  const { maxAgeSeconds, methods } = requirement
  if (need < 0 || !Array.isArray(proofs)) return 'weak'
  let newest: Proof | undefined
  let newestTime = Number.NEGATIVE_INFINITY
  let newestRank = -1
  let strong = false
  for (const proof of proofs as readonly Proof[]) {
    if (typeof proof !== 'object' || proof === null) continue
    const { method, level, authTime, settlesAt } = proof
    const full = counted(method, level)
    const rank = settles ? settledRank(full, settlesAt, now) : full
    if (rank < need || (bound && (method === 'login' || method === 'relogin'))) continue
    // the login is what `relogin` renews, so it counts if that does
    if (methods !== undefined && !methods.includes(method === 'login' ? 'relogin' : method)) continue
    // a proof of the future says that its clock is wrong, not that it is fresh; written so that a `now` that is no number ignores it too
    if (authTime > 0 && !(authTime <= now + CLOCK_SKEW_SECONDS)) continue
    strong = true
    const time = Number.isFinite(authTime) && authTime > 0 ? authTime : Number.NEGATIVE_INFINITY
    if (provenAfter !== undefined && !(time >= provenAfter)) continue
    if (maxAgeSeconds !== undefined && !(Math.max(now - time, 0) <= maxAgeSeconds)) continue
    if (time > newestTime || (time === newestTime && rank > newestRank)) {
      newest = proof
      newestTime = time
      newestRank = rank
    }
  }
  return newest ?? (strong ? 'stale' : 'weak')
}

/**
 * The rank that a method's proof counts for: never more than the method can reach, -1 for what is unknown or yields no level.
 *
 * Only the primary login counts as the identity provider's answer was mapped, because that is not ours to cap.
 */
function counted(method: Method | 'login', level: Level): number {
  const rank = LEVELS.indexOf(level)
  if (method === 'login' || method === 'relogin') return rank
  const reach = typeof method === 'string' && Object.hasOwn(REACHES, method) ? REACHES[method] : null
  return reach === null ? -1 : Math.min(rank, LEVELS.indexOf(reach))
}

function reaches(method: Method, level: Level): boolean {
  const reach = REACHES[method]
  return reach !== null && strength(reach) >= strength(level)
}

/** The rank of a level; a level that is unknown is above all, so that it is met by nothing. */
function strength(level: Level): number {
  const rank = LEVELS.indexOf(level)
  return rank < 0 ? LEVELS.length : rank
}

function intersect(a: readonly Method[], b: readonly Method[]): readonly Method[] {
  return METHODS.filter((method) => a.includes(method) && b.includes(method))
}

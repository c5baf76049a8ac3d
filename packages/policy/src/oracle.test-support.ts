import type { Decision, Level, Method, Proof } from '@stile/protocol'
import type { DecideRequest } from './decide.ts'
import type { PolicyDocument, RequirementDocument } from './document.ts'

/** What the oracle says; `methods` are sorted, because their order is told by other tests. */
export type Verdict = Readonly<{
  outcome: string
  code?: string
  until?: number
  level?: Level
  methods?: readonly string[]
  tiers?: readonly string[]
}>

type Need = { level: Level; age: number; after: number; methods: Method[]; bind: string[]; any: boolean; ruled: boolean }

const ORDER = ['session', 'mfa', 'phr', 'phrh']
const CAN: Readonly<Record<string, string>> = {
  passkey: 'session mfa phr',
  'security-key': 'session mfa phr phrh',
  totp: 'session mfa',
  'email-otp': 'session',
  relogin: 'session',
}
const ALL = ['passkey', 'security-key', 'totp', 'email-otp', 'relogin', 'recovery-code'] as Method[]
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 }

/**
 * Decides again, straight from the document, step by step and with no thought of speed, so that the compiled decision has something
 * independent to agree with. Takes only well-formed requests.
 */
export function oracle(document: PolicyDocument, request: DecideRequest): Verdict {
  const { feature, license, assurance, risk, operationDigest, enrolled, now } = request
  if (!Object.keys(document.features).includes(feature)) return { outcome: 'deny', code: 'unknown_feature' }

  // the licence
  const lineage = (tier: string): string[] => {
    const parent = document.tiers[tier]?.extends
    return parent === undefined ? [tier] : [...lineage(parent), tier]
  }
  const lists = (tier: string) => document.tiers[tier]?.features?.includes(feature) === true
  const tiers = Object.keys(document.tiers).filter((tier) => lineage(tier).some(lists))
  const upgrade = (code: string): Verdict => ({ outcome: 'upgrade', code, tiers })
  let adding: string | undefined
  if (license === null) {
    const none = document.license?.none ?? 'none'
    if (none === 'none' || !tiers.includes(none.tier)) return upgrade('license_required')
    adding = lineage(none.tier).find(lists)
  } else {
    const given = document.license?.states?.[license.state]
    const lapses = given === undefined ? ['suspended', 'expired', 'canceled'].includes(license.state) : given === 'none'
    if (lapses && license.state === 'suspended') return { outcome: 'deny', code: 'license_suspended' }
    if (lapses) return upgrade(['trialing', 'active'].includes(license.state) ? 'license_required' : 'license_expired')
    if (!Object.keys(document.tiers).includes(license.tier)) return upgrade('license_required')
    adding = lineage(license.tier).find(lists)
    if (adding === undefined && !license.features.includes(feature)) return upgrade('license_required')
  }

  // what is asked for
  const need: Need = {
    level: 'session',
    age: Number.POSITIVE_INFINITY,
    after: Number.NEGATIVE_INFINITY,
    methods: ALL,
    bind: [],
    any: false,
    ruled: (document.features[feature]?.compliance ?? []).length > 0,
  }
  const ask = (rule: RequirementDocument | undefined) => {
    if (rule === undefined) return
    if (ORDER.indexOf(rule.level) > ORDER.indexOf(need.level)) need.level = rule.level
    if (rule.maxAge !== undefined) need.age = Math.min(need.age, Number(rule.maxAge.slice(0, -1)) * (UNITS[rule.maxAge.slice(-1)] ?? 0))
    if (rule.methods !== undefined) need.methods = need.methods.filter((method) => rule.methods?.includes(method))
    need.bind.push(...(rule.bind ?? []))
    need.any ||= rule.level !== 'session' || rule.maxAge !== undefined || rule.methods !== undefined || rule.bind !== undefined
  }
  const own = document.features[feature]
  let restricted = false
  for (const rule of [
    own?.requires,
    adding === undefined ? undefined : document.tiers[adding]?.requires,
    ...(own?.compliance ?? []).map((name) => document.compliance?.[name]?.requires),
  ]) {
    ask(rule)
    restricted ||= rule?.methods !== undefined
  }
  const account = license?.requires
  if (account !== undefined) {
    const { maxAgeSeconds, provenAfter, methods, ...rest } = account
    ask({ level: rest.level, ...(methods && { methods }), ...(rest.bind && rest.bind.length > 0 && { bind: rest.bind }) })
    if (maxAgeSeconds !== undefined) need.age = Math.min(need.age, maxAgeSeconds)
    if (provenAfter !== undefined) need.after = provenAfter
    need.any ||= maxAgeSeconds !== undefined || provenAfter !== undefined
    restricted ||= methods !== undefined
  }
  const again = document.license?.upgraded?.requires
  if (license?.raisedAt !== undefined && again !== undefined && need.level !== 'session') {
    ask(again)
    need.after = Math.max(need.after, license.raisedAt)
    restricted ||= again.methods !== undefined
  }
  const worse = { normal: 0, elevated: 1, unknown: 1, high: 2, critical: 3 }[risk]
  const asksSomething = need.any
  for (const band of (['elevated', 'high', 'critical'] as const).slice(0, worse)) {
    const entry = document.risk?.[band] ?? (band === 'critical' ? 'deny' : undefined)
    if (entry === 'deny') return { outcome: 'deny', code: 'risk_denied' }
    if (entry === undefined || !asksSomething) continue
    ask(entry)
    restricted ||= entry.methods !== undefined
    need.methods = need.methods.filter((method) => method !== 'email-otp')
  }
  if (restricted && need.methods.length === 0) return { outcome: 'deny', code: 'requirement_unsatisfiable' }

  // what was proven
  const unsettled = (at: number | undefined, when: number) => (need.bind.length > 0 || need.ruled) && at !== undefined && at > when
  const operation = assurance.operation
  const good = (proof: Proof) => {
    if (operation !== undefined && operation.feature !== feature && proof.method !== 'login') return false
    if (need.bind.length > 0 && ['login', 'relogin'].includes(proof.method)) return false
    const named = proof.method === 'login' ? 'relogin' : proof.method
    if (restricted && !need.methods.includes(named)) return false
    if (!restricted && named === 'email-otp' && !need.methods.includes(named)) return false
    const reach = proof.method === 'login' || proof.method === 'relogin' ? proof.level : lower(proof.level, top(proof.method))
    if (
      reach === undefined ||
      ORDER.indexOf(unsettled(proof.settlesAt, now) ? (lower(reach, 'mfa') ?? '') : reach) < ORDER.indexOf(need.level)
    )
      return false
    if (proof.authTime > now + 30) return false
    if (proof.authTime <= 0) return need.age === Number.POSITIVE_INFINITY && need.after === Number.NEGATIVE_INFINITY
    return proof.authTime >= need.after && Math.max(0, now - proof.authTime) <= need.age
  }
  const passing = assurance.proofs.filter(good)
  const bound = need.bind.length === 0 || (operation?.feature === feature && operation.digest === operationDigest)
  if (passing.length > 0 && bound) {
    if (need.age === Number.POSITIVE_INFINITY) return { outcome: 'permit' }
    return { outcome: 'permit', until: Math.max(...passing.map((proof) => proof.authTime)) + need.age }
  }

  // what would help
  const able = need.methods.filter(
    (method) => CAN[method]?.split(' ').includes(need.level) && (method !== 'relogin' || need.bind.length === 0),
  )
  if (able.length === 0) return { outcome: 'deny', code: 'requirement_unsatisfiable' }
  const usableAt = (when: number) => {
    if (enrolled === undefined) return able
    const found = able.filter((method) => {
      if (method === 'relogin') return true
      if (method === 'email-otp' && restricted) return true
      const levels = enrolled
        .filter((each) => each.method === method)
        .map((each) => (unsettled(each.settlesAt, when) ? lower('mfa', lower(each.level, top(method))) : lower(each.level, top(method))))
      return levels.some((level) => level !== undefined && ORDER.indexOf(level) >= ORDER.indexOf(need.level))
    })
    const byLogin = enrolled.some(
      ({ method, level, settlesAt }) =>
        method === 'relogin' &&
        ORDER.indexOf(unsettled(settlesAt, when) ? (lower(level, 'mfa') ?? '') : level) >= ORDER.indexOf(need.level),
    )
    const mayLogin = need.methods.includes('relogin') && need.bind.length === 0 && !found.includes('relogin')
    return byLogin && mayLogin ? [...found, 'relogin' as const] : found
  }
  const usable = usableAt(now)
  if (usable.length === 0 && usableAt(Number.POSITIVE_INFINITY).length > 0) return { outcome: 'deny', code: 'enrollment_required' }
  if (usable.length > 0) return { outcome: 'step_up', level: need.level, methods: usable.toSorted() }
  if (document.enrollment?.missing === 'deny') return { outcome: 'deny', code: 'enrollment_required' }
  return { outcome: 'enroll', level: need.level, methods: able.filter((method) => /passkey|key|totp/.test(method)).toSorted() }
}

/** A decision as the oracle tells it. */
export function verdictOf(decision: Decision): Verdict {
  switch (decision.outcome) {
    case 'permit':
      return { outcome: 'permit', ...(decision.until !== undefined && { until: decision.until }) }
    case 'upgrade':
      return { outcome: 'upgrade', code: decision.reasons[0]?.code ?? '', tiers: decision.next.tiers }
    case 'deny':
      return { outcome: 'deny', code: decision.reasons.at(-1)?.code ?? '' }
    default:
      return { outcome: decision.outcome, level: decision.requirement.level, methods: decision.next.methods.toSorted() }
  }
}

function top(method: string): string | undefined {
  return CAN[method]?.split(' ').at(-1)
}

function lower(a: string, b: string | undefined): string | undefined {
  if (b === undefined) return undefined
  return ORDER.indexOf(a) < ORDER.indexOf(b) ? a : b
}

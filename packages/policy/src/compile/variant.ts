import type { Level, Method, Reason, Requirement } from '@stile/protocol'
import { LEVELS } from '@stile/protocol'
import { pointer } from '../pointer.ts'
import { bindsOperation, canMeet, methodsFor } from '../requirement.ts'
import { instantInWords, list, methodsInWords, requirementInWords } from '../words.ts'
import type { Rule } from './rules.ts'

/**
 * What an enrolled authenticator counts for; an `Authenticator` of the protocol is one. `relogin` with a level stands for a login provider
 * that can prove it.
 */
export type Enrolled = Readonly<{ method: Method; level: Level; settlesAt?: number | undefined }>

/** What is missing: nothing strong enough, nothing fresh enough, or only the binding to the operation. */
export type Missing = 'weak' | 'stale' | 'unbound'

/** What then: prove it, enrol something first, or nothing, because the policy does not let people enrol. */
export type Cure = 'step_up' | 'enroll' | 'refuse'

/** Everything about one combination of rules that does not depend on the proofs, worked out once. */
export type Variant = Readonly<{
  /** The reasons of a risk that denies; `undefined` if it does not. */
  denied: readonly Reason[] | undefined
  requirement: Requirement
  bound: boolean
  /** Whether new authenticators count as no more than `mfa` for it until they have settled. */
  settles: boolean
  /** Whether a proof must be newer than the license's upgrade. */
  upgraded: boolean
  /** The methods that can meet it, the best first. */
  methods: readonly Method[]
  /**
   * Those of them that a subject can use at an instant: what is enrolled and strong enough, and what needs no enrolment. Also `relogin`,
   * if the login provider can prove the level.
   */
  usable(enrolled: readonly Enrolled[], now: number): readonly Method[]
  /** When the first of what is enrolled will count that is too new now, in seconds since the epoch; `undefined` if nothing ever will. */
  countsFrom(enrolled: readonly Enrolled[]): number | undefined
  /** Those of them that are enrolled authenticators. */
  enrollable: readonly Method[]
  /** The rules that shaped the requirement and have a code of their own: compliance, upgrade, risk. */
  reasons: readonly Reason[]
  unsatisfiable(): readonly Reason[]
  /** The reasons if something is missing, from the rules to what to do. */
  missing(what: Missing, bound: boolean, cure: Cure): readonly Reason[]
  /** The reasons if what is enrolled counts only from an instant on. */
  tooNew(what: Missing, bound: boolean, from: number): readonly Reason[]
}>

const ENROLLABLE: readonly Method[] = ['passkey', 'security-key', 'totp']
const MISSING: readonly Missing[] = ['weak', 'stale', 'unbound']
const CURES: readonly Cure[] = ['step_up', 'enroll', 'refuse']

/** Compiles a variant; its reasons are written when they are first needed. */
export function createVariant(options: {
  feature: string
  title: string
  denied?: Reason
  requirement?: Requirement
  rules?: readonly Rule[]
  upgraded?: boolean
  /** JSON Pointer to what holds new authenticators back, if the policy says it. */
  settleSource?: string | undefined
}): Variant {
  const { feature, title, denied, requirement = { level: 'session' }, rules = [], upgraded = false, settleSource } = options
  const methods = Object.freeze(methodsFor(requirement))
  const reasons = Object.freeze(rules.flatMap(reasonOf))
  // if no rule asks for anything, the feature itself asks for a session
  const self: Asking = { origin: 'feature', who: title, source: pointer('features', feature) }
  // signing in again needs nothing enrolled; a mailbox counts if a rule names it, otherwise only if the caller says there is one
  const always = maskOf(methods, (method) => method === 'relogin' || (method === 'email-otp' && requirement.methods !== undefined))
  const bound = bindsOperation(requirement)
  const settles = bound || rules.some(({ origin }) => origin === 'compliance')
  const offered: readonly Method[] = methods.includes('relogin') ? methods : [...methods, 'relogin']
  const usable: (readonly Method[] | undefined)[] = []
  const cache: (readonly Reason[] | undefined)[] = []
  return {
    denied: denied && Object.freeze([denied]),
    requirement: freezeRequirement(requirement),
    bound,
    settles,
    upgraded,
    methods,
    usable(enrolled, now) {
      let mask = always
      for (const each of enrolled) {
        if (typeof each !== 'object' || each === null || !canMeet(requirement, each, settles ? now : undefined)) continue
        const place = offered.indexOf(each.method)
        if (place >= 0) mask |= 1 << place
      }
      let list = usable[mask]
      if (list === undefined) {
        list = Object.freeze(offered.filter((_, place) => (mask & (1 << place)) !== 0))
        usable[mask] = list
      }
      return list
    },
    countsFrom(enrolled) {
      let from = Number.POSITIVE_INFINITY
      for (const each of enrolled) {
        if (typeof each !== 'object' || each === null || !offered.includes(each.method)) continue
        const { settlesAt } = each
        if (typeof settlesAt === 'number' && settlesAt < from && canMeet(requirement, each)) from = settlesAt
      }
      return Number.isFinite(from) ? from : undefined
    },
    enrollable: Object.freeze(ENROLLABLE.filter((method) => methods.includes(method))),
    reasons,
    unsatisfiable() {
      // every level has methods that reach it, so it is a list of methods that leaves none
      const source = rules.findLast((rule) => rule.requirement.methods !== undefined)?.source ?? ''
      const message = `No method can meet all that is asked for ${title}, so it is denied. Let the methods and levels of the rules overlap.`
      return [...reasons, { code: 'requirement_unsatisfiable', source, message }]
    },
    missing,
    tooNew(what, isBound, from) {
      const told = missing(what, isBound, 'step_up')
      const message = `What you have enrolled is new, and counts for ${title} only from ${instantInWords(from)} on. Come back then.`
      return [...told, { code: 'enrollment_required', source: settleSource ?? strongest().source, message }]
    },
  }

  function missing(what: Missing, isBound: boolean, cure: Cure): readonly Reason[] {
    const key = (MISSING.indexOf(what) * 2 + (isBound ? 1 : 0)) * CURES.length + CURES.indexOf(cure)
    let list = cache[key]
    if (list === undefined) {
      list = Object.freeze([...reasons, ...missingReasons(what, isBound, cure)])
      cache[key] = list
    }
    return list
  }

  function missingReasons(what: Missing, isBound: boolean, cure: Cure): Reason[] {
    const found: Reason[] = []
    if (what === 'weak') {
      const rule = strongest()
      const message = `${title} needs ${requirementInWords(requirement)}${asker(rule)}, and nothing proven in this session is strong enough.`
      found.push({ code: 'step_up_required', source: rule.source, message })
    }
    if (what === 'stale') {
      const rule = freshest()
      const late = upgraded ? 'too old or older than the upgrade' : 'too old'
      const message = `${title} needs ${requirementInWords(requirement)}${asker(rule)}, and what was proven is ${late}.`
      found.push({ code: 'assurance_stale', source: rule.source, message })
    }
    if (!isBound) {
      const rule = rules.find((each) => each.requirement.bind !== undefined) ?? self
      const message = `${title} needs a proof given for this very operation (${list(requirement.bind ?? [], 'and')})${asker(rule)}.`
      found.push({ code: 'operation_unbound', source: rule.source, message })
    }
    if (cure !== 'step_up') {
      const enrollable = ENROLLABLE.filter((method) => methods.includes(method))
      const advice = cure === 'enroll' ? `Enrol one first: ${methodsInWords(enrollable)}.` : 'Ask an administrator to enrol one.'
      const message = `Nothing enrolled can prove what ${title} asks for. ${advice}`
      found.push({ code: 'enrollment_required', source: strongest().source, message })
    }
    return found
  }

  /** The first rule that asks for the level, or for certain methods if that is what makes it hard. */
  function strongest(): Asking {
    const byLevel = rules.find((rule) => rule.requirement.level === requirement.level && rule.requirement.level !== LEVELS[0])
    return byLevel ?? rules.find((rule) => rule.requirement.methods !== undefined) ?? rules[0] ?? self
  }

  function freshest(): Asking {
    const { maxAgeSeconds } = requirement
    const byAge = rules.find((rule) => maxAgeSeconds !== undefined && rule.requirement.maxAgeSeconds === maxAgeSeconds)
    return byAge ?? rules.find((rule) => rule.origin === 'upgrade' || rule.requirement.provenAfter !== undefined) ?? strongest()
  }
}

type Asking = Readonly<Pick<Rule, 'origin' | 'who' | 'source'>>

/** Names who asks if it is not the feature itself and no reason of its own has said so. */
function asker({ origin, who }: Asking): string {
  return origin === 'tier' || origin === 'account' ? `, as ${who} asks` : ''
}

/** Feature, tier and account speak only if something is missing; the others say why the requirement is what it is. */
function reasonOf(rule: Rule): Reason[] {
  const { origin, who, source, requirement } = rule
  const message = `${who} asks for ${requirementInWords(requirement)}.`
  if (origin === 'compliance') return [{ code: 'compliance_required', source, message }]
  if (origin === 'upgrade')
    return [{ code: 'license_upgraded', source, message: `${who} asks for ${requirementInWords(requirement)} newer than the upgrade.` }]
  if (origin === 'risk') return [{ code: 'risk_elevated', source, message }]
  return []
}

function maskOf(methods: readonly Method[], test: (method: Method) => boolean): number {
  return methods.reduce((mask, method, place) => (test(method) ? mask | (1 << place) : mask), 0)
}

function freezeRequirement(requirement: Requirement): Requirement {
  Object.freeze(requirement.methods)
  Object.freeze(requirement.bind)
  return Object.freeze(requirement)
}

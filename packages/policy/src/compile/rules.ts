import type { Requirement } from '@stile/protocol'
import { METHODS } from '@stile/protocol'
import type { PolicyDocument, RequirementDocument, RiskDocument } from '../document.ts'
import { parseDuration } from '../duration.ts'
import { pointer } from '../pointer.ts'
import { combine, isSessionOnly } from '../requirement.ts'
import { quote } from '../words.ts'

/** One rule of the policy that asks for something, and where it stands. */
export type Rule = Readonly<{
  origin: 'feature' | 'tier' | 'compliance' | 'upgrade' | 'account' | 'risk'
  /** JSON Pointer into the document. */
  source: string
  /** Who asks: the beginning of a sentence, but for tiers and accounts, which stand inside one. */
  who: string
  requirement: Requirement
}>

/** The band entries that a policy may have, mildest first. */
export const RISK_ENTRIES = ['elevated', 'high', 'critical'] as const

/** A requirement of a document in seconds. */
export function toRequirement(document: RequirementDocument): Requirement {
  const { level, maxAge, methods, bind } = document
  // a duration that cannot be read is never fresh; a parsed document has none
  const maxAgeSeconds = maxAge === undefined ? undefined : (parseDuration(maxAge) ?? -1)
  return combine({ level, maxAgeSeconds, methods, bind })
}

/** The tiers that a tier includes, itself first. */
export function chainOf(document: PolicyDocument, tier: string): readonly string[] {
  const chain: string[] = []
  for (let next: string | undefined = tier; next !== undefined && !chain.includes(next); ) {
    if (!Object.hasOwn(document.tiers, next)) break
    chain.push(next)
    next = document.tiers[next]?.extends
  }
  return chain
}

/** The tier that adds a feature: the lowest one in the chain that lists it. */
export function addedBy(document: PolicyDocument, tier: string, feature: string): string | undefined {
  return chainOf(document, tier).findLast((each) => document.tiers[each]?.features?.includes(feature))
}

/** What a feature asks for when a tier adds it, or when nothing but the license itself grants it (`undefined`). */
export function rulesOf(document: PolicyDocument, feature: string, addingTier: string | undefined): readonly Rule[] {
  const { requires, compliance = [], label = feature } = document.features[feature] ?? {}
  const compliances = document.compliance ?? {}
  const rules: Rule[] = []
  if (requires !== undefined) {
    const source = pointer('features', feature, 'requires')
    rules.push({ origin: 'feature', source, who: quote(label), requirement: toRequirement(requires) })
  }
  if (addingTier !== undefined) {
    const tier = document.tiers[addingTier]
    if (tier?.requires !== undefined) {
      const source = pointer('tiers', addingTier, 'requires')
      rules.push({ origin: 'tier', source, who: `the ${tier.label ?? addingTier} tier`, requirement: toRequirement(tier.requires) })
    }
  }
  for (const name of compliance) {
    // a rule that could not be read is missing, and `constructor` is a name like any other
    const rule = Object.hasOwn(compliances, name) ? compliances[name] : undefined
    if (rule === undefined) continue
    rules.push({
      origin: 'compliance',
      source: pointer('compliance', name),
      who: rule.because,
      requirement: toRequirement(rule.requires),
    })
  }
  return rules
}

/** What an upgrade asks for, on features that already ask for more than the session. */
export function upgradeRule(document: PolicyDocument): Rule | undefined {
  const requires = document.license?.upgraded?.requires
  if (requires === undefined) return undefined
  return {
    origin: 'upgrade',
    source: pointer('license', 'upgraded'),
    who: 'The license was upgraded, which',
    requirement: toRequirement(requires),
  }
}

/** What a risk entry adds, all milder entries included, or the pointer to the entry that denies. */
export function riskRules(document: PolicyDocument, entry: (typeof RISK_ENTRIES)[number]): readonly Rule[] | string {
  const risk: RiskDocument = document.risk ?? {}
  const rules: Rule[] = []
  for (const each of RISK_ENTRIES.slice(0, RISK_ENTRIES.indexOf(entry) + 1)) {
    const value = risk[each] ?? (each === 'critical' ? 'deny' : undefined)
    const source = risk[each] === undefined ? (document.risk === undefined ? '' : pointer('risk')) : pointer('risk', each)
    if (value === 'deny') return source
    if (value !== undefined)
      rules.push({ origin: 'risk', source, who: `The ${each} risk of this context`, requirement: toRequirement(value) })
  }
  return rules
}

/** What all rules together ask for, and the rules that count: risk adds only to what already asks for something. */
export function resolve(rules: readonly Rule[], risk: readonly Rule[]): Readonly<{ requirement: Requirement; rules: readonly Rule[] }> {
  const base = combine(...rules.map((rule) => rule.requirement))
  if (risk.length === 0 || isSessionOnly(base)) return { requirement: base, rules }
  const raised = combine(base, ...risk.map((rule) => rule.requirement))
  // e-mail is no authentication channel (NIST SP 800-63B-4 §3.1.3.1), so it never meets what risk raised; above `session` it cannot anyway
  const requirement = raised.level === 'session' ? combine(raised, { level: 'session', methods: NOT_EMAIL }) : raised
  return { requirement, rules: [...rules, ...risk] }
}

const NOT_EMAIL = METHODS.filter((method) => method !== 'email-otp' && method !== 'recovery-code')

import type { Requirement } from '@stile/protocol'
import { LICENSE_STATES, rank } from '@stile/protocol'
import { addedBy, RISK_ENTRIES, riskRules, rulesOf, upgradeRule } from './compile/rules.ts'
import type { Policy } from './document.ts'
import { durationInWords, parseDuration } from './duration.ts'
import { effectIn, enrollmentOf, type LicenseEffect } from './effect.ts'
import { settlesFor } from './feature.ts'
import { pointer } from './pointer.ts'
import { combine } from './requirement.ts'
import { list, quote, requirementInWords } from './words.ts'

/** One change from one policy to another. */
export type PolicyChange = Readonly<{
  /** `changed` is what is neither stricter nor milder in every respect. */
  kind: 'added' | 'removed' | 'tightened' | 'loosened' | 'changed'
  /** JSON Pointer into the policy that has it: the later one, for `removed` the earlier one. */
  path: string
  message: string
}>

/**
 * What changes from one policy to another, in people's words.
 *
 * Compared is what is asked for in effect, per tier and feature: a rule that moves from a feature to its tier is no change.
 */
export function diff(before: Policy, after: Policy): readonly PolicyChange[] {
  if (before.digest === after.digest) return []
  return [
    ...names(before, after, 'features', 'feature'),
    ...names(before, after, 'tiers', 'tier'),
    ...grants(before, after),
    ...requirements(before, after),
    ...settling(before, after),
    ...switches(before, after),
    ...risk(before, after),
    ...licenses(before, after),
    ...enrollment(before, after),
    ...texts(before, after),
  ]
}

function names(before: Policy, after: Policy, section: 'features' | 'tiers', what: string): PolicyChange[] {
  const [was, is]: (readonly string[])[] = [before[section], after[section]]
  return [
    ...missingFrom(was ?? [], is ?? []).map((name) => change('added', [section, name], `The ${what} ${quote(name)} is new.`)),
    ...missingFrom(is ?? [], was ?? []).map((name) => change('removed', [section, name], `The ${what} ${quote(name)} is gone.`)),
  ]
}

function grants(before: Policy, after: Policy): PolicyChange[] {
  return both(before.tiers, after.tiers).flatMap((tier) => {
    const was = before.features.filter((feature) => addedBy(before.document, tier, feature) !== undefined)
    const is = after.features.filter((feature) => addedBy(after.document, tier, feature) !== undefined)
    return [
      ...missingFrom(was, is).map((name) => change('added', ['tiers', tier], `The tier ${quote(tier)} now includes ${quote(name)}.`)),
      ...missingFrom(is, was).map((name) =>
        change('removed', ['tiers', tier], `The tier ${quote(tier)} no longer includes ${quote(name)}.`),
      ),
    ]
  })
}

/** Tiers in which a feature changes in the same way are told in one sentence. */
function requirements(before: Policy, after: Policy): PolicyChange[] {
  return both(before.features, after.features).flatMap((feature) => {
    const tiersBySentence = new Map<string, Readonly<{ kind: PolicyChange['kind']; tiers: string[] }>>()
    for (const tier of both(before.tiers, after.tiers)) {
      const was = asked(before, tier, feature)
      const is = asked(after, tier, feature)
      const kind = was && is && compare(was, is)
      if (was === undefined || is === undefined || kind === undefined) continue
      const sentence = `from ${requirementInWords(was)} to ${requirementInWords(is)}`
      const same = tiersBySentence.get(sentence)
      if (same === undefined) tiersBySentence.set(sentence, { kind, tiers: [tier] })
      else same.tiers.push(tier)
    }
    return [...tiersBySentence].map(([sentence, { kind, tiers }]) =>
      change(kind, ['features', feature], `${quote(feature)} in ${list(tiers, 'and')} goes ${sentence}.`),
    )
  })
}

function asked(policy: Policy, tier: string, feature: string): Requirement | undefined {
  const adding = addedBy(policy.document, tier, feature)
  return adding === undefined ? undefined : combine(...rulesOf(policy.document, feature, adding).map((rule) => rule.requirement))
}

/** Features that hold new authenticators back only before or only after, in tiers that ask them for more than a second factor. */
function settling(before: Policy, after: Policy): PolicyChange[] {
  // if only one of the policies lets them settle, that is told of the section
  if ([before, after].some((policy) => enrollmentOf(policy).settleSeconds === 0)) return []
  return both(before.features, after.features).flatMap((feature) =>
    [true, false].flatMap((holds) => {
      const tiers = both(before.tiers, after.tiers).filter((tier) => {
        const [was, is] = [asked(before, tier, feature), asked(after, tier, feature)]
        if (was === undefined || is === undefined || [was, is].some(({ level }) => rank(level) <= rank('mfa'))) return false
        return settlesFor(before, feature, was) !== holds && settlesFor(after, feature, is) === holds
      })
      if (tiers.length === 0) return []
      const how = holds ? 'as a second factor until they settle' : 'in full at once'
      const sentence = `${quote(feature)} in ${list(tiers, 'and')} now counts new authenticators ${how}.`
      return [change(holds ? 'tightened' : 'loosened', ['features', feature], sentence)]
    }),
  )
}

/** The members of a feature that switch something, from the strictest value to the mildest. */
const SWITCHES = {
  enforce: ['on', 'observe', 'off'],
  whenStale: [undefined, 'permit'],
  machines: [undefined, 'license'],
  actors: ['deny', undefined],
} as const

function switches(before: Policy, after: Policy): PolicyChange[] {
  return both(before.features, after.features).flatMap((feature) =>
    Object.entries(SWITCHES).flatMap(([member, values]) => {
      const [was, is] = [before, after].map((policy) => {
        const value = policy.document.features[feature]?.[member as keyof typeof SWITCHES]
        return member === 'enforce' ? (value ?? 'on') : value
      })
      if (was === is) return []
      const order: readonly (string | undefined)[] = values
      const kind = order.indexOf(is) < order.indexOf(was) ? 'tightened' : 'loosened'
      return [change(kind, ['features', feature], `${quote(feature)}: ${member} goes from ${was ?? 'unset'} to ${is ?? 'unset'}.`)]
    }),
  )
}

function risk(before: Policy, after: Policy): PolicyChange[] {
  return RISK_ENTRIES.flatMap((entry) => {
    const [was, is] = [before, after].map((policy) => {
      const rules = riskRules(policy.document, entry)
      return typeof rules === 'string' ? 'deny' : combine(...rules.map((rule) => rule.requirement))
    })
    if (was === undefined || is === undefined) return []
    const kind = was === 'deny' || is === 'deny' ? (was === is ? undefined : is === 'deny' ? 'tightened' : 'loosened') : compare(was, is)
    if (kind === undefined) return []
    return [
      change(
        kind,
        after.document.risk?.[entry] === undefined ? ['risk'] : ['risk', entry],
        `At ${entry} risk it goes from ${riskInWords(was)} to ${riskInWords(is)}.`,
      ),
    ]
  })
}

function riskInWords(entry: Requirement | 'deny'): string {
  return entry === 'deny' ? 'denied' : requirementInWords(entry)
}

function licenses(before: Policy, after: Policy): PolicyChange[] {
  const changes: PolicyChange[] = []
  const was = before.document.license?.none ?? 'none'
  const is = after.document.license?.none ?? 'none'
  const none = compareEffects(was, is)
  if (none) changes.push(change(none, ['license', 'none'], `Without a license it goes from ${effectInWords(was)} to ${effectInWords(is)}.`))
  for (const state of LICENSE_STATES) {
    const [wasState, isState] = [effectIn(before.document, state), effectIn(after.document, state)]
    const kind = compareEffects(wasState, isState)
    const sentence = `A license that is ${state.replace('_', ' ')} goes from ${effectInWords(wasState)} to ${effectInWords(isState)}.`
    if (kind) changes.push(change(kind, ['license', 'states', state], sentence))
  }
  const nothing: Requirement = { level: 'session' }
  const [wasAsked, isAsked] = [upgradeRule(before.document)?.requirement, upgradeRule(after.document)?.requirement]
  if (wasAsked === undefined && isAsked !== undefined) {
    changes.push(change('tightened', ['license', 'upgraded'], `An upgrade now asks for a new proof: ${requirementInWords(isAsked)}.`))
  } else if (wasAsked !== undefined && isAsked === undefined) {
    changes.push(change('loosened', ['license', 'upgraded'], 'An upgrade no longer asks for a new proof.'))
  } else {
    const kind = compare(wasAsked ?? nothing, isAsked ?? nothing)
    const sentence = `After an upgrade it goes from ${requirementInWords(wasAsked ?? nothing)} to ${requirementInWords(isAsked ?? nothing)}.`
    if (kind) changes.push(change(kind, ['license', 'upgraded'], sentence))
  }
  return changes
}

function compareEffects(was: LicenseEffect, is: LicenseEffect): PolicyChange['kind'] | undefined {
  if (JSON.stringify(was) === JSON.stringify(is)) return undefined
  if (is === 'none' || was === 'full') return 'tightened'
  return was === 'none' || is === 'full' ? 'loosened' : 'changed'
}

function effectInWords(effect: LicenseEffect): string {
  if (effect === 'none') return 'nothing'
  if (effect === 'full') return 'everything it includes'
  if ('tier' in effect) return `the tier ${quote(effect.tier)}`
  return `everything for ${durationInWords(effect.forSeconds)}, then ${effectInWords(effect.then)}`
}

function enrollment(before: Policy, after: Policy): PolicyChange[] {
  const changes: PolicyChange[] = []
  const [was, is] = [before, after].map(({ document }) => ({ missing: 'enroll', first: ['relogin'], settle: '0s', ...document.enrollment }))
  if (was === undefined || is === undefined) return []
  if (was.missing !== is.missing) {
    const kind = is.missing === 'deny' ? 'tightened' : 'loosened'
    changes.push(
      change(kind, ['enrollment', 'missing'], `If nothing enrolled reaches the level it goes from ${was.missing} to ${is.missing}.`),
    )
  }
  const [wasFirst, isFirst] = [firstOf(was.first), firstOf(is.first)]
  const [more, fewer] = [missingFrom(wasFirst, isFirst), missingFrom(isFirst, wasFirst)]
  if (more.length + fewer.length > 0) {
    const kind = fewer.length === 0 ? 'tightened' : more.length === 0 ? 'loosened' : 'changed'
    const sentence = `The first authenticator goes from ${list(wasFirst, 'and')} to ${list(isFirst, 'and')}.`
    changes.push(change(kind, ['enrollment', 'first'], sentence))
  }
  const [wasSettle, isSettle] = [parseDuration(was.settle) ?? 0, parseDuration(is.settle) ?? 0]
  if (wasSettle !== isSettle) {
    const sentence = `A new authenticator settles in ${durationInWords(isSettle)} instead of ${durationInWords(wasSettle)}.`
    changes.push(change(isSettle > wasSettle ? 'tightened' : 'loosened', ['enrollment', 'settle'], sentence))
  }
  return changes
}

/** A sign-in comes first whether it is listed or not. */
function firstOf(listed: readonly string[]): readonly string[] {
  return ['relogin', ...listed.filter((method) => method !== 'relogin')]
}

function texts(before: Policy, after: Policy): PolicyChange[] {
  const changes: PolicyChange[] = []
  for (const section of ['features', 'tiers'] as const) {
    for (const name of both(Object.keys(before.document[section]), Object.keys(after.document[section]))) {
      for (const member of ['label', 'description'] as const) {
        if (before.document[section][name]?.[member] === after.document[section][name]?.[member]) continue
        changes.push(change('changed', [section, name], `The ${member} of ${quote(name)} reads differently.`))
      }
    }
  }
  const [was, is] = [before.document.compliance ?? {}, after.document.compliance ?? {}]
  for (const name of both(Object.keys(was), Object.keys(is))) {
    if (was[name]?.because === is[name]?.because) continue
    changes.push(change('changed', ['compliance', name], `The text behind the rule ${quote(name)} reads differently.`))
  }
  return changes
}

/** Requirements form a lattice: what equals the combination of both is the stricter one. */
function compare(was: Requirement, is: Requirement): PolicyChange['kind'] | undefined {
  const [strictest, from, to] = [combine(was, is), combine(was), combine(is)].map((each) => JSON.stringify(each))
  if (from === to) return undefined
  return strictest === to ? 'tightened' : strictest === from ? 'loosened' : 'changed'
}

function change(kind: PolicyChange['kind'], members: readonly string[], message: string): PolicyChange {
  return { kind, path: pointer(...members), message }
}

function missingFrom(names: readonly string[], others: readonly string[]): readonly string[] {
  return others.filter((name) => !names.includes(name))
}

function both(names: readonly string[], others: readonly string[]): readonly string[] {
  return names.filter((name) => others.includes(name))
}

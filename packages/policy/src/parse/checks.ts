import { addedBy, chainOf, RISK_ENTRIES, type Rule, resolve, riskRules, rulesOf, upgradeRule } from '../compile/rules.ts'
import type { PolicyDocument } from '../document.ts'
import { combine, isSessionOnly, methodsFor } from '../requirement.ts'
import { list, quote } from '../words.ts'
import type { Place, Report } from './issue.ts'

/** Reports tiers that extend each other in a circle, once for each circle. */
export function checkCycles(document: PolicyDocument, report: Report): void {
  const seen = new Set<string>()
  for (const start of Object.keys(document.tiers)) {
    const chain = chainOf(document, start)
    const last = chain.at(-1)
    const back = last === undefined ? undefined : document.tiers[last]?.extends
    if (back === undefined || last === undefined || !chain.includes(back)) continue
    const circle = chain.slice(chain.indexOf(back))
    if (circle.some((tier) => seen.has(tier))) continue
    for (const tier of circle) seen.add(tier)
    report.add(['tiers', last, 'extends'], `Tiers extend each other in a circle: ${[...circle, back].join(' → ')}. Remove one "extends".`)
  }
}

/** Reports features whose `whenStale` would waive more than the freshness of a licence. */
export function checkWhenStale(document: PolicyDocument, report: Report): void {
  for (const [feature, { whenStale }] of Object.entries(document.features)) {
    if (whenStale === undefined) continue
    const asking = grants(document, feature)
      .flatMap((tier) => rulesOf(document, feature, tier))
      .filter((rule) => !isSessionOnly(rule.requirement))
    if (asking.length === 0) continue
    const where = list([...new Set(asking.map((rule) => rule.source))], 'and')
    report.add(['features', feature, 'whenStale'], `Only for features that ask for no more than the session; ${where} asks for more.`)
  }
}

/** Reports combinations that no method can meet, at the rule that makes it impossible. */
export function checkSatisfiable(document: PolicyDocument, report: Report): void {
  const told = new Set<string>()
  const upgrade = upgradeRule(document)
  for (const feature of Object.keys(document.features)) {
    for (const tier of grants(document, feature)) {
      const rules = rulesOf(document, feature, tier)
      const upgradable = upgrade !== undefined && combine(...rules.map((rule) => rule.requirement)).level !== 'session'
      const variants = upgradable ? [rules, [...rules, upgrade]] : [rules]
      for (const variant of variants) {
        tell(feature, variant)
        for (const entry of RISK_ENTRIES) {
          const risk = riskRules(document, entry)
          if (typeof risk !== 'string') tell(feature, variant, risk)
        }
      }
    }
  }

  function tell(feature: string, rules: readonly Rule[], risk: readonly Rule[] = []): void {
    const all = [...rules, ...risk]
    for (let count = 1; count <= all.length; count++) {
      const { requirement } = resolve(all.slice(0, Math.min(count, rules.length)), all.slice(rules.length, count))
      if (methodsFor(requirement).length > 0) continue
      const last = all[count - 1]
      if (last === undefined || told.has(`${last.source} ${feature}`)) return
      told.add(`${last.source} ${feature}`)
      const others = [...new Set(all.slice(0, count - 1).map((rule) => rule.source))]
      const together = others.length > 0 ? ` together with ${list(others, 'and')}` : ''
      const adds = last.origin === 'risk' ? ' (risk entries add up, and e-mail never meets what risk raised)' : ''
      report.add(placeOf(last), `No method can meet this for ${quote(feature)}${together}${adds}: let their methods and levels overlap.`)
      return
    }
  }
}

/** The tiers that add a feature in some chain, and `undefined` for a license that grants it as an extra. */
function grants(document: PolicyDocument, feature: string): readonly (string | undefined)[] {
  const adding = Object.keys(document.tiers).map((tier) => addedBy(document, tier, feature))
  return [undefined, ...new Set(adding.filter((tier) => tier !== undefined))]
}

/** Names hold no `/` and no `~`, so a pointer of ours splits without unescaping. */
function placeOf(rule: Rule): Place {
  return rule.source.split('/').slice(1)
}

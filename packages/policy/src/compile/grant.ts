import type { Band, Reason, Requirement } from '@stile/protocol'
import type { PolicyDocument } from '../document.ts'
import { pointer } from '../pointer.ts'
import { combine } from '../requirement.ts'
import { quote } from '../words.ts'
import { type RISK_ENTRIES, type Rule, resolve, riskRules, rulesOf, upgradeRule } from './rules.ts'
import { createVariant, type Variant } from './variant.ts'

/** One feature as one tier grants it, or as a license grants it beside its tier. */
export type Grant = Readonly<{
  /** What is asked for; `undefined` for a band that is not known. */
  variant(band: Band, upgraded: boolean, account: Requirement | undefined): Variant | undefined
  /** What is asked for before risk, and before the account's own demand. */
  requirement: Requirement
}>

/** The place of each band's variant; `unknown` counts as `elevated`. */
const BAND_INDEX: ReadonlyMap<unknown, number> = new Map([
  ['normal', 0],
  ['elevated', 1],
  ['unknown', 1],
  ['high', 2],
  ['critical', 3],
])

const ENTRY_OF: readonly ((typeof RISK_ENTRIES)[number] | undefined)[] = [undefined, 'elevated', 'high', 'critical']

/** How many demands of accounts are kept compiled per grant; then they are all compiled again. */
const MOST_DEMANDS = 64

/** Compiles a grant. Its variants (upgraded or not, by band) are made when they are first needed. */
export function createGrant(document: PolicyDocument, feature: string, addingTier: string | undefined): Grant {
  const rules = rulesOf(document, feature, addingTier)
  const upgrade = upgradeRule(document)
  const settleSource = document.enrollment?.settle === undefined ? undefined : pointer('enrollment', 'settle')
  const title = quote(document.features[feature]?.label ?? feature)
  const variants: (Variant | undefined)[] = []
  const byAccount = new Map<string, (Variant | undefined)[]>()

  function build(band: number, upgraded: boolean, account: Rule | undefined): Variant {
    const own = account === undefined ? rules : [...rules, account]
    const raises = upgraded && upgrade !== undefined && combine(...own.map((rule) => rule.requirement)).level !== 'session'
    // the order in which reasons are told: feature, tier, compliance, upgrade, account
    const asked = raises ? [...rules, upgrade, ...(account === undefined ? [] : [account])] : own
    const entry = ENTRY_OF[band]
    const risk = entry === undefined ? [] : riskRules(document, entry)
    if (typeof risk === 'string') return createVariant({ feature, title, denied: riskDenied(title, risk) })
    return createVariant({ feature, title, ...resolve(asked, risk), upgraded: raises, settleSource })
  }

  /** Few accounts demand something of their own, and they demand it at every request. */
  function variantsFor({ level, maxAgeSeconds, provenAfter, methods, bind }: Requirement): (Variant | undefined)[] {
    // as JSON, so that no two demands can look the same
    const key = JSON.stringify([level, maxAgeSeconds, provenAfter, methods, bind])
    let list = byAccount.get(key)
    if (list === undefined) {
      list = []
      if (byAccount.size >= MOST_DEMANDS) byAccount.clear()
      byAccount.set(key, list)
    }
    return list
  }

  return {
    requirement: combine(...rules.map((rule) => rule.requirement)),
    variant(band, upgraded, account) {
      const index = BAND_INDEX.get(band)
      if (index === undefined) return undefined
      const list = account === undefined ? variants : variantsFor(account)
      const key = upgraded ? index + 4 : index
      let variant = list[key]
      if (variant === undefined) {
        variant = build(index, upgraded, account && accountRule(account))
        list[key] = variant
      }
      return variant
    },
  }
}

function riskDenied(title: string, source: string): Reason {
  return {
    code: 'risk_denied',
    source,
    message: `The context looks too dangerous for ${title} now. Try again later or from a device that is known.`,
  }
}

function accountRule(requirement: Requirement): Rule {
  // the demand is the license's, so it stands nowhere in the policy: the pointer is the whole document
  return { origin: 'account', source: '', who: 'your organisation', requirement: combine(requirement) }
}

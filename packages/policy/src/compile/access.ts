import type { License, LicenseState, Reason } from '@stile/protocol'
import { LICENSE_STATES, NO_TIER } from '@stile/protocol'
import type { PolicyDocument } from '../document.ts'
import { effectIn } from '../effect.ts'
import { pointer } from '../pointer.ts'
import { list, quote } from '../words.ts'
import { createGrant, type Grant } from './grant.ts'
import { addedBy } from './rules.ts'

/** Why a license does not let a feature be used, and which tiers would. */
export type Refusal = Readonly<{ outcome: 'upgrade' | 'deny'; reasons: readonly Reason[]; tiers: readonly string[] }>

/** One feature, compiled: what each license makes of it. */
export type CompiledFeature = Readonly<{
  enforced: boolean
  /** The operation parameters that are bound in every tier, risk and upgrade aside. */
  bind: readonly string[]
  /** What a license makes of the feature. Hostile values are refused. */
  access(license: License | null): Grant | Refusal
}>

/** Compiles a feature for every tier of a document. */
export function compileFeature(document: PolicyDocument, feature: string): CompiledFeature {
  const title = quote(document.features[feature]?.label ?? feature)
  const offering = Object.keys(document.tiers).filter((tier) => addedBy(document, tier, feature) !== undefined)
  const offer =
    offering.length === 0
      ? 'No tier includes it.'
      : `It comes with ${list(
          offering.map((tier) => tierTitle(document, tier)),
          'or',
        )}.`
  const tiers = Object.freeze(offering)
  const byTier = new Map<unknown, Grant | Refusal>()
  const shared = new Map<string, Grant>()
  const effects = new Map<unknown, Refusal | 'counts'>()

  for (const tier of Object.keys(document.tiers)) {
    const adding = addedBy(document, tier, feature)
    if (adding === undefined) {
      byTier.set(tier, required(pointer('tiers', tier), `The ${tierTitle(document, tier)} tier does not include ${title}. ${offer}`))
      continue
    }
    // tiers that inherit from the same one ask for the same
    const grant = shared.get(adding) ?? createGrant(document, feature, adding)
    shared.set(adding, grant)
    byTier.set(tier, grant)
  }
  for (const state of LICENSE_STATES) effects.set(state, effectIn(document, state) === 'none' ? lapsed(state) : 'counts')

  const extra = createGrant(document, feature, undefined)
  const none = document.license?.none ?? 'none'
  const absent: Grant | Refusal =
    none === 'none'
      ? required(existing(document, 'license', 'none'), `${title} needs a license. ${offer}`)
      : (byTier.get(none.tier) ?? required(pointer('license', 'none'), `${title} needs a license. ${offer}`))
  const foreignTier = required('/tiers', `The license names a tier that this policy does not have, so ${title} is not included. ${offer}`)
  const ended = refuse(
    'upgrade',
    'license_expired',
    existing(document, 'license', 'states', 'expired'),
    `The license has ended. Renew it to use ${title}.`,
  )
  const unreadable = refuse('deny', 'license_required', '', `The license cannot be read, so ${title} is denied.`)

  return {
    enforced: (document.features[feature]?.enforce ?? 'on') === 'on',
    bind: extra.requirement.bind ?? [],
    access(license) {
      if (license === null) return absent
      if (typeof license !== 'object') return unreadable
      const effect = effects.get(license.state)
      if (effect === undefined) return unreadable
      if (effect !== 'counts') return effect
      if (license.tier === NO_TIER) return ended
      const access = byTier.get(license.tier)
      if (access === undefined) return foreignTier
      if ('variant' in access) return access
      return Array.isArray(license.features) && license.features.includes(feature) ? extra : access
    },
  }

  function lapsed(state: LicenseState): Refusal {
    const source = existing(document, 'license', 'states', state)
    if (state === 'suspended') return refuse('deny', 'license_suspended', source, `The license is suspended, so ${title} is denied.`)
    if (state === 'trialing' || state === 'active')
      return required(source, `A license that is ${state} does not include ${title}. ${offer}`)
    return refuse('upgrade', 'license_expired', source, `The license is ${state.replace('_', ' ')}. Renew it to use ${title}.`)
  }

  function required(source: string, message: string): Refusal {
    return refuse('upgrade', 'license_required', source, message)
  }

  function refuse(outcome: Refusal['outcome'], code: Reason['code'], source: string, message: string): Refusal {
    return Object.freeze({ outcome, reasons: Object.freeze([Object.freeze({ code, source, message })]), tiers })
  }
}

/** A pointer to the deepest of these members that the document has: a default stands nowhere, and a pointer must lead somewhere. */
function existing(document: PolicyDocument, ...members: readonly string[]): string {
  let value: object = document
  const found: string[] = []
  for (const member of members) {
    if (!Object.hasOwn(value, member)) break
    value = (value as Readonly<Record<string, object>>)[member] as object
    found.push(member)
  }
  return pointer(...found)
}

function tierTitle(document: PolicyDocument, tier: string): string {
  return document.tiers[tier]?.label ?? tier
}

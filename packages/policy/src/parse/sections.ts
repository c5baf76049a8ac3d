import type {
  ComplianceDocument,
  Duration,
  EffectDocument,
  EnrollmentDocument,
  FeatureDocument,
  LicenseDocument,
  RiskDocument,
  TierDocument,
} from '../document.ts'
import type { Place, Report } from './issue.ts'
import { readRequirement } from './requirement.ts'
import {
  kindOf,
  type Members,
  present,
  readDuration,
  readList,
  readNamed,
  readObject,
  readReference,
  readSome,
  readText,
  readWord,
} from './values.ts'
import { MEMBERS, WORDS } from './vocabulary.ts'

/** Reads `features`. */
export function readFeatures(value: unknown, report: Report, rules: readonly string[]): Record<string, FeatureDocument> {
  return readEach(readNamed(value, ['features'], report, 'feature'), ['features'], (member, place) => {
    const given = readObject(member, place, report, MEMBERS.feature)
    if (given === undefined) return undefined
    const read = optional(given, place)
    return present({
      requires: read('requires', (item, at) => readRequirement(item, at, report)),
      compliance: read('compliance', (item, at) =>
        readList(item, at, report, (name, where) => readReference(name, where, report, 'compliance rule', rules)),
      ),
      enforce: read('enforce', (item, at) => readWord(item, at, report, WORDS.enforce)),
      whenStale: read('whenStale', (item, at) => readWord(item, at, report, WORDS.whenStale)),
      machines: read('machines', (item, at) => readWord(item, at, report, WORDS.machines)),
      actors: read('actors', (item, at) => readWord(item, at, report, WORDS.actors)),
      label: read('label', (item, at) => readText(item, at, report)),
      description: read('description', (item, at) => readText(item, at, report)),
    }) as FeatureDocument
  })
}

/** Reads `tiers`; `features` and `tiers` are the names that the document defines. */
export function readTiers(
  value: unknown,
  report: Report,
  names: Readonly<{ features: readonly string[]; tiers: readonly string[] }>,
): Record<string, TierDocument> {
  return readEach(readNamed(value, ['tiers'], report, 'tier'), ['tiers'], (member, place) => {
    const given = readObject(member, place, report, MEMBERS.tier)
    if (given === undefined) return undefined
    const read = optional(given, place)
    return present({
      extends: read('extends', (item, at) => readReference(item, at, report, 'tier', names.tiers)),
      features: read('features', (item, at) =>
        readList(item, at, report, (name, where) => readReference(name, where, report, 'feature', names.features)),
      ),
      requires: read('requires', (item, at) => readRequirement(item, at, report)),
      label: read('label', (item, at) => readText(item, at, report)),
      description: read('description', (item, at) => readText(item, at, report)),
    }) as TierDocument
  })
}

/** Reads `compliance`. */
export function readCompliance(value: unknown, report: Report): Record<string, ComplianceDocument> {
  return readEach(readNamed(value, ['compliance'], report, 'compliance rule'), ['compliance'], (member, place) => {
    const given = readObject(member, place, report, MEMBERS.compliance)
    if (given === undefined) return undefined
    const requires = readRequirement(given.requires, [...place, 'requires'], report)
    const because = readText(given.because, [...place, 'because'], report)
    return requires === undefined || because === undefined ? undefined : { requires, because }
  })
}

/** Reads `risk`: what each band adds. */
export function readRisk(value: unknown, report: Report): RiskDocument {
  const given = readObject(value, ['risk'], report)
  return readEach(given, ['risk'], (member, place) => {
    const band = String(place[1])
    if (!(MEMBERS.risk as readonly string[]).includes(band)) {
      const why = band === 'unknown' ? 'unknown counts as elevated' : band === 'normal' ? 'normal adds nothing' : 'no such band'
      report.add(place, `Risk has the entries elevated, high and critical; ${why}.`, { given: band, known: MEMBERS.risk })
      return undefined
    }
    if (member === 'deny') return member
    if (typeof member === 'object' && member !== null) return readRequirement(member, place, report)
    report.add(place, `Expected a requirement or "deny", found ${kindOf(member)}.`)
    return undefined
  })
}

/** Reads `license`. */
export function readLicense(value: unknown, report: Report, tiers: readonly string[]): LicenseDocument | undefined {
  const given = readObject(value, ['license'], report, MEMBERS.license)
  if (given === undefined) return undefined
  const read = optional(given, ['license'])
  return present({
    none: read('none', (item, at) => readGrant(item, at, report, tiers)),
    states: read('states', (item, at) => {
      const states = readObject(item, at, report, MEMBERS.states)
      return readEach(states, at, (effect, place) => readEffect(effect, place, report, tiers))
    }),
    upgraded: read('upgraded', (item, at) => {
      const upgraded = readObject(item, at, report, MEMBERS.upgraded)
      const requires = upgraded && readRequirement(upgraded.requires, [...at, 'requires'], report)
      return requires && { requires }
    }),
  }) as LicenseDocument
}

/** Reads `enrollment`. */
export function readEnrollment(value: unknown, report: Report): EnrollmentDocument | undefined {
  const given = readObject(value, ['enrollment'], report, MEMBERS.enrollment)
  if (given === undefined) return undefined
  const read = optional(given, ['enrollment'])
  return present({
    missing: read('missing', (item, at) => readWord(item, at, report, WORDS.missing)),
    first: read('first', (item, at) => readSome(item, at, report, (method, where) => readWord(method, where, report, WORDS.first))),
    settle: read('settle', (item, at) => readDuration<Duration>(item, at, report)),
  })
}

function readEffect(value: unknown, place: Place, report: Report, tiers: readonly string[]): EffectDocument | undefined {
  if (value === 'full') return value
  if (typeof value !== 'object' || value === null || !('for' in value || 'then' in value))
    return readGrant(value, place, report, tiers, true)
  const given = readObject(value, place, report, MEMBERS.grace)
  if (given === undefined) return undefined
  const duration = readDuration<Duration>(given.for, [...place, 'for'], report)
  const then = readGrant(given.then, [...place, 'then'], report, tiers)
  return duration === undefined || then === undefined ? undefined : { for: duration, then }
}

function readGrant(
  value: unknown,
  place: Place,
  report: Report,
  tiers: readonly string[],
  effect = false,
): 'none' | { tier: string } | undefined {
  if (value === 'none') return value
  if (typeof value !== 'object' || value === null) {
    report.add(place, `Expected ${effect ? '"full", "none", { tier } or { for, then }' : '"none" or { tier }'}, found ${kindOf(value)}.`)
    return undefined
  }
  const given = readObject(value, place, report, MEMBERS.grant)
  const tier = given && readReference(given.tier, [...place, 'tier'], report, 'tier', tiers)
  return tier === undefined ? undefined : { tier }
}

/** Reads every member of an object that could be read, and keeps those that are good. */
function readEach<V>(
  members: Members | undefined,
  place: Place,
  read: (member: unknown, place: Place) => V | undefined,
): Record<string, V> {
  const result: Record<string, V> = {}
  for (const [key, member] of Object.entries(members ?? {})) {
    const value = read(member, [...place, key])
    if (value !== undefined) result[key] = value
  }
  return result
}

/** Reads a member only if it is given. */
function optional(members: Members, place: Place): <V>(key: string, read: (value: unknown, place: Place) => V) => V | undefined {
  return (key, read) => (members[key] === undefined ? undefined : read(members[key], [...place, key]))
}

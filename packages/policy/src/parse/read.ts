import type { PolicyDocument } from '../document.ts'
import { checkCycles, checkSatisfiable, checkWhenStale } from './checks.ts'
import { createReport, type PolicyIssue, type Report } from './issue.ts'
import { readCompliance, readEnrollment, readFeatures, readLicense, readRisk, readTiers } from './sections.ts'
import { kindOf, readObject } from './values.ts'
import { MEMBERS } from './vocabulary.ts'

/** Reads a policy document and checks what its parts say together. Every issue is reported, not only the first. */
export function readPolicy(
  value: unknown,
): Readonly<{ ok: true; document: PolicyDocument }> | Readonly<{ ok: false; issues: readonly PolicyIssue[] }> {
  const report = createReport()
  const given = readObject(value, [], report, MEMBERS.policy)
  if (given === undefined) return { ok: false, issues: report.issues }
  if (given.format !== 1) report.add(['format'], `Expected 1, the only format there is; found ${kindOf(given.format)}.`)
  const features = namesIn(given.features)
  const tiers = namesIn(given.tiers)
  const document = {
    format: 1,
    features: readFeatures(given.features, report, namesIn(given.compliance)),
    tiers: readTiers(given.tiers, report, { features, tiers }),
    ...read('compliance', (member) => readCompliance(member, report)),
    ...read('risk', (member) => readRisk(member, report)),
    ...read('license', (member) => readLicense(member, report, tiers)),
    ...read('enrollment', (member) => readEnrollment(member, report)),
  } as PolicyDocument
  check(document, report)
  return report.issues.length > 0 ? { ok: false, issues: report.issues } : { ok: true, document }

  function read(key: string, reader: (member: unknown) => unknown): Readonly<Record<string, unknown>> {
    const member = given?.[key]
    const value = member === undefined ? undefined : reader(member)
    return value === undefined ? {} : { [key]: value }
  }
}

/** What could be read is checked even if the rest could not: leaving out a rule never makes another one wrong. */
function check(document: PolicyDocument, report: Report): void {
  checkCycles(document, report)
  checkWhenStale(document, report)
  checkSatisfiable(document, report)
}

/** The names that a section defines, also if what they name is wrong: that is one issue, and every use of it no other. */
function namesIn(section: unknown): readonly string[] {
  if (typeof section !== 'object' || section === null || Array.isArray(section)) return []
  return Object.entries(section).flatMap(([name, member]) => (member === undefined ? [] : [name]))
}

export type { Enrolled } from './compile/variant.ts'
export type { DecideRequest } from './decide.ts'
export { decide } from './decide.ts'
export type { PolicyChange } from './diff.ts'
export { diff } from './diff.ts'
export type {
  ComplianceDocument,
  Duration,
  EffectDocument,
  EnrollmentDocument,
  FeatureDocument,
  FeatureOf,
  LicenseDocument,
  Policy,
  PolicyDocument,
  RequirementDocument,
  RiskDocument,
  TierDocument,
  TierOf,
} from './document.ts'
export { durationInWords, parseDuration } from './duration.ts'
export type { LicenseEffect } from './effect.ts'
export { enrollmentOf, licenseEffect, noLicenseEffect } from './effect.ts'
export { explain } from './explain.ts'
export type { FeatureRules } from './feature.ts'
export { featureRules, requirementOf, settlesFor } from './feature.ts'
export type { PolicyIssue } from './parse/issue.ts'
export { closest } from './parse/suggest.ts'
export { pointer } from './pointer.ts'
export type { ParsedPolicy } from './policy.ts'
export { definePolicy, featuresOf, isPolicy, PolicyError, parsePolicy, policyDigest, tiersOf } from './policy.ts'
export { canMeet, combine, isSessionOnly, meets, methodsFor, newestProof } from './requirement.ts'
export { tierChain, tiersInForce } from './tiers.ts'

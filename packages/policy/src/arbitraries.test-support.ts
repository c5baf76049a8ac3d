import type { Assurance, Band, Level, License, Method, Proof, Requirement } from '@stile/protocol'
import { BANDS, LEVELS, LICENSE_STATES, METHODS } from '@stile/protocol'
import fc from 'fast-check'
import type { Enrolled } from './compile/variant.ts'
import type { DecideRequest } from './decide.ts'
import type { Policy, PolicyDocument, RequirementDocument } from './document.ts'
import { parsePolicy } from './policy.ts'

/** The instant around which everything is generated, in seconds since the epoch. */
export const NOW = 1_800_000_000

export const FEATURES = ['view', 'export', 'pay', 'constructor', 'toString'] as const
export const TIERS = ['basic', 'pro', 'enterprise', 'valueOf'] as const
const RULES = ['psd2', 'hasOwnProperty'] as const

export const levels: fc.Arbitrary<Level> = fc.constantFrom(...LEVELS)
export const methods: fc.Arbitrary<Method> = fc.constantFrom(...METHODS)
export const bands: fc.Arbitrary<Band> = fc.constantFrom(...BANDS)

/** An age in seconds that lands on the boundaries of the durations below more often than not. */
export const ages: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(-31, -30, -1, 0, 59, 60, 61, 300, 301, 900, 901, 43_200, 43_201),
  fc.integer({ min: -60, max: 50_000 }),
)

export const requirements: fc.Arbitrary<Requirement> = fc.record(
  {
    level: levels,
    maxAgeSeconds: fc.constantFrom(60, 300, 900, 43_200),
    provenAfter: ages.map((age) => NOW - age),
    methods: fc.uniqueArray(methods, { maxLength: 4 }),
    bind: fc.uniqueArray(fc.constantFrom('amount', 'currency', 'payee'), { maxLength: 3 }),
  },
  { requiredKeys: ['level'] },
)

/** An instant around now. */
export const instants: fc.Arbitrary<number> = fc.constantFrom(NOW - 1, NOW, NOW + 1, NOW + 86_400)

export const proofs: fc.Arbitrary<Proof> = fc.record(
  {
    method: fc.oneof(methods, fc.constant('login' as const)),
    level: levels,
    amr: fc.constant([]),
    authTime: fc.oneof(
      ages.map((age) => NOW - age),
      fc.constant(0),
    ),
    settlesAt: instants,
  },
  { requiredKeys: ['method', 'level', 'amr', 'authTime'] },
)

export const assurances: fc.Arbitrary<Assurance> = fc.record(
  {
    proofs: fc.array(proofs, { maxLength: 4 }),
    operation: fc.record({ feature: fc.constantFrom(...FEATURES), digest: fc.constantFrom('d1', 'd2') }),
  },
  { requiredKeys: ['proofs'] },
)

export const licenses: fc.Arbitrary<License | null> = fc.option(
  fc.record(
    {
      id: fc.constant('lic'),
      epoch: fc.constant(1),
      tier: fc.constantFrom(...TIERS, 'foreign', '__proto__'),
      features: fc.subarray([...FEATURES, 'unknown']),
      state: fc.constantFrom('active' as const, 'active' as const, ...LICENSE_STATES),
      raisedAt: ages.map((age) => NOW - age),
      requires: requirements,
    },
    { requiredKeys: ['id', 'epoch', 'tier', 'features', 'state'] },
  ),
  { freq: 8 },
)

export const enrolled: fc.Arbitrary<readonly Enrolled[] | undefined> = fc.option(
  fc.array(fc.record({ method: methods, level: levels, settlesAt: instants }, { requiredKeys: ['method', 'level'] }), { maxLength: 3 }),
  {
    nil: undefined,
  },
)

/** Requests for the features of `policies`, and for names that no policy has. */
export const requests: fc.Arbitrary<DecideRequest> = fc.record(
  {
    feature: fc.constantFrom<string>(...FEATURES, 'unknown', '__proto__'),
    license: licenses,
    assurance: assurances,
    risk: bands,
    operationDigest: fc.constantFrom('d1', 'd2'),
    enrolled,
    now: fc.constant(NOW),
  },
  { requiredKeys: ['feature', 'license', 'assurance', 'risk', 'now'] },
)

const requirementDocuments: fc.Arbitrary<RequirementDocument> = fc.record(
  {
    level: levels,
    maxAge: fc.constantFrom('60s' as const, '5m' as const, '15m' as const, '12h' as const),
    methods: fc.uniqueArray(methods, { minLength: 1, maxLength: 5 }),
    bind: fc.uniqueArray(fc.constantFrom('amount', 'currency', 'payee'), { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: ['level'] },
)

const entries = fc.oneof(requirementDocuments, fc.constant('deny' as const))
const grants = fc.oneof(
  fc.constant('none' as const),
  fc.constantFrom(...TIERS).map((tier) => ({ tier })),
)
const effects = fc.oneof(
  fc.constant('full' as const),
  grants,
  fc.tuple(fc.constantFrom('7d' as const, '0s' as const), grants).map(([grace, after]) =>
    Object.fromEntries([
      ['for', grace],
      ['then', after],
    ]),
  ),
)

/** Documents whose every part is well formed; what the parts say together may still be impossible. */
export const documents: fc.Arbitrary<PolicyDocument> = fc.record(
  {
    format: fc.constant(1 as const),
    features: fc.record(
      Object.fromEntries(
        FEATURES.map((name) => [
          name,
          fc.record(
            {
              requires: requirementDocuments,
              compliance: fc.subarray([...RULES]),
              enforce: fc.constantFrom('on' as const, 'observe' as const, 'off' as const),
              machines: fc.constant('license' as const),
              actors: fc.constant('deny' as const),
              label: fc.constantFrom('See it', 'Do it'),
            },
            { requiredKeys: [] },
          ),
        ]),
      ),
    ),
    tiers: fc
      .tuple(...TIERS.map((_, index) => tiers(index)))
      .map((all) => Object.fromEntries(all.map((tier, index) => [TIERS[index], tier]))),
    compliance: fc.record(
      Object.fromEntries(
        RULES.map((name) => [name, fc.record({ requires: requirementDocuments, because: fc.constant(`The text of ${name}`) })]),
      ),
    ),
    risk: fc.record({ elevated: entries, high: entries, critical: entries }, { requiredKeys: [] }),
    license: fc.record(
      {
        none: grants,
        states: fc.record(Object.fromEntries(LICENSE_STATES.map((state) => [state, effects])), { requiredKeys: [] }),
        upgraded: fc.record({ requires: requirementDocuments }),
      },
      { requiredKeys: [] },
    ),
    enrollment: fc.record(
      {
        missing: fc.constantFrom('enroll' as const, 'deny' as const),
        first: fc.subarray(['relogin' as const, 'email-otp' as const], { minLength: 1 }),
        settle: fc.constantFrom('0s' as const, '1d' as const),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['format', 'features', 'tiers', 'compliance'] },
) as fc.Arbitrary<PolicyDocument>

/** A tier extends only earlier ones, so that there is no circle. */
function tiers(index: number) {
  const earlier = TIERS.slice(0, index)
  return fc.record(
    {
      ...(earlier.length > 0 && { extends: fc.constantFrom(...earlier) }),
      features: fc.subarray([...FEATURES]),
      requires: requirementDocuments,
    },
    { requiredKeys: [] },
  )
}

/** Policies that can be met; without their conflicting lists of methods most documents are. */
export const policies: fc.Arbitrary<Policy> = documents
  .chain((document) => fc.boolean().map((keep) => (keep ? document : withoutMethods(document))))
  .map((document) => parsePolicy(document))
  .filter((parsed) => parsed.ok)
  .map((parsed) => (parsed as Extract<typeof parsed, { ok: true }>).policy)

function withoutMethods(document: PolicyDocument): PolicyDocument {
  return JSON.parse(JSON.stringify(document, (key, value) => (key === 'methods' ? undefined : value)))
}

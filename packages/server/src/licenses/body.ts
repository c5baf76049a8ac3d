import { closest, featuresOf, type Policy, pointer, tiersOf } from '@stile/policy'
import {
  LEVELS,
  type Level,
  LICENSE_STATES,
  type LicenseState,
  METHODS,
  type Method,
  REACHES,
  type Requirement,
  satisfies,
} from '@stile/protocol'
import { z } from 'zod'
import { StileError } from '../error.ts'

/** What an admin says about a license, checked against the policy. */
export type LicenseBody = Readonly<{
  tier: string
  state: LicenseState
  features: readonly string[]
  /** Seconds since the epoch. */
  endsAt?: number
  requires?: Requirement
}>

type Fault = Readonly<{ pointer: string; detail: string }>

const MAX_FEATURES = 256
/** How long their names may be together, as JSON: every token carries them, and guards read tokens of at most 8,192 characters. */
const MAX_FEATURES_LENGTH = 4096
/** The end of the year 9999. */
const LATEST = 253_402_300_799

const time = z
  .int('must be whole seconds since the epoch')
  .min(0)
  .refine((seconds) => seconds <= LATEST, 'must be in seconds, not milliseconds')

const requirement = z.strictObject({
  level: z.enum(LEVELS as [Level, ...Level[]]),
  maxAgeSeconds: z.int().min(1).max(315_360_000).optional(),
  provenAfter: time.optional(),
  methods: z
    .array(z.enum(METHODS as [Method, ...Method[]]))
    .min(1)
    .max(METHODS.length)
    .optional(),
})

const body = z.strictObject({
  tier: z.string(),
  state: z.enum(LICENSE_STATES as [LicenseState, ...LicenseState[]]),
  features: z
    .array(z.string())
    .max(MAX_FEATURES)
    .refine((names) => JSON.stringify(names).length <= MAX_FEATURES_LENGTH, {
      error: ({ input }) =>
        `has ${JSON.stringify(input).length} characters, at most ${MAX_FEATURES_LENGTH} fit into a token. Put features that belong together into a tier.`,
    })
    .optional(),
  endsAt: time.optional(),
  requires: requirement.optional(),
})

/**
 * Reads the body of a license write: strict, because a misspelt member would silently be without effect.
 *
 * @throws {StileError} `invalid_request` with every fault at once, each with what was probably meant
 */
export function parseLicenseBody(policy: Policy, value: unknown): LicenseBody {
  const parsed = body.safeParse(value)
  const faults = [...(parsed.success ? [] : parsed.error.issues.flatMap(explain)), ...namesIn(policy, value)]
  if (!parsed.success || faults.length > 0) throw new StileError('invalid_request', sentence(faults), { errors: faults })
  const { tier, state, features = [], endsAt, requires } = parsed.data
  return {
    tier,
    state,
    features: [...new Set(features)],
    ...(endsAt !== undefined && { endsAt }),
    ...(requires !== undefined && { requires: demand(requires) }),
  }
}

/** The names that the policy must know; looked at even if something else is wrong, so that all is told at once. */
function namesIn(policy: Policy, value: unknown): Fault[] {
  if (typeof value !== 'object' || value === null) return []
  const { tier, features, requires } = value as Readonly<Record<string, unknown>>
  const faults: Fault[] = []
  if (typeof tier === 'string' && !Object.hasOwn(policy.document.tiers, tier))
    faults.push(unknown(pointer('tier'), 'tier', tier, tiersOf(policy)))
  if (Array.isArray(features)) {
    for (const [index, feature] of features.slice(0, MAX_FEATURES).entries()) {
      if (typeof feature === 'string' && !Object.hasOwn(policy.document.features, feature))
        faults.push(unknown(pointer('features', index), 'feature', feature, featuresOf(policy)))
    }
  }
  const asked = requirement.safeParse(requires)
  if (asked.success && !isMeetable(asked.data))
    faults.push({ pointer: pointer('requires'), detail: 'None of its methods reaches its level, so every member would be locked out.' })
  return faults
}

function isMeetable({ level, methods }: z.output<typeof requirement>): boolean {
  return (methods ?? METHODS).some((method) => {
    const reach = REACHES[method]
    return reach !== null && satisfies(reach, level)
  })
}

function unknown(place: string, kind: string, name: string, known: readonly string[]): Fault {
  const near = closest(name, known)
  const advice = near === undefined ? `It has: ${known.slice(0, 20).join(', ')}.` : `Did you mean "${near}"?`
  return { pointer: place, detail: `The policy has no ${kind} ${JSON.stringify(name.slice(0, 64))}. ${advice}` }
}

function explain(issue: z.core.$ZodIssue): Fault[] {
  const place = pointer(...issue.path)
  if (issue.code === 'unrecognized_keys') {
    const known = place === pointer('requires') ? Object.keys(requirement.shape) : Object.keys(body.shape)
    return issue.keys.slice(0, 20).map((key) => {
      const near = closest(key, known)
      const advice = near === undefined ? `It takes: ${known.join(', ')}.` : `Did you mean "${near}"?`
      return { pointer: place, detail: `There is no member ${JSON.stringify(key.slice(0, 64))}. ${advice}` }
    })
  }
  if (issue.code === 'invalid_value') return [{ pointer: place, detail: `must be one of: ${issue.values.map(String).join(', ')}` }]
  if (issue.code === 'invalid_type')
    return [{ pointer: place, detail: issue.input === undefined ? 'is missing' : `must be of type ${issue.expected}` }]
  if (issue.code === 'too_big') return [{ pointer: place, detail: `must not be more than ${issue.maximum}` }]
  if (issue.code === 'too_small') return [{ pointer: place, detail: `must not be less than ${issue.minimum}` }]
  return [{ pointer: place, detail: issue.message }]
}

function sentence(faults: readonly Fault[]): string {
  const told = faults.slice(0, 3).map(({ pointer, detail }) => `${pointer === '' ? 'The body' : pointer}: ${detail}`)
  return `The license was not written. ${told.join(' ')}${faults.length > 3 ? ` And ${faults.length - 3} more.` : ''}`
}

function demand({ level, maxAgeSeconds, provenAfter, methods }: z.output<typeof requirement>): Requirement {
  return {
    level,
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
    ...(provenAfter !== undefined && { provenAfter }),
    ...(methods !== undefined && { methods: [...new Set(methods)] }),
  }
}

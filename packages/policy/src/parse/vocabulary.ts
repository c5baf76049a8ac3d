import { LEVELS, type Level, LICENSE_STATES, METHODS, type Method } from '@stile/protocol'
import { RISK_ENTRIES } from '../compile/rules.ts'

/** The parts of a document that have members of their own. */
type Part =
  | 'policy'
  | 'feature'
  | 'tier'
  | 'compliance'
  | 'requirement'
  | 'risk'
  | 'license'
  | 'states'
  | 'upgraded'
  | 'grant'
  | 'grace'
  | 'enrollment'

/** The members that each part of a document may have: `policy.schema.json` says the same, and a test compares them. */
export const MEMBERS: Readonly<Record<Part, readonly string[]>> = {
  policy: ['format', 'features', 'tiers', 'compliance', 'risk', 'license', 'enrollment'],
  feature: ['requires', 'compliance', 'enforce', 'whenStale', 'machines', 'actors', 'label', 'description'],
  tier: ['extends', 'features', 'requires', 'label', 'description'],
  compliance: ['requires', 'because'],
  requirement: ['level', 'maxAge', 'methods', 'bind'],
  risk: RISK_ENTRIES,
  license: ['none', 'states', 'upgraded'],
  states: LICENSE_STATES,
  upgraded: ['requires'],
  grant: ['tier'],
  grace: ['for', 'then'],
  enrollment: ['missing', 'first', 'settle'],
}

/** The words that a member may be, if it is one of a few. */
export const WORDS: Readonly<{
  level: readonly Level[]
  methods: readonly Method[]
  enforce: readonly ('on' | 'observe' | 'off')[]
  whenStale: readonly 'permit'[]
  machines: readonly 'license'[]
  actors: readonly 'deny'[]
  missing: readonly ('enroll' | 'deny')[]
  first: readonly ('relogin' | 'email-otp')[]
}> = {
  level: LEVELS,
  methods: METHODS,
  enforce: ['on', 'observe', 'off'],
  whenStale: ['permit'],
  machines: ['license'],
  actors: ['deny'],
  missing: ['enroll', 'deny'],
  first: ['relogin', 'email-otp'],
}

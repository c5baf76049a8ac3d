import { LEVELS, LICENSE_STATES, METHODS } from '@stile/protocol'
import { RISK_ENTRIES } from '../compile/rules.ts'

/** The members that each part of a document may have: `policy.schema.json` says the same, and a test compares them. */
export const MEMBERS = {
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
} as const satisfies Readonly<Record<string, readonly string[]>>

/** The words that a member may be, if it is one of a few. */
export const WORDS = {
  level: LEVELS,
  methods: METHODS,
  enforce: ['on', 'observe', 'off'],
  whenStale: ['permit'],
  machines: ['license'],
  actors: ['deny'],
  missing: ['enroll', 'deny'],
  first: ['relogin', 'email-otp'],
} as const satisfies Readonly<Record<string, readonly string[]>>

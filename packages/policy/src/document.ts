import type { Band, Level, LicenseState, Method } from '@stile/protocol'

/** A whole number and one of `s m h d`, such as `15m`; at most ten years. */
export type Duration = `${bigint}${'s' | 'm' | 'h' | 'd'}`

/** What must be proven, as a policy document writes it. */
export type RequirementDocument = Readonly<{
  level: Level
  /** How old the proof may be. Without it any age will do. */
  maxAge?: Duration
  /** Only these methods count. Without it every method that reaches the level does. */
  methods?: readonly Method[]
  /** The operation parameters that the proof must be bound to. */
  bind?: readonly string[]
}>

/** One feature: the thing that is gated. `C` are the names of the compliance rules. */
export type FeatureDocument<C extends string = string> = Readonly<{
  requires?: RequirementDocument
  /** Compliance rules that apply to the feature. */
  compliance?: readonly C[]
  /** `observe` and `off` only record the decision, if the guard's own configuration allows it. Default: `on`. */
  enforce?: 'on' | 'observe' | 'off'
  /** Waives the freshness of licence and revocation while the guard's feed is silent; only if no more than the session is asked for. */
  whenStale?: 'permit'
  /** Lets a machine of a licensed account pass. Without it only people do. */
  machines?: 'license'
  /** Refuses acting parties, such as support staff as the customer. */
  actors?: 'deny'
  /** The name that people read in sentences. Default: the key. */
  label?: string
  description?: string
}>

/** One tier. `F` and `T` are the names of the features and tiers. */
export type TierDocument<F extends string = string, T extends string = string> = Readonly<{
  /** The tier whose features it includes. */
  extends?: T
  features?: readonly F[]
  /** Applies to the features that this tier adds, never to what it inherits. */
  requires?: RequirementDocument
  label?: string
  description?: string
}>

/** One compliance rule and the text that demands it. */
export type ComplianceDocument = Readonly<{ requires: RequirementDocument; because: string }>

/** What a risk band adds. Bands add up: `high` also asks for what `elevated` asks. */
export type RiskDocument = Readonly<{
  [B in Exclude<Band, 'normal' | 'unknown'>]?: RequirementDocument | 'deny'
}>

/** What a license in some state is good for. */
export type EffectDocument<T extends string = string> =
  | 'full'
  | 'none'
  | Readonly<{ tier: T }>
  | Readonly<{ for: Duration; then: 'none' | Readonly<{ tier: T }> }>

/** How licenses count. */
export type LicenseDocument<T extends string = string> = Readonly<{
  /** What an account without a license gets. Default: nothing. */
  none?: 'none' | Readonly<{ tier: T }>
  /** Default: `trialing` and `active` are `full`, `past_due` is full for 7 days, the others are `none`. */
  states?: Readonly<{ [S in LicenseState]?: EffectDocument<T> }>
  /** What is asked again after an upgrade, on features that already ask for more than the session. */
  upgraded?: Readonly<{ requires: RequirementDocument }>
}>

/** How authenticators are enrolled. */
export type EnrollmentDocument = Readonly<{
  /** What happens if nothing enrolled reaches the level. Default: `enroll`. */
  missing?: 'enroll' | 'deny'
  /** What must be proven to enrol the first authenticator, all of it; `relogin` always. Default: `['relogin']`. */
  first?: readonly ('relogin' | 'email-otp')[]
  /** How long a new authenticator counts as no more than `mfa` for features with `bind` or `compliance`. Default: `0s`. */
  settle?: Duration
}>

/** The policy document: what a product's licence tiers let people do, and what must be proven to do it. */
export type PolicyDocument<F extends string = string, T extends string = string, C extends string = string> = Readonly<{
  format: 1
  features: Readonly<Record<F, FeatureDocument<NoInfer<C>>>>
  tiers: Readonly<Record<T, TierDocument<NoInfer<F>, NoInfer<T>>>>
  compliance?: Readonly<Record<C, ComplianceDocument>>
  risk?: RiskDocument
  license?: LicenseDocument<NoInfer<T>>
  enrollment?: EnrollmentDocument
}>

/**
 * A checked policy: deeply frozen, and the only thing that `decide` takes.
 *
 * `F` and `T` are the names of its features and tiers, so that a typo in an application is a type error.
 */
export type Policy<F extends string = string, T extends string = string> = Readonly<{
  /** base64url SHA-256 of the RFC 8785 JSON of the document: the same rules have the same digest. */
  digest: string
  /** In the order of the document. */
  features: readonly F[]
  /** In the order of the document. */
  tiers: readonly T[]
  document: PolicyDocument<F, T>
}>

/** The names of the features of a policy type: `FeatureOf<typeof policy>`. */
export type FeatureOf<P> = P extends Readonly<{ features: readonly (infer F extends string)[] }> ? F : never

/** The names of the tiers of a policy type: `TierOf<typeof policy>`. */
export type TierOf<P> = P extends Readonly<{ tiers: readonly (infer T extends string)[] }> ? T : never

import { isLevel, type Level } from './level.ts'
import { isCount, isObject, isTexts } from './lib/shape.ts'
import { isMethod, type Method } from './method.ts'

/** What must be proven for a feature, now. */
export type Requirement = Readonly<{
  level: Level
  /** How old the proof may be, in seconds. Without it any age will do. */
  maxAgeSeconds?: number
  /** The proof must be newer than this instant, in seconds since the epoch. */
  provenAfter?: number
  /** Only these methods count. Without it every method that reaches the level does. */
  methods?: readonly Method[]
  /** The operation parameters that the proof must be bound to. */
  bind?: readonly string[]
}>

/** The newest proof per (method, level); `login` is the primary login as the issuer's acrMap counts it. */
export type Proof = Readonly<{
  method: Method | 'login'
  level: Level
  /** Authentication method references (RFC 8176). */
  amr: readonly string[]
  /** When the ceremony was completed, in seconds since the epoch. */
  authTime: number
  /**
   * Its authenticator is new: until then it counts as no more than `mfa` for features with `bind` or `compliance`. Seconds since the epoch.
   */
  settlesAt?: number
}>

/** Everything a subject has proven in one session on one device. */
export type Assurance = Readonly<{
  proofs: readonly Proof[]
  /** The operation that the proofs were given for, if they were given for one. */
  operation?: Readonly<{ feature: string; digest: string }>
}>

/** How much a proof of the future may lie ahead, in seconds, before it is ignored: clocks of two machines differ. */
export const CLOCK_SKEW_SECONDS = 30

/**
 * Reads a requirement from outside, member by member; `undefined` if any of it is not understood: half a requirement would be a weaker
 * one. Members of later versions are ignored. Never throws.
 */
export function parseRequirement(value: unknown): Requirement | undefined {
  if (!isObject(value)) return undefined
  const { level, maxAgeSeconds, provenAfter, methods, bind } = value
  if (!isLevel(level)) return undefined
  if (maxAgeSeconds !== undefined && !isCount(maxAgeSeconds)) return undefined
  if (provenAfter !== undefined && !isCount(provenAfter)) return undefined
  if (methods !== undefined && !(Array.isArray(methods) && methods.every(isMethod))) return undefined
  if (bind !== undefined && !isTexts(bind)) return undefined
  return {
    level,
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
    ...(provenAfter !== undefined && { provenAfter }),
    ...(methods && { methods: [...methods] }),
    ...(bind && { bind: [...bind] }),
  }
}

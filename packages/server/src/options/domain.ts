import type { Policy } from '@stile/policy'
import type { Mail } from '../messages/message.ts'
import type { ServiceSealer } from '../secrets/seal.ts'
import type { Store } from '../stores/store.ts'
import type { InTurn } from './in-turn.ts'
import type { Options } from './options.ts'

/** The policy in force. */
export type PublishedPolicy = Readonly<{ policy: Policy; revision: number; digest: string }>

/**
 * What the floor of facts gets passed in: what is configured and remembered. No function of the domain reads a clock, randomness, the
 * network or a global by itself, and each asks for no more than it needs.
 */
export type FactsDomain = Readonly<{
  options: Options
  store: Store
  /** Whole seconds since the epoch. */
  now: () => number
  /** Cryptographically strong random bytes. */
  random: (bytes: number) => Uint8Array
  sealer: ServiceSealer
  /** Has answers to the same step-up, enrolment or recovery judged one after the other. */
  inTurn: InTurn
  /** Absent if the operator has configured none: then no codes and notices are sent. */
  mail?: Mail
  /** Throws `policy_unavailable` if none is loaded. */
  policy: () => PublishedPolicy
}>

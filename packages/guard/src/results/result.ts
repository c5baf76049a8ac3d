import type { AssuranceClaims, Decision, Problem } from '@stile/protocol'

/** A request that may go on. */
export type GuardPass<F extends string = string> = Readonly<{
  ok: true
  /** `permit`, or what would have been refused if the policy and the guard did not both say `observe`. */
  decision: Decision<F>
  /** The claims of the assurance token that was verified; absent if the feature needs no more than the session. */
  claims?: AssuranceClaims
  /** What must be added to the answer: a newer `DPoP-Nonce`, if the guard asks for nonces and that of the proof is getting old. */
  headers?: Readonly<Record<string, string>>
}>

/** A request that was refused, as the answer to send: `problem` is its JSON body. */
export type GuardRefusal = Readonly<{
  ok: false
  status: number
  /** Content-Type and Cache-Control are among them. */
  headers: Readonly<Record<string, string>>
  problem: Problem
}>

/** What the guard says about one request and one feature. */
export type GuardResult<F extends string = string> = GuardPass<F> | GuardRefusal

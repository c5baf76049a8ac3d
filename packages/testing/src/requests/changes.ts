import { type Authenticator, canonicalJson, type Operation } from '@stile/protocol'
import type { Clock } from '../world/clock.ts'

/** How long the proof of a change counts, in seconds. */
const FRESH_SECONDS = 300

/** What is to be changed: the operation that its proof is for. */
export type Change = Readonly<{ change: string } & Record<string, string>>

/** What a proof of a change was. */
export type Proven = Authenticator['boundBy']

/** Operations that were begun, and those that have their proof. */
export type Changes = Readonly<{
  /** The operation of a change, to be proven; asked for again, the same. */
  begin: (change: Change) => Operation
  /** The one that is named, or the one that was begun last. */
  find: (named: unknown) => Operation | undefined
  prove: (operation: Operation, by: Proven) => void
  /** What has proven a change, no longer than five minutes ago. */
  provenBy: (change: Change) => Proven | undefined
  use: (change: Change) => void
}>

/** Creates what remembers changes: a proof is for one of them, for five minutes, and once. */
export function createChanges(clock: Clock): Changes {
  const begun = new Map<string, Operation>()
  const proven = new Map<string, Readonly<{ at: number; by: Proven }>>()
  const keyOf = (change: Operation) => canonicalJson(change)
  return {
    begin: (change) => {
      begun.delete(keyOf(change))
      begun.set(keyOf(change), change)
      return change
    },
    find: (named) =>
      named === undefined ? [...begun.values()].filter((each) => !proven.has(keyOf(each))).at(-1) : begun.get(canonicalJson(named)),
    prove: (operation, by) => proven.set(keyOf(operation), { at: clock.now(), by }),
    provenBy: (change) => {
      const found = proven.get(keyOf(change))
      return found && clock.now() - found.at <= FRESH_SECONDS ? found.by : undefined
    },
    use: (change) => {
      proven.delete(keyOf(change))
      begun.delete(keyOf(change))
    },
  }
}

import { type Level, rank } from '@stile/protocol'
import type { Standing } from '../standing/standing.ts'
import type { AuthenticatorRecord } from '../stores/store.ts'

/** How long after a recovery what it let in may not remove what was there before, in seconds: so long its owner has to object. */
export const OBJECTION_SECONDS = 86_400

/** A removal: what is removed, and all that the subject has enrolled. */
export type Removal = Readonly<{
  target: AuthenticatorRecord
  enrolled: readonly (AuthenticatorRecord & Readonly<{ disabled?: true }>)[]
  now: number
}>

/** The removal of something by a subject; `undefined` if it is not enrolled. */
export function removalOf({ authenticators: enrolled, now }: Standing, id: unknown): Removal | undefined {
  const target = enrolled.find((each) => each.id === id)
  return target && { target, enrolled, now }
}

/**
 * What the recovery that let something in means for a removal by it. `ordinary`: nothing, so that the strongest enrolled is asked for.
 * `allowed`: it may remove this, even if that is stronger. `too_soon` and `objected`: it may not, however strong it is.
 */
export type RemovalRule = 'ordinary' | 'allowed' | RemovalRefusal

/** Why something may not remove this. */
export type RemovalRefusal = 'too_soon' | 'objected'

/** Whether a rule forbids the removal. */
export function isRefusal(rule: RemovalRule | undefined): rule is RemovalRefusal {
  return rule === 'too_soon' || rule === 'objected'
}

/**
 * A recovery lets somebody in who has lost what they had, or who has found a code. So what it let in, and what that let in, removes nothing
 * that was there before until its owner, who was told, has had a day to object: by proving with any of it. Then it may remove all
 * of it, because none was used since.
 */
export function removalRule(by: AuthenticatorRecord, { target, enrolled, now }: Removal): RemovalRule {
  const { recovery } = by
  if (recovery === undefined) return 'ordinary'
  const isOlder = ({ recovery: other }: AuthenticatorRecord): boolean => other === undefined || other.at < recovery.at
  if (!isOlder(target)) return 'ordinary'
  if (enrolled.some((each) => isOlder(each) && each.lastUsedAt !== undefined && each.lastUsedAt >= recovery.at)) return 'objected'
  if (now < recovery.at + OBJECTION_SECONDS) return 'too_soon'
  return recovery.told ? 'allowed' : 'ordinary'
}

/** The level that a removal asks for if something is allowed it by its recovery: the strongest of that. */
export function removalLevel(removal: Removal): Level | undefined {
  const allowed = removal.enrolled.filter((each) => !each.disabled && removalRule(each, removal) === 'allowed')
  return allowed.map(({ level }) => level).toSorted((a, b) => rank(b) - rank(a))[0]
}

/** What to do if the proof came of something that may not remove this. */
export function removalRefusal(rule: RemovalRefusal, help: string): string {
  return rule === 'too_soon'
    ? `What was added after a recovery removes what you had before only 24 hours after it. Confirm with something older, or ask ${help}.`
    : `Something older than the recovery has been used since. Confirm with that, or ask ${help}.`
}

import { ASSURANCE_MAX_SECONDS, type AssuranceClaims, CLOCK_SKEW_SECONDS } from '@stile/protocol'
import { TOKEN_LEEWAY_SECONDS } from './token.ts'

/** What was revoked: everything that was issued at `before` or earlier and belongs to all of the named ones. */
export type Revocation = Readonly<{ sid?: string; account?: string; subject?: string; before: number }>

/** Which tokens were revoked, for as long as they could still be used. */
export type Revocations = Readonly<{
  add(revocation: Revocation): void
  /** Refuses every token that was issued before this instant: the log of revocations is known only from there on. */
  raise(instant: number): void
  isRevoked(claims: AssuranceClaims): boolean
}>

/** How many are remembered one by one; what is more refuses every token issued so far, which clients renew without a prompt. */
const MAX_REVOCATIONS = 10_000
/** Longer than a token is taken after it was issued, even if the clock is set back in between. */
const KEPT_SECONDS = ASSURANCE_MAX_SECONDS + TOKEN_LEEWAY_SECONDS + CLOCK_SKEW_SECONDS

const SWEEP_SECONDS = 10

/** Makes the memory of revocations. A revocation is forgotten once every token that it refuses has expired. */
export function createRevocations({ now }: Readonly<{ now: () => number }>): Revocations {
  // under the most telling name of each, so that a token is looked up three times however many there are
  const groups = new Map<string, Revocation[]>()
  let size = 0
  let bar = Number.NEGATIVE_INFINITY
  let sweptAt = Number.NEGATIVE_INFINITY

  const sweep = (): void => {
    if (now() - sweptAt < SWEEP_SECONDS) return
    sweptAt = now()
    size = 0
    for (const [name, group] of groups) {
      const kept = group.filter(({ before }) => before + KEPT_SECONDS >= now())
      if (kept.length === 0) groups.delete(name)
      else groups.set(name, kept)
      size += kept.length
    }
  }

  return {
    add(revocation) {
      const { sid, account, subject, before } = revocation
      sweep()
      const name = groupOf(sid, subject, account)
      // naming nobody revokes everybody
      if (name === undefined || size >= MAX_REVOCATIONS) {
        bar = Math.max(bar, before + 1)
        for (const group of groups.values()) for (const each of group) bar = Math.max(bar, each.before + 1)
        groups.clear()
        size = 0
        return
      }
      const group = groups.get(name)
      if (group === undefined) groups.set(name, [revocation])
      else group.push(revocation)
      size += 1
    },
    raise(instant) {
      bar = Math.max(bar, instant)
    },
    isRevoked({ iat, sid, account, sub }) {
      if (iat < bar) return true
      if (size === 0) return false
      const matches = (each: Revocation): boolean =>
        iat <= each.before &&
        (each.sid === undefined || each.sid === sid) &&
        (each.account === undefined || each.account === account) &&
        (each.subject === undefined || each.subject === sub)
      return [groupOf(sid), groupOf(undefined, sub), groupOf(undefined, undefined, account)].some(
        (name) => name !== undefined && groups.get(name)?.some(matches),
      )
    },
  }
}

function groupOf(sid?: string, subject?: string, account?: string): string | undefined {
  if (sid !== undefined) return `sid ${sid}`
  if (subject !== undefined) return `subject ${subject}`
  return account === undefined ? undefined : `account ${account}`
}

import { ASSURANCE_MAX_SECONDS, type AssuranceClaims, CLOCK_SKEW_SECONDS } from '@stile/protocol'
import { sha256Base64url } from '@stile/protocol/node'
import type { Usage } from '../lib/budgeted-map.ts'
import { DEFAULT_BUDGETS } from '../options/memory.ts'
import { TOKEN_LEEWAY_SECONDS } from './token.ts'

/** What was revoked: everything that was issued at `before` or earlier and belongs to all of the named ones. */
export type Revocation = Readonly<{ sid?: string; account?: string; subject?: string; before: number }>

/** Which tokens were revoked, for as long as they could still be used. */
export type Revocations = Readonly<{
  add(revocation: Revocation): void
  /** Refuses every token that was issued before this instant: the log of revocations is known only from there on. */
  raise(instant: number): void
  isRevoked(claims: AssuranceClaims): boolean
  /** `evictions` counts what was folded into one entry for a subject, or into the instant that ends everybody's tokens. */
  usage(): Usage
}>

/** What one takes, whatever its names are: longer ones are kept as a hash. */
const REVOCATION_BYTES = 440
const LONGEST_NAME = 64
/** How many one subject may have: what is more ends everything that was issued to that subject so far, and nobody else's. */
const MAX_PER_SUBJECT = 100
/** Longer than a token is taken after it was issued, even if the clock is set back in between. */
const KEPT_SECONDS = ASSURANCE_MAX_SECONDS + TOKEN_LEEWAY_SECONDS + CLOCK_SKEW_SECONDS

const SWEEP_SECONDS = 10

/** What ended: the instant by the session, the account or both that it is about. */
type Ends = Map<string, number>
/** What ended of one subject: `all` of it until that instant, and single sessions and accounts. */
type OfSubject = { all: number; ends?: Ends }

/** What the memory is made of; `max` is how many are remembered one by one, and `revocationsIn` tells how many fit into a number of bytes. */
export type RevocationsOptions = Readonly<{ now: () => number; max?: number }>

/** How many revocations fit into so much memory. */
export function revocationsIn(bytes: number): number {
  return Math.max(1, Math.floor(bytes / REVOCATION_BYTES))
}

/**
 * Makes the memory of revocations. A revocation is forgotten once every token that it refuses has expired.
 *
 * When it is full, the subjects with the most entries get one for all of theirs. Only if that makes no room, the oldest quarter becomes an
 * instant before which nobody's token counts; clients renew theirs without a prompt.
 */
export function createRevocations({ now, max = revocationsIn(DEFAULT_BUDGETS.revocations) }: RevocationsOptions): Revocations {
  const subjects = new Map<string, OfSubject>()
  // of those that name no subject
  const others: Ends = new Map()
  let size = 0
  let evictions = 0
  let bar = Number.NEGATIVE_INFINITY
  let sweptAt = Number.NEGATIVE_INFINITY

  const isOver = (before: number): boolean => before + KEPT_SECONDS < now()
  const count = (): void => {
    size = others.size
    for (const of of subjects.values()) size += sizeOf(of)
  }

  const sweep = (): void => {
    if (now() - sweptAt < SWEEP_SECONDS) return
    sweptAt = now()
    for (const [name, before] of others) if (isOver(before)) others.delete(name)
    for (const [subject, of] of subjects) {
      for (const [name, before] of of.ends ?? []) if (isOver(before)) of.ends?.delete(name)
      if (of.ends?.size === 0) delete of.ends
      if (of.ends === undefined && isOver(of.all)) subjects.delete(subject)
    }
    count()
  }

  const fold = (of: OfSubject): void => {
    evictions += of.ends?.size ?? 0
    for (const before of of.ends?.values() ?? []) of.all = Math.max(of.all, before)
    delete of.ends
  }

  const makeRoom = (): void => {
    const enough = Math.floor((max * 3) / 4)
    const folding = [...subjects.values()].filter(({ ends }) => (ends?.size ?? 0) > 1)
    for (const of of folding.sort((one, other) => sizeOf(other) - sizeOf(one))) {
      if (size <= enough) return
      size -= sizeOf(of) - 1
      fold(of)
    }
    if (size < max) return
    // the Maps are in the order in which they were told, which is that of time
    for (const [name, before] of others) {
      if (size <= enough) return
      bar = Math.max(bar, before + 1)
      others.delete(name)
      evictions += 1
      size -= 1
    }
    for (const [subject, of] of subjects) {
      if (size <= enough) return
      size -= sizeOf(of)
      fold(of)
      bar = Math.max(bar, of.all + 1)
      subjects.delete(subject)
      evictions += 1
    }
  }

  const addTo = (ends: Ends, name: string, before: number): void => {
    const known = ends.get(name)
    ends.delete(name)
    ends.set(name, Math.max(before, known ?? before))
  }

  const addToSubject = (subject: string, name: string | undefined, before: number): void => {
    const of: OfSubject = subjects.get(subject) ?? { all: Number.NEGATIVE_INFINITY }
    subjects.delete(subject)
    subjects.set(subject, of)
    if (name === undefined) of.all = Math.max(of.all, before)
    else {
      of.ends ??= new Map()
      addTo(of.ends, name, before)
      if (of.ends.size > MAX_PER_SUBJECT) fold(of)
    }
  }

  return {
    add({ sid, account, subject: named, before }) {
      sweep()
      const subject = named === undefined ? undefined : shortened(named)
      const name = nameOf(sid, account)
      if (subject !== undefined) {
        const former = subjects.get(subject)
        size -= former === undefined ? 0 : sizeOf(former)
        addToSubject(subject, name, before)
        size += sizeOf(subjects.get(subject))
      } else if (name !== undefined) {
        size -= others.size
        addTo(others, name, before)
        size += others.size
      }
      // naming nobody revokes everybody
      else bar = Math.max(bar, before + 1)
      if (size > max) makeRoom()
    },
    raise(instant) {
      bar = Math.max(bar, instant)
    },
    isRevoked({ iat, sid, account, sub }) {
      if (iat < bar) return true
      if (size === 0) return false
      const of = subjects.get(shortened(sub))
      if (of !== undefined && (iat <= of.all || (of.ends !== undefined && isIn(of.ends, { iat, sid, account })))) return true
      return others.size > 0 && isIn(others, { iat, sid, account })
    },
    usage: () => ({ bytes: size * REVOCATION_BYTES, entries: size, evictions }),
  }
}

/** Whether a token was issued at the end of its session or account, or earlier. */
function isIn(ends: Ends, { iat, sid, account }: Pick<AssuranceClaims, 'iat' | 'sid' | 'account'>): boolean {
  const at = (name: string | undefined): boolean => name !== undefined && iat <= (ends.get(name) ?? Number.NEGATIVE_INFINITY)
  return at(nameOf(sid)) || at(nameOf(undefined, account)) || at(nameOf(sid, account))
}

/** How much one subject takes. */
function sizeOf(of: OfSubject | undefined): number {
  return of === undefined ? 0 : Math.max(1, of.ends?.size ?? 0)
}

/** Session and account as one name that no other pair has. */
function nameOf(sid?: string, account?: string): string | undefined {
  if (sid === undefined) return account === undefined ? undefined : shortened(`account ${account}`)
  return shortened(account === undefined ? `sid ${sid}` : `both ${sid.length} ${sid} ${account}`)
}

function shortened(name: string): string {
  return name.length > LONGEST_NAME ? `sha256 ${sha256Base64url(name)}` : name
}

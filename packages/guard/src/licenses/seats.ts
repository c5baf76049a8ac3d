import type { License } from '@stile/protocol'
import { createBudgetedMap, type Usage } from '../lib/budgeted-map.ts'

/**
 * What is known of one member of an account: the license that the account has, or `null` for a member who has none of it. `filledAt` is when
 * the service was asked about this member, or an earlier time.
 */
export type Seat = Readonly<{ account: string; license: License | null; cursor: number; filledAt: number }>

/** An answer of the service about one member. */
export type Answer = Readonly<{ license: License | null; cursor: number }>

/** The licenses of accounts, and which of their members have one. A change costs what its account or subject has, not what all have. */
export type Seats = Readonly<{
  /** What is known of a member, who counts as seen now. */
  find(account: string, subject: string): Seat | undefined
  /**
   * Keeps an answer about a member. The license in it is the account's, unless a newer one is known. While the feed is silent the answer
   * says nothing of the other members, so the member gets a time of its own.
   */
  keep(account: string, subject: string, answer: Answer, isSilent?: boolean): void
  /** The account has another license as of this place in the log: members who had none of the former one are asked for again. */
  change(account: string, answer: Answer): void
  /** Forgets members: of an account, of any account with this subject, or that subject of that account. */
  forget(who: Readonly<{ account?: string | undefined; subject?: string | undefined }>): void
  clear(): void
  /** `entries` are subjects. */
  usage(): Usage & Readonly<{ accounts: number }>
}>

/** An account, which is at the same time the seat of all its members who have one: so a member costs one reference. */
type Account = {
  readonly account: string
  license: License | null
  cursor: number
  filledAt: number
  /** How many subjects refer to it, whatever they have of it. */
  members: number
  isForgotten: boolean
  /** The seat of all who have none. A member who refers to a former one is asked for again. */
  none: Without | undefined
}
type Without = { readonly account: string; readonly license: null; cursor: number; filledAt: number; readonly of: Account }
type Shared = Account | Without
/** A seat with the time of one member, which took the place of the shared one. */
type Timed = { readonly seat: Shared; readonly filledAt: number }
type Known = Shared | Timed

// measured with bench/growth.bench.ts, rounded up
const SUBJECT_BYTES = 80
const TIMED_BYTES = 56
const ACCOUNT_BYTES = 288
const FEATURE_BYTES = 40
const NO_FEATURES: readonly string[] = Object.freeze([])

/** Makes the memory of licenses and seats. */
export function createSeats({ maxBytes, now }: Readonly<{ maxBytes: number; now: () => number }>): Seats {
  const accounts = new Map<string, Account>()
  // nearly all subjects are members of one account
  const subjects = createBudgetedMap<string, Known | readonly Known[]>({
    maxBytes,
    sizeOf: (subject, known) => SUBJECT_BYTES + subject.length + bytesOf(known),
    onDrop: (_, known) => {
      for (const each of listOf(known)) leave(accountOf(each))
    },
  })

  const leave = (account: Account): void => {
    account.members -= 1
    if (account.members > 0) return
    forgetAccount(account)
    subjects.charge(-sizeOf(account))
  }
  /** Its members still refer to it, each until it is asked for again or forgotten; until then it is counted. */
  const forgetAccount = (account: Account): void => {
    account.isForgotten = true
    if (accounts.get(account.account) === account) accounts.delete(account.account)
  }
  const isCurrent = (known: Known): boolean => {
    const account = accountOf(known)
    const seat = sharedOf(known)
    return !account.isForgotten && (seat === account || seat === account.none)
  }

  const setLicense = (account: Account, { license, cursor }: Answer): void => {
    const before = sizeOf(account)
    account.license = compact(license)
    account.cursor = cursor
    subjects.charge(sizeOf(account) - before)
  }

  const accountFor = (name: string, answer: Answer): Account => {
    const known = accounts.get(name)
    if (known !== undefined && answer.license === null) return known
    if (known !== undefined && known.license !== null) {
      if (isNewer(answer, known)) setLicense(known, answer)
      if (!known.isForgotten) return known
    }
    // members who were told that there is no license may lack a seat in the new one
    if (known !== undefined) forgetAccount(known)
    const { license, cursor } = answer
    const made: Account = {
      account: name,
      license: compact(license),
      cursor,
      filledAt: now(),
      members: 0,
      isForgotten: false,
      none: undefined,
    }
    accounts.set(name, made)
    return made
  }

  const withoutOf = (of: Account, { cursor }: Answer): Without => {
    const { account } = of
    of.none ??= { account, license: null, cursor, filledAt: now(), of }
    // the oldest answer counts, so that a later change reaches everybody who was answered before it
    of.none.cursor = Math.min(of.none.cursor, cursor)
    return of.none
  }

  return {
    find(account, subject) {
      const known = subjects.get(subject)
      if (known === undefined) return undefined
      const found = Array.isArray(known) ? (known as readonly Known[]).find((each) => sharedOf(each).account === account) : (known as Known)
      if (found === undefined || sharedOf(found).account !== account || !isCurrent(found)) return undefined
      return 'seat' in found ? { ...found.seat, filledAt: found.filledAt } : found
    },
    keep(name, subject, answer, isSilent = false) {
      const account = accountFor(name, answer)
      const seat = answer.license === null ? withoutOf(account, answer) : account
      const before = subjects.get(subject)
      const known = before === undefined ? [] : listOf(before)
      const others = known.filter((each) => sharedOf(each).account !== name && isCurrent(each))
      const isNew = account.members === 0
      // the time of the only member can be the shared one, which costs nothing
      const isOnly = isNew || (account.members === 1 && known.some((each) => accountOf(each) === account))
      if (isOnly) seat.filledAt = now()
      const own: Known = isOnly || !isSilent ? seat : { seat, filledAt: now() }
      // counted before the former ones leave, so that none of them is forgotten in between
      for (const each of [own, ...others]) accountOf(each).members += 1
      if (isNew) subjects.charge(sizeOf(account))
      subjects.set(subject, others.length === 0 ? own : [own, ...others])
    },
    change(name, answer) {
      const account = accounts.get(name)
      if (account === undefined) return
      if (account.none !== undefined && account.none.cursor < answer.cursor) account.none = undefined
      if (account.cursor >= answer.cursor) return
      if (account.license === null) forgetAccount(account)
      else setLicense(account, answer)
    },
    forget({ account: name, subject }) {
      if (subject === undefined) {
        const account = name === undefined ? undefined : accounts.get(name)
        if (account !== undefined) forgetAccount(account)
        return
      }
      const known = subjects.get(subject)
      if (known === undefined) return
      const left = name === undefined ? [] : listOf(known).filter((each) => sharedOf(each).account !== name)
      const [first, ...more] = left
      if (first === undefined) return subjects.delete(subject)
      for (const each of left) accountOf(each).members += 1
      subjects.set(subject, more.length === 0 ? first : left)
    },
    clear() {
      subjects.clear()
      accounts.clear()
    },
    usage: () => ({ ...subjects.usage(), accounts: accounts.size }),
  }
}

/** Most licenses add no feature to their tier: they share one empty list. */
function compact(license: License | null): License | null {
  return license === null || license.features.length > 0 ? license : { ...license, features: NO_FEATURES }
}

function sharedOf(known: Known): Shared {
  return 'seat' in known ? known.seat : known
}

function accountOf(known: Known): Account {
  const seat = sharedOf(known)
  return 'of' in seat ? seat.of : seat
}

function listOf(known: Known | readonly Known[]): readonly Known[] {
  return Array.isArray(known) ? (known as readonly Known[]) : [known as Known]
}

function bytesOf(known: Known | readonly Known[]): number {
  if (!Array.isArray(known)) return 'seat' in known ? TIMED_BYTES : 0
  return (known as readonly Known[]).reduce((sum, each) => sum + 8 + bytesOf(each), 16)
}

/** An answer at the same place in the log may have been made after the next change: then it has the higher epoch. */
function isNewer(answer: Answer, known: Answer): boolean {
  if (answer.cursor !== known.cursor) return answer.cursor > known.cursor
  return (answer.license?.epoch ?? -1) >= (known.license?.epoch ?? -1)
}

function sizeOf({ account, license }: Account): number {
  if (license === null) return ACCOUNT_BYTES + account.length
  const features = license.features.reduce((sum, each) => sum + FEATURE_BYTES + each.length, 0)
  return ACCOUNT_BYTES + account.length + license.id.length + license.tier.length + features
}

import type { License } from '@stile/protocol'
import { createBoundedMap } from '../lib/bounded-map.ts'

/** The effective license of one subject in one account, as of a place in the service's log. */
export type Snapshot = Readonly<{ account: string; subject: string; license: License | null; cursor: number; filledAt: number }>

/** Which snapshots are meant; both if both are given, all if neither is. */
export type Whose = Readonly<{ account?: string | undefined; subject?: string | undefined }>

/** The snapshots that are remembered. To find those of a subject or an account costs what these have, not what all have. */
export type Snapshots = Readonly<{
  /** The snapshot, which counts as used now. */
  get(key: string): Snapshot | undefined
  set(key: string, snapshot: Snapshot): void
  delete(key: string): void
  clear(): void
  of(whose: Whose): [key: string, snapshot: Snapshot][]
}>

/** Makes a memory of at most `max` snapshots. */
export function createSnapshots(max: number): Snapshots {
  const subjects = new Map<string, Set<string>>()
  const accounts = new Map<string, Set<string>>()
  const snapshots = createBoundedMap<string, Snapshot>(max, (key, { account, subject }) => {
    unlist(subjects, subject, key)
    unlist(accounts, account, key)
  })

  const keysOf = ({ account, subject }: Whose): Iterable<string> => {
    if (subject !== undefined) return subjects.get(subject) ?? []
    return (account === undefined ? undefined : accounts.get(account)) ?? []
  }

  return {
    get: snapshots.get,
    delete: snapshots.delete,
    clear: snapshots.clear,
    set(key, snapshot) {
      snapshots.set(key, snapshot)
      list(subjects, snapshot.subject, key)
      list(accounts, snapshot.account, key)
    },
    of(whose) {
      if (whose.account === undefined && whose.subject === undefined) return [...snapshots.entries()]
      const found: [string, Snapshot][] = []
      for (const key of keysOf(whose)) {
        const snapshot = snapshots.peek(key)
        if (snapshot !== undefined && (whose.account === undefined || snapshot.account === whose.account)) found.push([key, snapshot])
      }
      return found
    },
  }
}

function list(index: Map<string, Set<string>>, name: string, key: string): void {
  const keys = index.get(name)
  if (keys === undefined) index.set(name, new Set([key]))
  else keys.add(key)
}

function unlist(index: Map<string, Set<string>>, name: string, key: string): void {
  const keys = index.get(name)
  keys?.delete(key)
  if (keys?.size === 0) index.delete(name)
}

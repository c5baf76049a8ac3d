import type { FactsDomain } from '../options/domain.ts'
import type { Change } from '../stores/store.ts'

/** The change log as it grows. */
export type ChangeStream = Readonly<{
  /** Begins to follow the log from its present end. Throws if the store cannot be read. */
  start(): Promise<void>
  /** Calls the listener with every batch of new changes, oldest first; answers how to stop. */
  subscribe(listener: (changes: readonly Change[]) => void): () => void
  /** Reads what is new now; resolves with the newest cursor when all changes up to it were handed to the listeners. */
  sync(): Promise<number>
  /** The newest cursor that was handed to the listeners. */
  cursor(): number
  close(): void
}>

/** How often the log is read even without a call: nothing else tells this process of changes that another one makes. */
const POLL_MILLISECONDS = 500

/** How many changes are read at once. */
const PAGE = 500

/**
 * Follows the change log with a single reader, for any number of listeners.
 *
 * A commit in this process wakes it at once; commits of other processes are seen within half a second. While the store fails it keeps
 * its place and tries again.
 */
export function createChangeStream({ store }: Pick<FactsDomain, 'store'>, pollMilliseconds: number = POLL_MILLISECONDS): ChangeStream {
  const listeners = new Set<(changes: readonly Change[]) => void>()
  let cursor = 0
  let stop: (() => void) | undefined
  let timer: NodeJS.Timeout | undefined
  let reading: Promise<number> | undefined
  let next: Promise<number> | undefined

  const read = async (): Promise<number> => {
    for (;;) {
      const page = await store.changes.after({ cursor, limit: PAGE })
      const last = page.at(-1)
      if (last === undefined) return cursor
      cursor = last.cursor
      for (const listener of [...listeners]) listener(page)
      if (page.length < PAGE) return cursor
    }
  }

  // a call while a read is under way may have come after that read looked: it waits for one more, shared by all who wait
  const sync = (): Promise<number> => {
    if (reading === undefined) {
      reading = read().finally(() => {
        reading = undefined
      })
      return reading
    }
    next ??= reading
      .catch(() => 0)
      .then(() => {
        next = undefined
        return sync()
      })
    return next
  }

  const wake = (): void => {
    sync().catch(() => {
      // the next poll tries again; callers that need to know that the store fails call sync themselves
    })
  }

  return {
    async start() {
      cursor = await store.changes.head()
      stop = store.changes.watch(wake)
      timer = setInterval(wake, pollMilliseconds)
      timer.unref()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    sync,
    cursor: () => cursor,
    close() {
      stop?.()
      clearInterval(timer)
      listeners.clear()
    },
  }
}

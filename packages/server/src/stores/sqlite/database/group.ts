import type { DatabaseSync } from 'node:sqlite'

/** SQLITE_BUSY: another process is writing. */
const BUSY = 5
/** How often a group tries to begin while another process writes: with the busy timeout of the database, for about five seconds. */
const BUSY_TRIES = 50
const BUSY_PAUSE_MS = 5
/** For how many turns of the event loop a group waits for more writes, if each brings some: a flush to the disk takes as long as several. */
const MOST_TURNS = 8

type Entry = Readonly<{ verb: () => unknown; resolve: (value: never) => void; reject: (error: unknown) => void }>

/** Runs verbs on one database: reads at once, writes in groups. */
export interface Group {
  /** Runs a verb that only reads. It sees everything that was committed. */
  read<T>(verb: () => T): Promise<T>
  /** Runs a verb that may write, in a transaction. Resolves after the commit. */
  write<T>(verb: () => T): Promise<T>
  /**
   * Runs a verb in a transaction of its own that is not flushed to the disk: a power cut may undo it, whole, and nothing that was written before it.
   * For work that is done again if it was lost. Rejects if it throws, and nothing of it has happened.
   */
  writeUnflushed<T>(verb: () => T): Promise<T>
  /** Finishes the writes that wait and refuses later verbs. */
  close(): Promise<void>
}

/**
 * Commits the writes that come one upon another as one group: one disk flush for all of them.
 *
 * A verb that throws undoes itself and leaves its neighbours: the group is then undone and run once more, each verb in a savepoint of its
 * own, so that the usual group pays for none. A verb must therefore change nothing but the database. If the commit fails, or SQLite
 * gives the transaction up (a full disk), every verb of the group rejects and none has happened.
 *
 * @param committed  called after each commit and before its verbs resolve; must not throw
 */
export function createGroup({ database, committed }: Readonly<{ database: DatabaseSync; committed: () => void }>): Group {
  const begin = database.prepare('BEGIN IMMEDIATE')
  const savepoint = database.prepare('SAVEPOINT verb')
  const release = database.prepare('RELEASE verb')
  const undo = database.prepare('ROLLBACK TO verb')
  const commit = database.prepare('COMMIT')
  const rollback = database.prepare('ROLLBACK')

  let waiting: Entry[] = []
  let scheduled = false
  let tries = 0
  let closed = false
  let drained: (() => void) | undefined

  /** Waits for as long as each turn of the event loop brings more writes: without load, for two turns. */
  function gather(turns: number): void {
    const before = waiting.length
    setImmediate(() => {
      if (turns > 0 && (waiting.length === before || turns === MOST_TURNS)) flush()
      else gather(turns + 1)
    })
  }

  function flush(): void {
    scheduled = false
    if (!started()) return
    const group = waiting
    waiting = []
    let settle: (() => void)[]
    try {
      settle = together(group) ?? group.map(perform)
      commit.run()
    } catch (error) {
      abandon(group, error)
      return
    }
    committed()
    for (const each of settle) each()
    drained?.()
  }

  /** Begins the transaction; if another process writes, comes back later with whatever has joined by then. */
  function started(): boolean {
    try {
      begin.run()
      tries = 0
      return true
    } catch (error) {
      if (isBusy(error) && tries < BUSY_TRIES) {
        tries += 1
        scheduled = true
        setTimeout(flush, BUSY_PAUSE_MS)
        return false
      }
      tries = 0
      const group = waiting
      waiting = []
      abandon(group, error)
      return false
    }
  }

  /** Runs all verbs in one savepoint; `undefined`, and nothing has happened, if one of them throws. */
  function together(group: readonly Entry[]): (() => void)[] | undefined {
    savepoint.run()
    try {
      const settle = group.map(({ verb, resolve }) => {
        const value = verb()
        return () => resolve(value as never)
      })
      release.run()
      return settle
    } catch (error) {
      if (!database.isTransaction) throw error
      undo.run()
      release.run()
      return undefined
    }
  }

  /** Runs one verb in its savepoint; answers how to settle it after the commit. Throws if the transaction is lost. */
  function perform({ verb, resolve, reject }: Entry): () => void {
    savepoint.run()
    try {
      const value = verb()
      release.run()
      return () => resolve(value as never)
    } catch (error) {
      if (!database.isTransaction) throw error
      undo.run()
      release.run()
      return () => reject(error)
    }
  }

  /** Whether it was done; it was not if another process writes. */
  function unflushed(verb: () => void): boolean {
    // with a write-ahead log it leaves out the flush of a commit alone, which the flush of a later one covers; a prepared pragma sets nothing
    database.exec('PRAGMA synchronous = NORMAL')
    try {
      begin.run()
      verb()
      commit.run()
      return true
    } catch (error) {
      if (database.isTransaction) rollback.run()
      else if (isBusy(error)) return false
      throw error
    } finally {
      database.exec('PRAGMA synchronous = FULL')
    }
  }

  function abandon(group: readonly Entry[], error: unknown): void {
    let reason = error
    try {
      if (database.isTransaction) rollback.run()
    } catch (failure) {
      reason = new AggregateError([error, failure], 'A group of writes failed, and so did undoing it. Nothing of it was committed.')
    }
    for (const { reject } of group) reject(reason)
    drained?.()
  }

  return {
    read: async (verb) => {
      if (closed) throw closedError()
      return verb()
    },
    write: <T>(verb: () => T) =>
      new Promise<T>((resolve, reject) => {
        if (closed) {
          reject(closedError())
          return
        }
        waiting.push({ verb, resolve, reject })
        if (scheduled) return
        scheduled = true
        gather(0)
      }),
    async writeUnflushed<T>(verb: () => T) {
      for (let attempt = 0; ; attempt += 1) {
        await new Promise((resolve) => (attempt === 0 ? setImmediate(resolve) : setTimeout(resolve, BUSY_PAUSE_MS)))
        if (closed) throw closedError()
        let value: T | undefined
        if (unflushed(() => (value = verb()))) {
          committed()
          return value as T
        }
        if (attempt === BUSY_TRIES) throw new Error('Another process writes to the store all the time.')
      }
    },
    close: async () => {
      closed = true
      if (waiting.length > 0) await new Promise<void>((resolve) => (drained = resolve))
    },
  }
}

function isBusy(error: unknown): boolean {
  // the low byte is the primary code: SQLITE_BUSY_RECOVERY and its like are busy too
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && (error.errcode & 0xff) === BUSY
}

function closedError(): Error {
  return new Error('The store is closed, so that nothing can be read or written. Close it only after the service has stopped.')
}

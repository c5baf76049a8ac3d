import type { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'

/** How many rows change before the log is copied back: about as many pages of it as the database would wait for by itself. */
const CHANGES = 2_000

/** Text and not a file: it is the same whether the package was built or not. A checkpoint that finds the log in use copies the rest next time. */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { DatabaseSync } = require('node:sqlite')
  const database = new DatabaseSync(workerData)
  const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  parentPort.on('message', (what) => {
    if (what === 'close') {
      database.close()
      parentPort.close()
      return
    }
    checkpoint.get()
    parentPort.postMessage('copied')
  })
`

/** Copies the write-ahead log back into the database, beside the event loop. */
export type Checkpoints = Readonly<{
  /** To be called after each commit; never throws. */
  committed: () => void
  /** Ends the thread. The database itself copies the rest when it is closed. */
  close: () => Promise<void>
}>

/**
 * Copies the write-ahead log back in a thread of its own, which is started when there is something to copy: no answer waits for
 * it. If that fails, the database copies by itself, later and on the event loop.
 */
export function createCheckpoints(database: DatabaseSync): Checkpoints {
  const path = database.location()
  if (path === null) return { committed: () => undefined, close: async () => undefined }
  const changes = database.prepare('SELECT total_changes() AS count')
  const copyRest = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  let copiedAt = 0
  let thread: Worker | undefined
  let state: 'idle' | 'copying' | 'ended' = 'idle'
  let ended: Promise<unknown> = Promise.resolve()

  function start(file: string): Worker {
    const started = new Worker(THREAD, { eval: true, workerData: file, execArgv: [] })
    started.unref()
    started.on('message', () => {
      if (state !== 'copying') return
      // the log begins again from its start only if all of it was copied, with what was written meanwhile; else it grows, and each flush takes longer
      try {
        copyRest.get()
        state = 'idle'
      } catch {
        state = 'ended'
      }
    })
    started.on('error', () => {
      state = 'ended'
    })
    ended = new Promise((resolve) => started.once('exit', resolve))
    return started
  }

  return {
    committed() {
      if (state !== 'idle') return
      const { count } = changes.get() as { count: number }
      if (count - copiedAt < CHANGES) return
      copiedAt = count
      state = 'copying'
      try {
        thread ??= start(path)
        thread.postMessage('copy')
      } catch {
        // a process may be forbidden to start threads
        state = 'ended'
      }
    },
    async close() {
      const isRunning = thread !== undefined && state !== 'ended'
      state = 'ended'
      if (!isRunning) return
      thread?.ref()
      thread?.postMessage('close')
      await ended
    },
  }
}

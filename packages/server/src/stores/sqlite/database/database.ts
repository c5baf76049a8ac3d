import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { migrate } from './migrations.ts'

/** How long opening waits for another process that opens or migrates the same file, in milliseconds. */
const OPEN_TIMEOUT_MS = 10_000
/** How long one statement blocks for another process's write, in milliseconds; the group tries again without blocking. */
const BUSY_TIMEOUT_MS = 100

/** How long the write-ahead log grows before it is copied back on the event loop, in pages of 4 KiB: only if no thread does it, see `checkpoints.ts`. */
const CHECKPOINT_PAGES = 16_000
/** How much of the database is kept in memory. */
const CACHE_KIB = 16_384

/**
 * Opens the database file, makes what is missing (directories 0700, file 0600) and migrates it.
 *
 * WAL with `synchronous=FULL`: what was committed survives a power cut. Readable by its owner alone, even if the file was not.
 */
export function openDatabase({ path, now }: Readonly<{ path: string; now: () => number }>): DatabaseSync {
  if (path !== ':memory:') prepareFile(path)
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true })
  try {
    database.exec(`PRAGMA busy_timeout = ${OPEN_TIMEOUT_MS}`)
    enterWal(database, path)
    database.exec('PRAGMA synchronous = FULL')
    database.exec('PRAGMA trusted_schema = OFF')
    // the log is copied back less often, so that what changes again and again is copied once
    database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}`)
    migrate(database, now)
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    return database
  } catch (error) {
    database.close()
    throw new Error(`The store cannot be opened at ${path}. ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function prepareFile(path: string): void {
  // an empty path or a URI would make a temporary database: everything would be lost at the end
  if (path === '' || path.startsWith('file:')) {
    throw new Error(`The path of the store is ${path === '' ? 'empty' : 'a URI'}. Name a file, for example ./data/stile.db.`)
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  // SQLite gives the -wal and -shm files the mode of the database
  closeSync(openSync(path, 'a', 0o600))
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600)
}

function enterWal(database: DatabaseSync, path: string): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode
  if (path !== ':memory:' && mode !== 'wal') {
    throw new Error(
      'Its file system does not allow SQLite a write-ahead log, as network file systems do not. Put the file on a local disk.',
    )
  }
}

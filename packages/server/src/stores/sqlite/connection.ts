import type { DatabaseSync } from 'node:sqlite'
import type { ChangeStore, NewChange, NewNotice, OutboxStore } from '../store.ts'
import { createChangeLog } from './changes.ts'
import { createCheckpoints } from './database/checkpoints.ts'
import { createGroup, type Group } from './database/group.ts'
import { createPrepare, type Prepare } from './database/statements.ts'
import { createOutbox } from './outbox.ts'

/** What every part of the driver gets. */
export type Connection = Readonly<{
  prepare: Prepare
  read: Group['read']
  write: Group['write']
  writeUnflushed: Group['writeUnflushed']
  /** Appends a change; to be called within a write, so that both are committed or neither. */
  append: (change: NewChange) => void
  /** Puts notices into the outbox; to be called within a write, so that both are committed or neither. */
  enqueue: (notices?: readonly NewNotice[]) => void
  changes: ChangeStore
  outbox: OutboxStore
  close: () => Promise<void>
}>

/** Ties statements, group commit and change log of one open database together. */
export function createConnection(database: DatabaseSync): Connection {
  const prepare = createPrepare(database)
  const checkpoints = createCheckpoints(database)
  const group = createGroup({
    database,
    committed() {
      checkpoints.committed()
      log.announce()
    },
  })
  const log = createChangeLog({ database, prepare, read: group.read })
  const outbox = createOutbox({ prepare, read: group.read, write: group.write })
  return {
    prepare,
    read: group.read,
    write: group.write,
    writeUnflushed: group.writeUnflushed,
    append: log.append,
    enqueue: outbox.enqueue,
    changes: log.store,
    outbox: outbox.store,
    close: async () => {
      await group.close()
      log.stop()
      await checkpoints.close()
      if (database.isOpen) database.close()
    },
  }
}

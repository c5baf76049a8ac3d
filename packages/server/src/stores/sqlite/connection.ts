import type { DatabaseSync } from 'node:sqlite'
import type { ChangeStore, NewChange } from '../store.ts'
import { createChangeLog } from './changes.ts'
import { createGroup, type Group } from './group.ts'
import { createPrepare, type Prepare } from './statements.ts'

/** What every part of the driver gets. */
export type Connection = Readonly<{
  prepare: Prepare
  read: Group['read']
  write: Group['write']
  /** Appends a change; to be called within a write, so that both are committed or neither. */
  append: (change: NewChange) => void
  changes: ChangeStore
  close: () => Promise<void>
}>

/** Ties statements, group commit and change log of one open database together. */
export function createConnection(database: DatabaseSync): Connection {
  const prepare = createPrepare(database)
  const group = createGroup({ database, committed: () => log.announce() })
  const log = createChangeLog({ database, prepare, read: group.read })
  return {
    prepare,
    read: group.read,
    write: group.write,
    append: log.append,
    changes: log.store,
    close: async () => {
      await group.close()
      log.stop()
      if (database.isOpen) database.close()
    },
  }
}

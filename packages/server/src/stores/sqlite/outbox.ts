import type { ClaimedNotice, NewNotice, NoticeKind, OutboxStore } from '../store.ts'
import type { Group } from './database/group.ts'
import type { Tables } from './database/schema.ts'
import type { Parameter, Prepare } from './database/statements.ts'

/** The outbox, and how other verbs put notices into it. */
export type Outbox = Readonly<{
  store: OutboxStore
  /** Puts notices into the outbox; to be called within a write, so that both are committed or neither. */
  enqueue: (notices?: readonly NewNotice[]) => void
}>

/** Keeps notices until they are sent. */
export function createOutbox({ prepare, read, write }: Readonly<{ prepare: Prepare } & Pick<Group, 'read' | 'write'>>): Outbox {
  const insert = prepare(
    (db, p: Parameter<{ id: string; subject: string; recipient: string; kind: string; data: string; createdAt: number }>) =>
      db.insertInto('outbox').values({
        id: p('id'),
        subject: p('subject'),
        recipient: p('recipient'),
        kind: p('kind'),
        data_json: p('data'),
        created_at: p('createdAt'),
        due_at: p('createdAt'),
        attempts: 0,
      }),
  )
  const due = prepare((db, p: Parameter<{ now: number; limit: number }>) =>
    db.selectFrom('outbox').selectAll().where('due_at', '<=', p('now')).orderBy('due_at').orderBy('rowid').limit(p('limit')),
  )
  const lease = prepare((db, p: Parameter<{ id: string; dueAt: number }>) =>
    db
      .updateTable('outbox')
      .set(({ eb, ref }) => ({ due_at: p('dueAt'), attempts: eb(ref('attempts'), '+', 1) }))
      .where('id', '=', p('id')),
  )
  const drop = prepare((db, p: Parameter<{ id: string }>) => db.deleteFrom('outbox').where('id', '=', p('id')))
  const putOff = prepare((db, p: Parameter<{ id: string; attempt: number; dueAt: number }>) =>
    db
      .updateTable('outbox')
      .set({ due_at: p('dueAt') })
      .where('id', '=', p('id'))
      .where('attempts', '=', p('attempt')),
  )
  return {
    enqueue: (notices = []) => {
      for (const { id, subject, to, kind, data, at } of notices)
        insert.run({ id, subject, recipient: to, kind, data: JSON.stringify(data), createdAt: at })
    },
    store: {
      claim: async ({ now, leaseSeconds, limit }) => {
        // mostly nothing is due, and a look costs no disk flush
        if ((await read(() => due.get({ now, limit: 1 }))) === undefined) return []
        return write(() =>
          due.all({ now, limit }).map((row) => {
            lease.run({ id: row.id, dueAt: now + leaseSeconds })
            return noticeOf(row)
          }),
        )
      },
      done: ({ id }) => write(() => void drop.run({ id })),
      postpone: ({ id, attempt, dueAt }) => write(() => void putOff.run({ id, attempt, dueAt })),
    },
  }
}

function noticeOf(row: Omit<Tables['outbox'], 'rowid'>): ClaimedNotice {
  return {
    id: row.id,
    subject: row.subject,
    to: row.recipient,
    kind: row.kind as NoticeKind,
    data: JSON.parse(row.data_json) as ClaimedNotice['data'],
    at: row.created_at,
    attempt: row.attempts + 1,
  }
}

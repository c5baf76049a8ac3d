import { foldNotice, NOTICE_WINDOW_SECONDS, NOTICES_AT_ONCE, noticeBudget } from '../notice-folding.ts'
import type { ClaimedNotice, NewNotice, NoticeDigest, NoticeKind, OutboxStore } from '../store.ts'
import { createCounting } from './counting.ts'
import type { Group } from './database/group.ts'
import type { Tables } from './database/schema.ts'
import type { Parameter, Prepare } from './database/statements.ts'

/** The kind of a row that holds several notices. */
const SEVERAL = 'several_changes'

/** The outbox, and how other verbs put notices into it. */
export type Outbox = Readonly<{
  store: OutboxStore
  /** Puts notices into the outbox; to be called within a write, so that both are committed or neither. */
  enqueue: (notices?: readonly NewNotice[]) => void
}>

/** Keeps notices until they are sent. */
export function createOutbox({ prepare, read, write }: Readonly<{ prepare: Prepare } & Pick<Group, 'read' | 'write'>>): Outbox {
  const { hit } = createCounting(prepare)
  const insert = prepare(
    (db, p: Parameter<{ id: string; subject: string; recipient: string; kind: string; data: string; createdAt: number; dueAt: number }>) =>
      db.insertInto('outbox').values({
        id: p('id'),
        subject: p('subject'),
        recipient: p('recipient'),
        kind: p('kind'),
        data_json: p('data'),
        created_at: p('createdAt'),
        due_at: p('dueAt'),
        attempts: 0,
      }),
  )
  // one that somebody has claimed is being sent as it is
  const findWaiting = prepare((db, p: Parameter<{ subject: string; recipient: string; kind: string; dueAt: number }>) =>
    db
      .selectFrom('outbox')
      .select(['id', 'data_json'])
      .where('due_at', '=', p('dueAt'))
      .where('subject', '=', p('subject'))
      .where('recipient', '=', p('recipient'))
      .where('kind', '=', p('kind'))
      .where('attempts', '=', 0),
  )
  const rewrite = prepare((db, p: Parameter<{ id: string; data: string }>) =>
    db
      .updateTable('outbox')
      .set({ data_json: p('data') })
      .where('id', '=', p('id')),
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

  const put = ({ id, subject, to: recipient, at }: NewNotice, kind: string, data: object, dueAt: number): void =>
    void insert.run({ id, subject, recipient, kind, data: JSON.stringify(data), createdAt: at, dueAt })

  function putTogether(notice: NewNotice, dueAt: number): void {
    const { subject, to: recipient } = notice
    const waiting = findWaiting.get({ subject, recipient, kind: SEVERAL, dueAt })
    if (waiting === undefined) put(notice, SEVERAL, foldNotice(undefined, notice), dueAt)
    else {
      const digest = foldNotice(JSON.parse(waiting.data_json) as NoticeDigest, notice)
      rewrite.run({ id: waiting.id, data: JSON.stringify(digest) })
    }
  }

  return {
    enqueue: (notices = []) => {
      for (const notice of notices) {
        const { subject, kind, data, at: now } = notice
        const { resetsAt } = hit({ key: `notices:${subject}`, now, windowSeconds: NOTICE_WINDOW_SECONDS, limit: 1 })
        const key = `notices:${noticeBudget(kind)}:${resetsAt}:${subject}`
        const { counted } = hit({ key, now, windowSeconds: resetsAt - now, limit: NOTICES_AT_ONCE })
        if (counted) put(notice, kind, data, now)
        else putTogether(notice, resetsAt)
      }
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
  const { id, subject, recipient: to, kind, created_at: at } = row
  const claimed = { id, subject, to, at, attempt: row.attempts + 1 }
  const data: unknown = JSON.parse(row.data_json)
  if (kind !== SEVERAL) return { ...claimed, kind: kind as NoticeKind, data: data as NewNotice['data'] }
  const digest = data as NoticeDigest
  const [only, ...others] = digest.listed
  // nothing came to the one that waited
  return only !== undefined && others.length === 0 ? { ...claimed, ...only } : { ...claimed, kind: SEVERAL, data: digest }
}

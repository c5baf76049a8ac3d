import type { DatabaseSync } from 'node:sqlite'
import type { Change, ChangeStore, NewChange } from '../store.ts'
import type { Group } from './database/group.ts'
import type { Parameter, Prepare } from './database/statements.ts'

/** How often other processes' changes are looked for while someone watches, in milliseconds: a license reaches guards within a second. */
const POLL_MS = 250

/** Changes that only matter to those who watch right now, or as long as a token lives, are kept this long. One day. */
const PASSING_CHANGE_SECONDS = 86_400

/** The log of changes and who watches it. */
export interface ChangeLog {
  readonly store: ChangeStore
  /** Appends a change in place of the older one of its topic; to be called within a write. */
  append(change: NewChange): void
  /** Tells the watchers where the log has grown since they were last told; never throws. */
  announce(): void
  /** Forgets the watchers. */
  stop(): void
}

/** Keeps the log of changes: watchers hear of this process's commits at once, and of other processes' by a cheap poll. */
export function createChangeLog({
  database,
  prepare,
  read,
}: Readonly<{ database: DatabaseSync; prepare: Prepare; read: Group['read'] }>): ChangeLog {
  const insert = prepare((db, p: Parameter<{ at: number; type: string; topic: string; data: string; expiresAt: number | null }>) =>
    db.insertInto('changes').values({ at: p('at'), type: p('type'), topic: p('topic'), data_json: p('data'), expires_at: p('expiresAt') }),
  )
  const supersede = prepare((db, p: Parameter<{ topic: string }>) => db.deleteFrom('changes').where('topic', '=', p('topic')))
  const newest = prepare((db) => db.selectFrom('changes').select(({ fn }) => fn.max('cursor').as('cursor')))
  const page = prepare((db, p: Parameter<{ cursor: number; limit: number }>) =>
    db.selectFrom('changes').selectAll().where('cursor', '>', p('cursor')).orderBy('cursor').limit(p('limit')),
  )
  const newestOf = prepare((db, p: Parameter<{ topic: string }>) =>
    db.selectFrom('changes').select('data_json').where('topic', '=', p('topic')).orderBy('cursor', 'desc').limit(1),
  )
  const generation = prepare((db) => db.selectFrom('meta').select('value').where('name', '=', 'generation'))
  // moves when another connection has committed to the file; costs no look into it
  const version = database.prepare('PRAGMA data_version')

  const listeners = new Set<() => void>()
  let announced = 0
  let poll: NodeJS.Timeout | undefined
  let seenVersion: unknown

  const head = (): number => newest.get({})?.cursor ?? 0

  function announce(): void {
    if (listeners.size === 0) return
    try {
      const cursor = head()
      if (cursor === announced) return
      announced = cursor
    } catch {
      // told too often does no harm, told too seldom does: let the watchers look, and meet the failure, themselves
    }
    // a listener that throws must not keep the others from hearing
    for (const listener of listeners) queueMicrotask(() => listeners.has(listener) && listener())
  }

  function look(): void {
    try {
      const current = version.get()?.data_version
      if (current === seenVersion) return
      seenVersion = current
    } catch {
      // as above
    }
    announce()
  }

  function stop(): void {
    listeners.clear()
    clearInterval(poll)
    poll = undefined
  }

  return {
    append: (change) => {
      const { at, type, ...data } = change
      const topic = topicOf(change)
      supersede.run({ topic })
      insert.run({ at, type, topic, data: JSON.stringify(data), expiresAt: isPassing(change) ? at + PASSING_CHANGE_SECONDS : null })
    },
    announce,
    stop,
    store: {
      after: ({ cursor, limit }) =>
        read(() =>
          page
            .all({ cursor, limit })
            .map((row): Change => ({ cursor: row.cursor, at: row.at, type: row.type, ...JSON.parse(row.data_json) })),
        ),
      head: () => read(head),
      revokedBefore: (subject) =>
        read(() => {
          const row = newestOf.get({ topic: topicOf({ at: 0, type: 'revoked', subject, before: 0 }) })
          return row === undefined ? 0 : (JSON.parse(row.data_json) as { before: number }).before
        }),
      generation: () =>
        read(() => {
          const row = generation.get({})
          if (row === undefined) throw new Error('The store has lost the name of its generation. Restore it from a backup.')
          return row.value
        }),
      watch: (listener) => {
        // each call is a watcher of its own, also with the same function
        const own = () => listener()
        if (listeners.size === 0) {
          announced = head()
          seenVersion = version.get()?.data_version
          poll = setInterval(look, POLL_MS).unref()
        }
        listeners.add(own)
        return () => {
          listeners.delete(own)
          if (listeners.size === 0) stop()
        }
      },
    },
  }
}

/** What a change is about. Of one topic only the newest change matters: it says "look again", and the look gives the present state. */
export function topicOf(change: NewChange): string {
  switch (change.type) {
    case 'license':
      return JSON.stringify(['license', change.account])
    case 'policy':
      return JSON.stringify(['policy'])
    case 'revoked':
      return JSON.stringify(['revoked', change.account ?? null, change.subject ?? null, change.sid ?? null])
    case 'authenticators':
      return JSON.stringify(['authenticators', change.subject])
    case 'proofs':
      return JSON.stringify(['proofs', change.subject, change.sid])
    case 'keys':
      // a withdrawal must be heard of for ever, whatever is withdrawn later
      return JSON.stringify(['keys', ...change.withdrawn])
  }
}

/** Whether nobody has to hear of a change a day later: the tokens that it concerns have expired by then. */
function isPassing(change: NewChange): boolean {
  switch (change.type) {
    case 'proofs':
    case 'authenticators':
      return true
    case 'revoked':
      return change.sid !== undefined
    case 'license':
    case 'policy':
    case 'keys':
      return false
  }
}

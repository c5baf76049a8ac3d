import type { AttemptStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'

/** Counts attempts in windows. */
export function createAttemptStore({ prepare, read, write }: Connection): AttemptStore {
  const find = prepare((db, p: Parameter<{ key: string; now: number }>) =>
    db.selectFrom('attempts').select(['count', 'resets_at']).where('key', '=', p('key')).where('resets_at', '>', p('now')),
  )
  const findWindow = prepare((db, p: Parameter<{ key: string; resetsAt: number }>) =>
    db.selectFrom('attempts').select('count').where('key', '=', p('key')).where('resets_at', '=', p('resetsAt')),
  )
  const put = prepare((db, p: Parameter<{ key: string; count: number; resetsAt: number }>) =>
    db
      .insertInto('attempts')
      .values({ key: p('key'), count: p('count'), resets_at: p('resetsAt') })
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet(({ ref }) => ({ count: ref('excluded.count'), resets_at: ref('excluded.resets_at') })),
      ),
  )
  const drop = prepare((db, p: Parameter<{ key: string }>) => db.deleteFrom('attempts').where('key', '=', p('key')))
  return {
    hit: ({ key, now, windowSeconds, limit }) =>
      write(() => {
        const window = find.get({ key, now })
        const before = window?.count ?? 0
        const resetsAt = window?.resets_at ?? now + windowSeconds
        if (before >= limit) return { counted: false, count: before, resetsAt }
        put.run({ key, count: before + 1, resetsAt })
        return { counted: true, count: before + 1, resetsAt }
      }),
    forgive: ({ key, resetsAt }) =>
      write(() => {
        const window = findWindow.get({ key, resetsAt })
        if (window === undefined) return
        if (window.count > 1) put.run({ key, count: window.count - 1, resetsAt })
        else drop.run({ key })
      }),
    count: ({ key, now }) =>
      read(() => {
        const window = find.get({ key, now })
        return window === undefined ? { count: 0, resetsAt: now } : { count: window.count, resetsAt: window.resets_at }
      }),
  }
}

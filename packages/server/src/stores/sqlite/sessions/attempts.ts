import type { AttemptStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import { createCounting } from '../counting.ts'
import type { Parameter } from '../database/statements.ts'

/** Counts attempts in windows. */
export function createAttemptStore({ prepare, read, write }: Connection): AttemptStore {
  const { hit, find, put } = createCounting(prepare)
  const findWindow = prepare((db, p: Parameter<{ key: string; resetsAt: number }>) =>
    db.selectFrom('attempts').select('count').where('key', '=', p('key')).where('resets_at', '=', p('resetsAt')),
  )
  const drop = prepare((db, p: Parameter<{ key: string }>) => db.deleteFrom('attempts').where('key', '=', p('key')))
  return {
    hit: (input) => write(() => hit(input)),
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

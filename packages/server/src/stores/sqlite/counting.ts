import type { AttemptStore } from '../store.ts'
import type { Parameter, Prepare } from './database/statements.ts'

type Hit = Parameters<AttemptStore['hit']>[0]
type Counted = Awaited<ReturnType<AttemptStore['hit']>>

/** What counts in windows. */
type Counting = Readonly<{
  /** Counts one, as {@link AttemptStore.hit} says; to be called within a write. */
  hit: (input: Hit) => Counted
  /** The window of a key that has not ended. */
  find: ReturnType<typeof prepareFind>
  put: ReturnType<typeof preparePut>
}>

/** Prepares what counts in windows, for the verbs that do it beside something else. */
export function createCounting(prepare: Prepare): Counting {
  const find = prepareFind(prepare)
  const put = preparePut(prepare)
  return {
    find,
    put,
    hit({ key, now, windowSeconds, limit }) {
      const window = find.get({ key, now })
      const before = window?.count ?? 0
      const resetsAt = window?.resets_at ?? now + windowSeconds
      if (before >= limit) return { counted: false, count: before, resetsAt }
      put.run({ key, count: before + 1, resetsAt })
      return { counted: true, count: before + 1, resetsAt }
    },
  }
}

const prepareFind = (prepare: Prepare) =>
  prepare((db, p: Parameter<{ key: string; now: number }>) =>
    db.selectFrom('attempts').select(['count', 'resets_at']).where('key', '=', p('key')).where('resets_at', '>', p('now')),
  )

const preparePut = (prepare: Prepare) =>
  prepare((db, p: Parameter<{ key: string; count: number; resetsAt: number }>) =>
    db
      .insertInto('attempts')
      .values({ key: p('key'), count: p('count'), resets_at: p('resetsAt') })
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet(({ ref }) => ({ count: ref('excluded.count'), resets_at: ref('excluded.resets_at') })),
      ),
  )

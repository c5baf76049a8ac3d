import type { ReplayStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'

/** Remembers what was used, until it could no longer be used anyway. */
export function createReplayStore({ prepare, write }: Connection): ReplayStore {
  const remember = prepare((db, p: Parameter<{ key: string; now: number; expiresAt: number }>) =>
    db
      .insertInto('replays')
      .values({ key: p('key'), expires_at: p('expiresAt') })
      .onConflict((conflict) =>
        conflict
          .column('key')
          .doUpdateSet(({ ref }) => ({ expires_at: ref('excluded.expires_at') }))
          .where('replays.expires_at', '<=', p('now')),
      ),
  )
  return {
    once: ({ key, now, expiresAt }) => write(() => remember.run({ key, now, expiresAt }) === 1),
  }
}

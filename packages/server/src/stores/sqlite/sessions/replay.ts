import type { ReplayStore, Use } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'

/** Remembers what was used, until it could no longer be used anyway; to be called within a write. False if it was remembered before. */
export function createRemember({ prepare }: Pick<Connection, 'prepare'>): (use: Use) => boolean {
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
  return ({ key, now, expiresAt }) => remember.run({ key, now, expiresAt }) === 1
}

/** Keeps what may be used once. */
export function createReplayStore(connection: Connection): ReplayStore {
  const remember = createRemember(connection)
  return { once: (use) => connection.write(() => remember(use)) }
}

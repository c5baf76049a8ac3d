import type { TotpStore } from '../store.ts'
import type { Connection } from './connection.ts'
import type { Parameter } from './statements.ts'

/** Accepts each time step of an authenticator at most once, and never an older one after it. */
export function createTotpStore({ prepare, write }: Connection): TotpStore {
  const advance = prepare((db, p: Parameter<{ id: string; step: number; now: number }>) =>
    db
      .updateTable('authenticators')
      .set({ last_step: p('step'), last_used_at: p('now') })
      .where('id', '=', p('id'))
      .where('method', '=', 'totp')
      .where('last_step', '<', p('step')),
  )
  return {
    accept: ({ authenticatorId, step, now }) => write(() => advance.run({ id: authenticatorId, step, now }) === 1),
  }
}

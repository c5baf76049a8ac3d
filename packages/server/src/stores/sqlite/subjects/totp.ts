import type { TotpStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'

/** Accepts each time step of a subject at most once, and never an older one after it, over all their authenticator apps. */
export function createTotpStore({ prepare, write }: Connection): TotpStore {
  const advance = prepare((db, p: Parameter<{ subject: string; id: string; step: number; now: number }>) =>
    db
      .updateTable('authenticators')
      .set({ last_step: p('step'), last_used_at: p('now'), failures: 0 })
      .where('subject', '=', p('subject'))
      .where('id', '=', p('id'))
      .where('method', '=', 'totp')
      .where('disabled_at', 'is', null)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('authenticators as other')
              .select('other.id')
              .where('other.subject', '=', p('subject'))
              .where('other.method', '=', 'totp')
              .where('other.last_step', '>=', p('step')),
          ),
        ),
      ),
  )
  return {
    accept: ({ subject, authenticatorId, step, now }) => write(() => advance.run({ subject, id: authenticatorId, step, now }) === 1),
  }
}

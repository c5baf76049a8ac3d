import type { AuthenticatorUse } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'

/** Prepares what notes one use of an authenticator; to be called within a write. False if its counter is not the expected one any more. */
export function createTouch({ prepare }: Pick<Connection, 'prepare'>): (use: AuthenticatorUse) => boolean {
  const touch = prepare((db, p: Parameter<{ id: string; expectedCounter: number; counter: number; backupState: number; now: number }>) =>
    db
      .updateTable('authenticators')
      .set({ counter: p('counter'), backup_state: p('backupState'), last_used_at: p('now') })
      .where('id', '=', p('id'))
      .where('method', 'in', ['passkey', 'security-key'])
      .where('counter', '=', p('expectedCounter')),
  )
  return ({ id, expectedCounter, counter, backupState, now }) =>
    touch.run({ id, expectedCounter, counter, backupState: Number(backupState), now }) === 1
}

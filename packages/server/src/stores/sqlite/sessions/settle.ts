import type { SessionKey, StepUpStore } from '../../store.ts'
import { topicOf } from '../changes.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'
import { createKeepNewest } from './proofs.ts'
import { createHasEnded } from './session-ends.ts'
import { createTouch } from './touch.ts'

/** Ends step-ups with what was proven, each in one transaction. */
export function createSettle(connection: Connection): StepUpStore['settle'] {
  const { prepare, write, append } = connection
  const hasEnded = createHasEnded(connection)
  const touch = createTouch(connection)
  const keepNewest = createKeepNewest(connection)
  const find = prepare((db, p: Parameter<{ id: string }>) => db.selectFrom('step_ups').select('id').where('id', '=', p('id')))
  const take = prepare((db, p: Parameter<{ id: string }>) => db.deleteFrom('step_ups').where('id', '=', p('id')))
  const changed = prepare(
    (db, p: Parameter<Record<'license' | 'account' | 'subject' | 'session' | 'authenticators', string> & { cursor: number }>) =>
      db
        .selectFrom('changes')
        .select('cursor')
        .where('topic', 'in', [p('license'), p('account'), p('subject'), p('session'), p('authenticators')])
        .where('cursor', '>', p('cursor'))
        .limit(1),
  )
  const findAuthenticator = prepare((db, p: Parameter<{ subject: string; id: string }>) =>
    db.selectFrom('authenticators').select('id').where('subject', '=', p('subject')).where('id', '=', p('id')),
  )
  const bind = prepare((db, p: Parameter<{ subject: string; jkt: string; authenticatorId: string; now: number }>) =>
    db
      .insertInto('devices')
      .values({ subject: p('subject'), jkt: p('jkt'), authenticator_id: p('authenticatorId'), bound_at: p('now') })
      .onConflict((conflict) => conflict.columns(['subject', 'jkt', 'authenticator_id']).doNothing()),
  )

  function hasChanged({ subject, sid }: SessionKey, account: string, cursor: number): boolean {
    const revoked = { at: 0, type: 'revoked', before: 0 } as const
    const topics = {
      license: topicOf({ at: 0, type: 'license', account }),
      account: topicOf({ ...revoked, account }),
      subject: topicOf({ ...revoked, subject }),
      session: topicOf({ ...revoked, subject, sid }),
      authenticators: topicOf({ at: 0, type: 'authenticators', subject }),
    }
    return changed.get({ ...topics, cursor }) !== undefined
  }

  return ({ id, key, account, revision, proof, use, bindsDevice, change }) =>
    write(() => {
      const { subject, jkt } = key
      if (
        find.get({ id }) === undefined ||
        hasChanged(key, account, revision) ||
        hasEnded(key, proof.authTime) ||
        findAuthenticator.get({ subject, id: use.id }) === undefined
      )
        return 'changed'
      if (!touch(use)) return 'used'
      if (bindsDevice) bind.run({ subject, jkt, authenticatorId: use.id, now: use.now })
      if (keepNewest(key, proof)) append(change)
      take.run({ id })
      return 'settled'
    })
}

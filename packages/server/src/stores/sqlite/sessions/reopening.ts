import { deviceSession } from '../../session-names.ts'
import type { SessionKey, SessionStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'
import { createDropOfFormerLife } from './belongings.ts'
import { createRoomFor } from './crowd.ts'
import { createEndedKeys } from './ended-keys.ts'
import { createMarkEnd } from './ended-sessions.ts'
import { createKeepNewest } from './proofs.ts'
import { ALL_SESSIONS, issuerOf, UNNAMED_SESSIONS } from './session-key.ts'

/** Prepares the question whether an issuer has ended a session by its name, no matter of which subject; to be asked within a read or write. */
function createHasIssuerEnded({ prepare }: Pick<Connection, 'prepare'>): (key: Pick<SessionKey, 'subject' | 'sid'>) => boolean {
  const find = prepare((db, p: Parameter<{ issuer: string; sid: string }>) =>
    db.selectFrom('ended_sessions').select('sid').where('subject', '=', p('issuer')).where('sid', '=', p('sid')),
  )
  return ({ subject, sid }) => find.get({ issuer: issuerOf(subject), sid }) !== undefined
}

/** Begins ended sessions again, each for one key. */
export function createReopening(connection: Connection): Pick<SessionStore, 'reopen' | 'isEndedByIssuer'> {
  const { prepare, read, write, append, enqueue } = connection
  const hasIssuerEnded = createHasIssuerEnded(connection)
  const endedKeys = createEndedKeys(connection)
  const keepNewest = createKeepNewest(connection)
  const roomFor = createRoomFor(connection)
  const findStepUp = prepare((db, p: Parameter<SessionKey & { id: string; now: number }>) =>
    db
      .selectFrom('step_ups')
      .select('created_at')
      .where('id', '=', p('id'))
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt'))
      .where('expires_at', '>', p('now')),
  )
  const takeStepUp = prepare((db, p: Parameter<{ id: string }>) => db.deleteFrom('step_ups').where('id', '=', p('id')))
  const findEnds = prepare((db, p: Parameter<{ subject: string; sid: string; several: string }>) =>
    db
      .selectFrom('ended_sessions')
      .select(['sid', 'reopens_after'])
      .where('subject', '=', p('subject'))
      .where((row) => row.or([row('sid', '=', p('sid')), row('sid', '=', ALL_SESSIONS), row('sid', '=', p('several'))])),
  )
  const find = prepare((db, p: Parameter<SessionKey>) =>
    db
      .selectFrom('sessions')
      .select('expires_at')
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt')),
  )
  const lastExpiry = prepare((db, p: Parameter<{ subject: string; sid: string }>) =>
    db
      .selectFrom('sessions')
      .select(({ fn }) => fn.max('expires_at').as('expires_at'))
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid')),
  )
  const mark = createMarkEnd(connection)
  const dropFormerLife = createDropOfFormerLife(connection)
  const put = prepare((db, p: Parameter<SessionKey & { account: string; now: number; expiresAt: number; reopenedAt: number }>) =>
    db
      .insertInto('sessions')
      .values({
        subject: p('subject'),
        sid: p('sid'),
        jkt: p('jkt'),
        account: p('account'),
        created_at: p('now'),
        seen_at: p('now'),
        expires_at: p('expiresAt'),
        login: 'first',
        reopened_at: p('reopenedAt'),
      })
      .onConflict((conflict) =>
        conflict.columns(['subject', 'sid', 'jkt']).doUpdateSet(({ eb, ref }) => ({
          account: ref('excluded.account'),
          created_at: ref('excluded.created_at'),
          seen_at: ref('excluded.seen_at'),
          expires_at: ref('excluded.expires_at'),
          login: eb.case().when('sessions.login', '=', 'none').then(ref('excluded.login')).else(ref('sessions.login')).end(),
          reopened_at: ref('excluded.reopened_at'),
          due_at: null,
        })),
      ),
  )

  /** Remembers that a session has expired, so that a login of before does not join its new life once what has expired is swept. */
  function markExpired({ subject, sid }: SessionKey, now: number): void {
    const expiredAt = lastExpiry.get({ subject, sid })?.expires_at ?? undefined
    if (expiredAt !== undefined && expiredAt <= now) mark({ subject, sid, now, reopensAfter: expiredAt - 1 })
  }

  return {
    isEndedByIssuer: (session) => read(() => hasIssuerEnded(session)),
    reopen: ({ key, account, now, idleSeconds, absoluteSeconds, stepUpId, proof, change, notices }) =>
      write(() => {
        const { subject, sid } = key
        const stepUp = findStepUp.get({ ...key, id: stepUpId, now })
        if (stepUp === undefined) return 'gone'
        const ends = findEnds.all({ subject, sid, several: sid === deviceSession(key.jkt) ? UNNAMED_SESSIONS : ALL_SESSIONS })
        // an end for good has no time, and took every step-up of before
        const isAfter =
          ends.every(({ reopens_after }) => proof.authTime > (reopens_after ?? stepUp.created_at - 1)) &&
          [endedKeys.find(key), endedKeys.findOfAll(key)].every((end) => proof.authTime > (end?.reopens_after ?? -1))
        if (hasIssuerEnded(key) || !isAfter) return 'too_early'
        takeStepUp.run({ id: stepUpId })
        if (!ends.some((each) => each.sid === sid)) markExpired(key, now)
        const former = find.get({ ...key })
        const room = former === undefined ? roomFor(key, 'first', now) : undefined
        room?.make()
        if (room?.putsOut) enqueue(notices)
        dropFormerLife({ key, endedAt: former?.expires_at ?? 0 })
        const expiresAt = now + Math.min(idleSeconds, absoluteSeconds)
        put.run({ ...key, account, now, expiresAt, reopenedAt: proof.authTime })
        keepNewest(key, proof)
        append(change)
        return 'reopened'
      }),
  }
}

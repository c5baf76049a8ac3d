import type { SessionKey } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'
import type { SweepStep } from '../sweep-step.ts'
import { createMarkEnd } from './ended-sessions.ts'

/** An expired session keeps what is known of each of its devices this long; then only that it has ended. 30 days. */
const EXPIRED_SESSION_SECONDS = 30 * 86_400

/**
 * Prepares what drops the proofs of sessions that have expired, and forgets sessions that expired long ago on all their keys, but not that they
 * ended: if one is still in use with another key, its end would put that one out.
 *
 * A row is due when it expires, and is put off to when there is something to do for it again.
 */
export function createSweepOfSessions({ prepare }: Pick<Connection, 'prepare'>): SweepStep {
  const due = prepare((db, p: Parameter<{ now: number; most: number }>) =>
    db
      .selectFrom('sessions')
      .select(['subject', 'sid', 'jkt', 'expires_at'])
      .where(({ eb, fn }) => eb(fn.coalesce('due_at', 'expires_at'), '<=', p('now')))
      .limit(p('most')),
  )
  const lastExpiry = prepare((db, p: Parameter<{ subject: string; sid: string }>) =>
    db
      .selectFrom('sessions')
      .select(({ fn }) => fn.max('expires_at').as('expires_at'))
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid')),
  )
  const dropProofs = prepare((db, p: Parameter<SessionKey>) =>
    db.deleteFrom('proofs').where('subject', '=', p('subject')).where('sid', '=', p('sid')).where('jkt', '=', p('jkt')),
  )
  const putOff = prepare((db, p: Parameter<SessionKey & { dueAt: number }>) =>
    db
      .updateTable('sessions')
      .set({ due_at: p('dueAt') })
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt')),
  )
  const forgetProofs = prepare((db, p: Parameter<{ subject: string; sid: string }>) =>
    db.deleteFrom('proofs').where('subject', '=', p('subject')).where('sid', '=', p('sid')),
  )
  const forget = prepare((db, p: Parameter<{ subject: string; sid: string }>) =>
    db.deleteFrom('sessions').where('subject', '=', p('subject')).where('sid', '=', p('sid')),
  )
  const mark = createMarkEnd({ prepare })

  return ({ now, most }) => {
    const rows = due.all({ now, most })
    for (const { subject, sid, jkt, expires_at: expiresAt } of rows) {
      const longAgo = now - EXPIRED_SESSION_SECONDS
      const last = expiresAt > longAgo ? expiresAt : (lastExpiry.get({ subject, sid })?.expires_at ?? 0)
      if (last > longAgo) {
        dropProofs.run({ subject, sid, jkt })
        putOff.run({ subject, sid, jkt, dueAt: last + EXPIRED_SESSION_SECONDS })
        continue
      }
      // with another key of the same session it has gone already
      if (last === 0) continue
      // a login that was given in the second in which it expired begins it again
      mark({ subject, sid, now, reopensAfter: last - 1 })
      forgetProofs.run({ subject, sid })
      forget.run({ subject, sid })
    }
    return rows.length
  }
}

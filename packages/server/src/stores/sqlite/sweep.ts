import type { ExpressionBuilder } from 'kysely'
import { END_SECONDS } from '../retention.ts'
import type { Connection } from './connection.ts'
import type { Tables } from './database/schema.ts'
import type { Parameter, Statement } from './database/statements.ts'
import { joinEnds } from './sessions/ended-sessions.ts'

/** How many rows one step of the sweep deletes: other writes get their turn between the steps. */
const BATCH = 500
/** An expired session keeps what is known of each of its devices this long; then only that it has ended. 30 days. */
const EXPIRED_SESSION_SECONDS = 30 * 86_400
/** Changes that only matter to those who watch right now, or as long as a token lives, are kept this long. One day. */
const PASSING_CHANGE_SECONDS = 86_400
/** An expired ticket still lets in what was begun while it was valid. Half an hour, which is longer than an enrolment is open. */
const EXPIRED_TICKET_SECONDS = 1800
/** Notices that nobody sends, because mail is not configured any more, are kept this long. Two days. */
const UNSENT_NOTICE_SECONDS = 2 * 86_400

type Step = Pick<Statement<{ now: number; batch: number }, unknown>, 'run'>

/**
 * The rows of sessions that expired long ago on all their keys, always the same ones for the same time. If one is still in use with another key,
 * its end would put that one out.
 */
const longExpired =
  (p: Parameter<{ now: number; batch: number }>) =>
  ({ selectFrom }: ExpressionBuilder<Tables, 'sessions'>) =>
    selectFrom('sessions')
      .select('sessions.rowid')
      .where(({ eb, val }) => eb('expires_at', '<=', eb(val(p('now')), '-', EXPIRED_SESSION_SECONDS)))
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('sessions as other')
              .select('other.jkt')
              .whereRef('other.subject', '=', 'sessions.subject')
              .whereRef('other.sid', '=', 'sessions.sid')
              .where(({ eb, val }) => eb('other.expires_at', '>', eb(val(p('now')), '-', EXPIRED_SESSION_SECONDS))),
          ),
        ),
      )
      .orderBy('expires_at')
      .orderBy('sessions.rowid')
      .limit(p('batch'))

/**
 * Deletes what has expired, a batch at a time.
 *
 * The change log keeps, for licenses, policies and revocations, the newest change of each topic: a reader that resumes after any cursor still
 * hears of everything that changed. Of a revocation that names a session it hears for a day, long after the last token of that session has
 * expired. The head of the log always stays.
 */
export function createSweep({ prepare, write }: Connection): (now: number) => Promise<void> {
  const endExpired = prepare((db, p: Parameter<{ now: number; batch: number; keepUntil: number }>) =>
    db
      .insertInto('ended_sessions')
      .columns(['subject', 'sid', 'keep_until', 'reopens_after', 'spared_jkt'])
      .expression((from) =>
        from
          .selectFrom('sessions')
          .select(({ eb, fn, val }) => [
            'subject',
            'sid',
            eb.cast<number>(val(p('keepUntil')), 'integer').as('keep_until'),
            // a login that was given in the second in which it expired begins it again
            eb(fn.max('expires_at'), '-', 1).as('reopens_after'),
            eb.lit(null).as('spared_jkt'),
          ])
          .where('rowid', 'in', longExpired(p))
          .groupBy(['subject', 'sid']),
      )
      .onConflict(joinEnds),
  )
  const dropExpired = prepare((db, p: Parameter<{ now: number; batch: number }>) =>
    db.deleteFrom('sessions').where('rowid', 'in', longExpired(p)),
  )
  /** Forgets sessions that expired long ago, but not that they ended: within one write, and in the order of the index for both. */
  const forgetSessions: Step['run'] = ({ now, batch }) => {
    endExpired.run({ now, batch, keepUntil: now + END_SECONDS })
    return dropExpired.run({ now, batch })
  }
  const steps: readonly Step[] = [
    ...(['step_ups', 'operations', 'registrations', 'replays', 'recovery_links', 'guesses', 'ceremony_guesses'] as const).map((table) =>
      prepare((db, p: Parameter<{ now: number; batch: number }>) =>
        db
          .deleteFrom(table)
          .where('rowid', 'in', (from) => from.selectFrom(table).select('rowid').where('expires_at', '<=', p('now')).limit(p('batch'))),
      ),
    ),
    prepare((db, p: Parameter<{ now: number; batch: number }>) =>
      db
        .deleteFrom('attempts')
        .where('rowid', 'in', (from) => from.selectFrom('attempts').select('rowid').where('resets_at', '<=', p('now')).limit(p('batch'))),
    ),
    prepare((db, p: Parameter<{ now: number; batch: number }>) =>
      db.deleteFrom('recovery_tickets').where('rowid', 'in', (from) =>
        from
          .selectFrom('recovery_tickets')
          .select('rowid')
          .where(({ eb, val }) => eb('expires_at', '<=', eb(val(p('now')), '-', EXPIRED_TICKET_SECONDS)))
          .limit(p('batch')),
      ),
    ),
    ...(['ended_sessions', 'ended_keys', 'login_owners', 'former_logins'] as const).map((table) =>
      prepare((db, p: Parameter<{ now: number; batch: number }>) =>
        db
          .deleteFrom(table)
          .where('rowid', 'in', (from) => from.selectFrom(table).select('rowid').where('keep_until', '<=', p('now')).limit(p('batch'))),
      ),
    ),
    // proofs of sessions that have expired or are no longer known
    prepare((db, p: Parameter<{ now: number; batch: number }>) =>
      db.deleteFrom('proofs').where('rowid', 'in', (from) =>
        from
          .selectFrom('proofs')
          .select('proofs.rowid')
          .where(({ not, exists, selectFrom }) =>
            not(
              exists(
                selectFrom('sessions')
                  .select('sessions.sid')
                  .whereRef('sessions.subject', '=', 'proofs.subject')
                  .whereRef('sessions.sid', '=', 'proofs.sid')
                  .whereRef('sessions.jkt', '=', 'proofs.jkt')
                  .where('sessions.expires_at', '>', p('now')),
              ),
            ),
          )
          .limit(p('batch')),
      ),
    ),
    { run: (parameters) => forgetSessions(parameters) },
    // what a device calls itself, once it is neither known nor in a session
    prepare((db, p: Parameter<{ now: number; batch: number }>) =>
      db.deleteFrom('device_sightings').where('rowid', 'in', (from) =>
        from
          .selectFrom('device_sightings as seen')
          .select('seen.rowid')
          .where(({ eb, val }) => eb('seen.last_seen_at', '<=', eb(val(p('now')), '-', EXPIRED_SESSION_SECONDS)))
          .where(({ not, exists, selectFrom }) =>
            not(
              exists(
                selectFrom('devices')
                  .select('devices.jkt')
                  .whereRef('devices.subject', '=', 'seen.subject')
                  .whereRef('devices.jkt', '=', 'seen.jkt'),
              ),
            ),
          )
          .where(({ not, exists, selectFrom }) =>
            not(
              exists(
                selectFrom('sessions')
                  .select('sessions.sid')
                  .whereRef('sessions.subject', '=', 'seen.subject')
                  .whereRef('sessions.jkt', '=', 'seen.jkt'),
              ),
            ),
          )
          .limit(p('batch')),
      ),
    ),
    prepare((db, p: Parameter<{ now: number; batch: number }>) =>
      db.deleteFrom('outbox').where('rowid', 'in', (from) =>
        from
          .selectFrom('outbox')
          .select('rowid')
          .where(({ eb, val }) => eb('created_at', '<=', eb(val(p('now')), '-', UNSENT_NOTICE_SECONDS)))
          .limit(p('batch')),
      ),
    ),
    // superseded by a newer change of the same topic
    prepare((db, p: Parameter<{ now: number; batch: number }>) =>
      db.deleteFrom('changes').where('cursor', 'in', (from) =>
        from
          .selectFrom('changes as old')
          .select('old.cursor')
          .where(({ exists, selectFrom }) =>
            exists(
              selectFrom('changes as newer')
                .select('newer.cursor')
                .whereRef('newer.topic', '=', 'old.topic')
                .whereRef('newer.cursor', '>', 'old.cursor'),
            ),
          )
          .limit(p('batch')),
      ),
    ),
    prepare((db, p: Parameter<{ now: number; batch: number }>) =>
      db.deleteFrom('changes').where('cursor', 'in', (from) =>
        from
          .selectFrom('changes')
          .select('cursor')
          .where(({ and, or, eb }) =>
            or([
              eb('type', 'in', ['proofs', 'authenticators']),
              // it names a session: the last part of its topic
              and([eb('type', '=', 'revoked'), eb('topic', 'not like', '%,null]')]),
            ]),
          )
          .where(({ eb, val }) => eb('at', '<=', eb(val(p('now')), '-', PASSING_CHANGE_SECONDS)))
          .where('cursor', '<', ({ selectFrom }) => selectFrom('changes').select(({ fn }) => fn.max('cursor').as('head')))
          .limit(p('batch')),
      ),
    ),
  ]
  return async (now) => {
    for (const step of steps) {
      let deleted: number
      do deleted = await write(() => step.run({ now, batch: BATCH }))
      while (deleted === BATCH)
    }
  }
}

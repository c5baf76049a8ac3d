import type { SessionKey, SessionStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'
import { ALL_SESSIONS, issuerOf } from './session-key.ts'

type Named = Readonly<{ subject: string; sid: string }>

/** How a write ends sessions; each is to be called within one. */
type Endings = Readonly<{
  mark: (input: Named & Readonly<{ keepUntil: number; reopensAfter: number | null }>) => void
  end: (named: Named, keepUntil: number, reopensAfter: number | null) => void
  endAll: (input: Parameters<SessionStore['endAll']>[0]) => void
}>

/** Whether a session was ended. With `provenAt`: for a proof given then, because a later login may have begun the session again. */
export type HasEnded = (key: SessionKey, provenAt?: number) => boolean

/** Prepares the question whether a session was ended; to be asked within a read or write. */
export function createHasEnded({ prepare }: Connection): HasEnded {
  const find = prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string; provenAt: number }>) =>
    db
      .selectFrom('ended_sessions')
      .select('sid')
      .where('subject', '=', p('subject'))
      .where((row) => row.or([row('sid', '=', p('sid')), row('sid', '=', ALL_SESSIONS)]))
      // a session that was spared or began since is among the open ones; it goes on for what was proven after it was ended by name
      .where(({ not, and, or, eb, exists, selectFrom }) =>
        not(
          and([
            exists(
              selectFrom('sessions')
                .select('sid')
                .where('subject', '=', p('subject'))
                .where('sid', '=', p('sid'))
                .where('jkt', '=', p('jkt')),
            ),
            or([eb('sid', '=', ALL_SESSIONS), eb(eb.fn.coalesce('reopens_after', eb.val(Number.MAX_SAFE_INTEGER)), '<', p('provenAt'))]),
          ]),
        ),
      ),
  )
  return ({ subject, sid, jkt }, provenAt = Number.POSITIVE_INFINITY) => find.get({ subject, sid, jkt, provenAt }) !== undefined
}

/** Prepares what ends sessions, for the verbs that do it beside something else. */
export function createEndings({ prepare, append }: Connection): Endings {
  const mark = prepare((db, p: Parameter<{ subject: string; sid: string; keepUntil: number; reopensAfter: number | null }>) =>
    db
      .insertInto('ended_sessions')
      .values({ subject: p('subject'), sid: p('sid'), keep_until: p('keepUntil'), reopens_after: p('reopensAfter') })
      .onConflict((conflict) =>
        conflict.columns(['subject', 'sid']).doUpdateSet(({ fn, ref }) => ({
          keep_until: fn('max', [ref('ended_sessions.keep_until'), ref('excluded.keep_until')]),
          // null, an end for good, if either of them is
          reopens_after: fn('max', [ref('ended_sessions.reopens_after'), ref('excluded.reopens_after')]),
        })),
      ),
  )
  const tables = ['proofs', 'step_ups', 'operations', 'registrations', 'recovery_tickets', 'sessions'] as const
  const drop = tables.map((table) =>
    prepare((db, p: Parameter<{ subject: string; sid: string }>) =>
      db.deleteFrom(table).where('subject', '=', p('subject')).where('sid', '=', p('sid')),
    ),
  )
  const dropOtherDevices = tables.map((table) =>
    prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string }>) =>
      db.deleteFrom(table).where('subject', '=', p('subject')).where('sid', '=', p('sid')).where('jkt', '!=', p('jkt')),
    ),
  )
  const namesOf = prepare((db, p: Parameter<{ subject: string }>) =>
    db.selectFrom('sessions').select('sid').distinct().where('subject', '=', p('subject')).orderBy('sid'),
  )

  function end({ subject, sid }: Named, keepUntil: number, reopensAfter: number | null): void {
    mark.run({ subject, sid, keepUntil, reopensAfter })
    for (const each of drop) each.run({ subject, sid })
  }

  return {
    mark: (input) => void mark.run({ ...input }),
    end,
    endAll: ({ subject, except, now, keepUntil, change }) => {
      for (const { sid } of namesOf.all({ subject })) {
        if (sid === except?.sid) {
          for (const each of dropOtherDevices) each.run({ subject, sid, jkt: except.jkt })
        } else {
          end({ subject, sid }, keepUntil(sid), now)
          append(change(sid))
        }
      }
      mark.run({ subject, sid: ALL_SESSIONS, keepUntil: keepUntil(), reopensAfter: now })
      append(change())
    },
  }
}

/** Ends sessions, and tells which are open. */
export function createSessionEnds(connection: Connection): Omit<SessionStore, 'touch'> {
  const { prepare, read, write, append } = connection
  const { mark, end, endAll } = createEndings(connection)
  // the character after the separator ends the range of the issuer
  const subjectsIn = prepare((db, p: Parameter<{ sid: string; from: string; before: string }>) =>
    db
      .selectFrom('sessions')
      .select('subject')
      .distinct()
      .where('sid', '=', p('sid'))
      .where('subject', '>=', p('from'))
      .where('subject', '<', p('before'))
      .orderBy('subject'),
  )
  const find = prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string }>) =>
    db.selectFrom('sessions').select('sid').where('subject', '=', p('subject')).where('sid', '=', p('sid')).where('jkt', '=', p('jkt')),
  )
  const openOf = prepare((db, p: Parameter<{ subject: string; now: number }>) =>
    db
      .selectFrom('sessions')
      .select(['sid', 'jkt', 'created_at', 'seen_at'])
      .where('subject', '=', p('subject'))
      .where('expires_at', '>', p('now'))
      .orderBy('created_at')
      .orderBy('sid')
      .orderBy('jkt'),
  )

  return {
    end: ({ subject, sid, keepUntil, reopensAfter = null, change }) =>
      write(() => {
        end({ subject, sid }, keepUntil, reopensAfter)
        append(change)
      }),
    endAll: (input) => write(() => endAll(input)),
    endNamed: ({ issuer, sid, keepUntil, change }) =>
      write(() => {
        const from = issuerOf(`${issuer}|`)
        const before = `${issuer}}`
        for (const { subject } of subjectsIn.all({ sid, from, before })) {
          end({ subject, sid }, keepUntil, null)
          append(change(subject))
        }
        mark({ subject: from, sid, keepUntil, reopensAfter: null })
      }),
    isOpen: (key) => read(() => find.get({ ...key }) !== undefined),
    list: ({ subject, now }) =>
      read(() =>
        openOf.all({ subject, now }).map(({ sid, jkt, created_at, seen_at }) => ({ sid, jkt, createdAt: created_at, seenAt: seen_at })),
      ),
  }
}

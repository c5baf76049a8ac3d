import { END_SECONDS } from '../../retention.ts'
import { MOST_SIGNED_OUT } from '../../session-records.ts'
import type { SessionKey } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'
import { ALL_SESSIONS } from './session-key.ts'

type EndedKey = Readonly<{ keep_until: number; reopens_after: number }>

/** The ends of sessions for one key alone: of one of them, or of all under the name `ALL_SESSIONS`. Each is to be called within a read or a write. */
type EndedKeys = Readonly<{
  find: (key: SessionKey) => EndedKey | undefined
  /** The end of all sessions for a key: of a device that was forgotten. */
  findOfAll: (key: SessionKey) => EndedKey | undefined
  /** Ends the session for a key: logins given up to `reopensAfter` do not begin it again. */
  mark: (key: SessionKey, end: Readonly<{ now: number; reopensAfter: number }>) => void
  /** Whether what was proven at an instant does not count, because the session ended for the key and did not begin again before it. */
  hasEnded: (key: SessionKey, provenAt: number) => boolean
  keep: (key: SessionKey, keepUntil: number) => void
  /** Forgets the end of the key that signed out first, if there is one more of a subject than {@link MOST_SIGNED_OUT}. Forgotten devices stay out. */
  dropExcess: (subject: string) => (Pick<SessionKey, 'sid' | 'jkt'> & Pick<EndedKey, 'reopens_after'>) | undefined
}>

/** Prepares what ends a session for one key and leaves it to the others. */
export function createEndedKeys({ prepare }: Pick<Connection, 'prepare'>): EndedKeys {
  const find = prepare((db, p: Parameter<SessionKey>) =>
    db
      .selectFrom('ended_keys')
      .select(['keep_until', 'reopens_after'])
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt')),
  )
  const findSession = prepare((db, p: Parameter<SessionKey>) =>
    db
      .selectFrom('sessions')
      .select('reopened_at')
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt')),
  )
  const put = prepare((db, p: Parameter<SessionKey & { keepUntil: number; reopensAfter: number }>) =>
    db
      .insertInto('ended_keys')
      .values({ subject: p('subject'), sid: p('sid'), jkt: p('jkt'), keep_until: p('keepUntil'), reopens_after: p('reopensAfter') })
      .onConflict((conflict) =>
        conflict.columns(['subject', 'sid', 'jkt']).doUpdateSet(({ fn, ref }) => ({
          keep_until: fn('max', [ref('ended_keys.keep_until'), ref('excluded.keep_until')]),
          reopens_after: fn('max', [ref('ended_keys.reopens_after'), ref('excluded.reopens_after')]),
        })),
      ),
  )
  const keep = prepare((db, p: Parameter<SessionKey & { keepUntil: number }>) =>
    db
      .updateTable('ended_keys')
      .set({ keep_until: p('keepUntil') })
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt')),
  )
  const excess = prepare((db, p: Parameter<{ subject: string; most: number }>) =>
    db
      .selectFrom('ended_keys')
      .select(['sid', 'jkt', 'reopens_after'])
      .where('subject', '=', p('subject'))
      .where('sid', '!=', ALL_SESSIONS)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('ended_keys as forgotten')
              .select('forgotten.jkt')
              .whereRef('forgotten.subject', '=', 'ended_keys.subject')
              .where('forgotten.sid', '=', ALL_SESSIONS)
              .whereRef('forgotten.jkt', '=', 'ended_keys.jkt'),
          ),
        ),
      )
      .orderBy('reopens_after', 'desc')
      .orderBy('rowid', 'desc')
      .limit(1)
      .offset(p('most')),
  )
  const drop = prepare((db, p: Parameter<SessionKey>) =>
    db.deleteFrom('ended_keys').where('subject', '=', p('subject')).where('sid', '=', p('sid')).where('jkt', '=', p('jkt')),
  )
  const findOfAll = ({ subject, jkt }: SessionKey) => find.get({ subject, sid: ALL_SESSIONS, jkt })
  return {
    find: (key) => find.get(key),
    findOfAll,
    mark: (key, { now, reopensAfter }) => void put.run({ ...key, keepUntil: now + END_SECONDS, reopensAfter }),
    hasEnded(key, provenAt) {
      const session = findSession.get(key)
      const ends = [find.get(key), findOfAll(key)].filter((end) => end !== undefined)
      return ends.some((end) => session === undefined || provenAt < (session.reopened_at ?? end.reopens_after + 1))
    },
    keep: (key, keepUntil) => void keep.run({ ...key, keepUntil }),
    dropExcess(subject) {
      const first = excess.get({ subject, most: MOST_SIGNED_OUT })
      if (first !== undefined) drop.run({ subject, sid: first.sid, jkt: first.jkt })
      return first
    },
  }
}

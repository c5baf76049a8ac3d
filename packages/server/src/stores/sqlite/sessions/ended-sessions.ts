import type { OnConflictBuilder, OnConflictUpdateBuilder } from 'kysely'
import { END_SECONDS } from '../../retention.ts'
import type { Connection } from '../connection.ts'
import type { Tables } from '../database/schema.ts'
import type { Parameter } from '../database/statements.ts'

/** The end of one session on all its keys, or of several sessions under one name that stands for them. */
export type SessionEnd = Readonly<{
  subject: string
  sid: string
  now: number
  /** Logins given after this instant begin it again; none does if it is null. */
  reopensAfter: number | null
  /** The one key that it does not concern. */
  sparedJkt?: string | undefined
}>

/**
 * What is remembered if a session has ended before: the stricter of both instants, and the spared key of the new end alone. A key that an
 * earlier end spared is not spared by this one.
 */
export const joinEnds = (conflict: OnConflictBuilder<Tables, 'ended_sessions'>): OnConflictUpdateBuilder<Tables, 'ended_sessions'> =>
  conflict.columns(['subject', 'sid']).doUpdateSet(({ fn, ref }) => ({
    keep_until: fn('max', [ref('ended_sessions.keep_until'), ref('excluded.keep_until')]),
    // null, an end for good, if either of them is
    reopens_after: fn('max', [ref('ended_sessions.reopens_after'), ref('excluded.reopens_after')]),
    spared_jkt: ref('excluded.spared_jkt'),
  }))

/**
 * Prepares up to when logins are older than an end at `now`, of one session or of all of a subject: also those that were brought already and
 * were given later by the fast clock of their issuer. To be called before what ends is dropped.
 */
export function createLoginsUntil({
  prepare,
}: Pick<Connection, 'prepare'>): (ending: Readonly<{ subject: string; sid?: string; now: number }>) => number {
  const aheadOf = prepare((db, p: Parameter<{ subject: string }>) =>
    db
      .selectFrom('sessions')
      .select(({ fn }) => fn.max('ahead_until').as('until'))
      .where('subject', '=', p('subject')),
  )
  const aheadIn = prepare((db, p: Parameter<{ subject: string; sid: string }>) =>
    db
      .selectFrom('sessions')
      .select(({ fn }) => fn.max('ahead_until').as('until'))
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid')),
  )
  return ({ subject, sid, now }) => {
    const ahead = sid === undefined ? aheadOf.get({ subject }) : aheadIn.get({ subject, sid })
    return Math.max(now, ahead?.until ?? 0)
  }
}

/** Prepares what remembers the end of a session; to be called within a write. */
export function createMarkEnd({ prepare }: Pick<Connection, 'prepare'>): (end: SessionEnd) => void {
  const put = prepare(
    (db, p: Parameter<{ subject: string; sid: string; keepUntil: number; reopensAfter: number | null; sparedJkt: string | null }>) =>
      db
        .insertInto('ended_sessions')
        .values({
          subject: p('subject'),
          sid: p('sid'),
          keep_until: p('keepUntil'),
          reopens_after: p('reopensAfter'),
          spared_jkt: p('sparedJkt'),
        })
        .onConflict(joinEnds),
  )
  return ({ subject, sid, now, reopensAfter, sparedJkt = null }) =>
    void put.run({ subject, sid, keepUntil: now + END_SECONDS, reopensAfter, sparedJkt })
}

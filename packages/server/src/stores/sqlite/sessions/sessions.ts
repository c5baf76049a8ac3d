import type { SessionKey, SessionStatus, SessionStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'
import { createSessionEnds } from './session-ends.ts'
import { ALL_SESSIONS, issuerOf } from './session-key.ts'

/** A known session is written again when it was last written this many seconds ago: a request is not worth a disk flush. */
const TOUCH_SECONDS = 60

type Touch = Parameters<SessionStore['touch']>[0]

/** Keeps sessions: who was seen, until when, and which were ended. */
export function createSessionStore(connection: Connection): SessionStore {
  const { prepare, read, write } = connection
  const find = prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string }>) =>
    db
      .selectFrom('sessions')
      .select(['account', 'created_at', 'seen_at'])
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt')),
  )
  // keys that share a life were given the same beginning
  const findLives = prepare((db, p: Parameter<{ subject: string; sid: string }>) =>
    db
      .selectFrom('sessions')
      .select(({ fn }) => ['created_at', fn.max('seen_at').as('seen_at')])
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .groupBy('created_at')
      .orderBy('created_at'),
  )
  const findEnded = prepare((db, p: Parameter<{ subject: string; sid: string }>) =>
    db.selectFrom('ended_sessions').select('reopens_after').where('subject', '=', p('subject')).where('sid', '=', p('sid')),
  )
  const put = prepare(
    (
      db,
      p: Parameter<{ subject: string; sid: string; jkt: string; account: string; createdAt: number; seenAt: number; expiresAt: number }>,
    ) =>
      db
        .insertInto('sessions')
        .values({
          subject: p('subject'),
          sid: p('sid'),
          jkt: p('jkt'),
          account: p('account'),
          created_at: p('createdAt'),
          seen_at: p('seenAt'),
          expires_at: p('expiresAt'),
        })
        .onConflict((conflict) =>
          conflict.columns(['subject', 'sid', 'jkt']).doUpdateSet(({ ref }) => ({
            account: ref('excluded.account'),
            created_at: ref('excluded.created_at'),
            seen_at: ref('excluded.seen_at'),
            expires_at: ref('excluded.expires_at'),
          })),
        ),
  )
  const dropOfDevice = (['proofs', 'operations', 'recovery_tickets'] as const).map((table) =>
    prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string }>) =>
      db.deleteFrom(table).where('subject', '=', p('subject')).where('sid', '=', p('sid')).where('jkt', '=', p('jkt')),
    ),
  )
  /** What a touch finds, and whether there is something to write. */
  function look({ key, account, now, idleSeconds, absoluteSeconds, authTime }: Touch): { status: SessionStatus; createdAt?: number } {
    const ended = findEnded.get({ subject: key.subject, sid: key.sid })
    // it stays on record after a new login, so that older tokens are refused then too
    if (ended !== undefined && !isLater(authTime, ended.reopens_after)) return { status: 'ended' }
    const expiryOf = (each: { seen_at: number; created_at: number }) =>
      Math.min(each.seen_at + idleSeconds, each.created_at + absoluteSeconds)
    const isOutlived = (expiresAt: number) => authTime !== undefined && authTime >= expiresAt
    const session = find.get({ ...key })
    // a device that was seen before is told by the end of their own session, or was spared
    if (session === undefined && wasEndedUnseen(key, authTime)) return { status: 'ended' }
    if (session === undefined || now >= expiryOf(session)) {
      if (session !== undefined && !isOutlived(expiryOf(session))) return { status: 'expired' }
      // the login belongs to the first life of the session that had not ended when it was given
      const life = findLives.all({ subject: key.subject, sid: key.sid }).find((each) => !isOutlived(expiryOf(each)))
      if (life === undefined) return { status: 'new', createdAt: now }
      return now >= expiryOf(life) ? { status: 'expired' } : { status: 'new', createdAt: life.created_at }
    }
    const written = now < session.seen_at + TOUCH_SECONDS && account === session.account
    return written ? { status: 'known' } : { status: 'known', createdAt: session.created_at }
  }

  /** Whether a key that was not seen yet comes too late: all sessions of its subject were ended, or all of that name. */
  function wasEndedUnseen({ subject, sid }: SessionKey, authTime: number | undefined): boolean {
    if (findEnded.get({ subject: issuerOf(subject), sid }) !== undefined) return true
    const all = findEnded.get({ subject, sid: ALL_SESSIONS })
    return all !== undefined && authTime !== undefined && !isLater(authTime, all.reopens_after)
  }

  return {
    ...createSessionEnds(connection),
    touch: async (touch) => {
      const seen = await read(() => look(touch))
      if (seen.createdAt === undefined) return seen.status
      return write(() => {
        const { status, createdAt } = look(touch)
        if (createdAt === undefined) return status
        const { key, account, now, idleSeconds, absoluteSeconds } = touch
        // what an expired session had proven does not count for the one that begins
        if (status === 'new') for (const each of dropOfDevice) each.run({ ...key })
        put.run({ ...key, account, createdAt, seenAt: now, expiresAt: Math.min(now + idleSeconds, createdAt + absoluteSeconds) })
        return status
      })
    },
  }
}

function isLater(authTime: number | undefined, reopensAfter: number | null): boolean {
  return authTime !== undefined && reopensAfter !== null && authTime > reopensAfter
}

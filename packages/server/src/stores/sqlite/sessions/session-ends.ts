import { END_SECONDS } from '../../retention.ts'
import { deviceSession } from '../../session-names.ts'
import type { SessionKey, SessionStore, SigningOut } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'
import { createDropOfKey, createDropOfOthers, createDropOfSession } from './belongings.ts'
import { createDropSighting } from './crowd.ts'
import { isOwners, isTrusted } from './earned.ts'
import { createEndedKeys } from './ended-keys.ts'
import { createLoginsUntil, createMarkEnd, joinEnds, type SessionEnd } from './ended-sessions.ts'
import { createForgetting } from './forgotten-devices.ts'
import { createLogins } from './logins.ts'
import { ALL_SESSIONS, issuerOf, UNNAMED_SESSIONS } from './session-key.ts'

/** How a write ends sessions; each is to be called within one. */
type Endings = Readonly<{
  mark: (end: SessionEnd) => void
  end: (end: SessionEnd) => void
  /** Ends the session of a key that signs itself out, or what concerns that key alone: see {@link SigningOut}. */
  signOut: (input: SessionEnd & Readonly<{ signedOut: SigningOut }>) => void
  endAll: (input: Parameters<SessionStore['endAll']>[0]) => void
}>

/** Stands for none that is spared: no session has an empty name. */
const NO_SESSION = { sid: '', jkt: '' }

/**
 * Whether a key is in no session: it was ended, made room for another key or signed out, which not every key leaves an end of. With `provenAt`: for
 * a proof given then, because a later login may have begun the session again.
 */
export type HasEnded = (key: SessionKey, provenAt?: number) => boolean

/** Prepares the question whether a session was ended; to be asked within a read or write. */
export function createHasEnded({ prepare }: Pick<Connection, 'prepare'>): HasEnded {
  const endedKeys = createEndedKeys({ prepare })
  const find = prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string; provenAt: number }>) =>
    db
      .selectFrom('ended_sessions')
      .select('sid')
      .where('subject', '=', p('subject'))
      .where((row) => row.or([row('sid', '=', p('sid')), row('sid', '=', ALL_SESSIONS)]))
      .where((row) => row('spared_jkt', 'is distinct from', p('jkt')))
      // a session that was spared or began since is among the open ones; it goes on for what was proven after it was ended by name
      .where(({ not, and, or, eb, exists, selectFrom }) =>
        not(
          and([
            exists(
              selectFrom('sessions')
                .select('sid')
                .where('subject', '=', p('subject'))
                .where('sid', '=', p('sid'))
                .where('jkt', '=', p('jkt'))
                .where('reopened_at', 'is', null),
            ),
            or([eb('sid', '=', ALL_SESSIONS), eb(eb.fn.coalesce('reopens_after', eb.val(Number.MAX_SAFE_INTEGER)), '<', p('provenAt'))]),
          ]),
        ),
      )
      // one that a sign-in began again for this key goes on for what was proven since
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('sessions')
              .select('sid')
              .where('subject', '=', p('subject'))
              .where('sid', '=', p('sid'))
              .where('jkt', '=', p('jkt'))
              .where('reopened_at', '<=', p('provenAt')),
          ),
        ),
      ),
  )
  const isIn = prepare((db, p: Parameter<SessionKey>) =>
    db.selectFrom('sessions').select('jkt').where('subject', '=', p('subject')).where('sid', '=', p('sid')).where('jkt', '=', p('jkt')),
  )
  return ({ subject, sid, jkt }, provenAt = Number.POSITIVE_INFINITY) =>
    isIn.get({ subject, sid, jkt }) === undefined ||
    find.get({ subject, sid, jkt, provenAt }) !== undefined ||
    endedKeys.hasEnded({ subject, sid, jkt }, provenAt)
}

/** Prepares what ends sessions, for the verbs that do it beside something else. */
export function createEndings(connection: Connection): Endings {
  const { prepare, append, enqueue } = connection
  const { give } = createLogins(connection)
  const { forgetAllBut } = createForgetting(connection)
  const mark = createMarkEnd(connection)
  const loginsUntil = createLoginsUntil(connection)
  const dropSession = createDropOfSession(connection)
  const dropOthers = createDropOfOthers(connection)
  const dropKey = createDropOfKey(connection)
  const endedKeys = createEndedKeys(connection)
  const earned = prepare((db, p: Parameter<SessionKey>) =>
    db
      .selectFrom('sessions')
      .select((row) => [
        row.case().when(isOwners(row)).then(1).else(0).end().as('is_owners'),
        row.case().when(isTrusted(row)).then(1).else(0).end().as('is_trusted'),
      ])
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt')),
  )
  const dropSighting = createDropSighting(connection)
  const markAllBut = prepare((db, p: Parameter<{ subject: string; sid: string; reopensAfter: number; keepUntil: number }>) =>
    db
      .insertInto('ended_sessions')
      .columns(['subject', 'sid', 'keep_until', 'reopens_after', 'spared_jkt'])
      .expression((from) =>
        from
          .selectFrom('sessions')
          .select(({ eb, val }) => [
            'subject',
            'sid',
            eb.cast<number>(val(p('keepUntil')), 'integer').as('keep_until'),
            eb.cast<number>(val(p('reopensAfter')), 'integer').as('reopens_after'),
            eb.lit(null).as('spared_jkt'),
          ])
          .distinct()
          .where('subject', '=', p('subject'))
          .where('sid', '!=', p('sid')),
      )
      .onConflict(joinEnds),
  )

  function end(ending: SessionEnd): void {
    const { subject, sid, now, reopensAfter } = ending
    mark({ ...ending, reopensAfter: reopensAfter === null ? null : Math.max(reopensAfter, loginsUntil({ subject, sid, now })) })
    dropSession(ending)
  }

  /** Ends a session for a key alone; how many such ends a subject leaves is bounded. */
  function signOutKey(key: SessionKey, now: number): void {
    const { subject, sid } = key
    endedKeys.mark(key, { now, reopensAfter: loginsUntil({ subject, sid, now }) })
    const first = endedKeys.dropExcess(subject)
    if (first !== undefined && first.sid === deviceSession(first.jkt))
      mark({ subject, sid: UNNAMED_SESSIONS, now, reopensAfter: first.reopens_after })
  }

  return {
    mark,
    end,
    signOut: ({ signedOut: { jkt, confirmed }, ...ending }) => {
      const { subject, sid, now, reopensAfter } = ending
      const key = { subject, sid, jkt }
      const { is_owners, is_trusted } = earned.get(key) ?? { is_owners: 0, is_trusted: 0 }
      const isUnnamed = sid === deviceSession(jkt)
      if (is_owners === 1 && (!isUnnamed || reopensAfter === null)) return end(ending)
      const isRemembered = confirmed || is_owners === 1 || is_trusted === 1
      if (isRemembered) signOutKey(key, now)
      dropKey(key)
      // with the same token any other key could come
      if (!isRemembered) dropSighting.run({ subject, jkt })
    },
    endAll: ({ subject, except, forgetDevices = false, now, change, notices }) => {
      const { sid, jkt } = except ?? NO_SESSION
      const reopensAfter = loginsUntil({ subject, now })
      markAllBut.run({ subject, sid, reopensAfter, keepUntil: now + END_SECONDS })
      dropOthers({ subject, sid, jkt })
      if (except !== undefined) {
        // it goes on here, and not on other devices; the login belongs to this one from here on
        mark({ subject, sid, now, reopensAfter, sparedJkt: jkt })
        give({ subject, sid, jkt }, now)
      }
      mark({ subject, sid: ALL_SESSIONS, now, reopensAfter })
      if (forgetDevices) forgetAllBut({ subject, jkt, now })
      append(change)
      enqueue(notices)
    },
  }
}

/** Ends sessions, and tells which are open. */
export function createSessionEnds(connection: Connection): Omit<SessionStore, 'touch' | 'reopen' | 'isEndedByIssuer'> {
  const { prepare, read, write, append } = connection
  const { mark, end, signOut, endAll } = createEndings(connection)
  const loginsUntil = createLoginsUntil(connection)
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
  const keysOf = prepare((db, p: Parameter<{ subject: string }>) =>
    db.selectFrom('sessions').select(['sid', 'jkt']).where('subject', '=', p('subject')).orderBy('sid'),
  )
  const find = prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string }>) =>
    db
      .selectFrom('sessions')
      .select('expires_at')
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt')),
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
    end: ({ subject, sid, signedOut, now, reopensAfter = null, change }) =>
      write(() => {
        if (signedOut === undefined) end({ subject, sid, now, reopensAfter })
        else signOut({ subject, sid, signedOut, now, reopensAfter })
        append(change)
      }),
    endAll: (input) => write(() => endAll(input)),
    endNamed: ({ issuer, sid, subject: owner, now, change }) =>
      write(() => {
        const from = issuerOf(`${issuer}|`)
        const reopensAfter = owner === undefined ? now : loginsUntil({ subject: owner, now })
        const before = `${issuer}}`
        for (const { subject } of subjectsIn.all({ sid, from, before })) {
          end({ subject, sid, now, reopensAfter: null })
          append(change(subject, sid))
        }
        mark({ subject: from, sid, now, reopensAfter: null })
        if (owner === undefined) return
        for (const each of keysOf.all({ subject: owner })) {
          if (each.sid !== deviceSession(each.jkt)) continue
          end({ subject: owner, sid: each.sid, now, reopensAfter })
          append(change(owner, each.sid))
        }
        mark({ subject: owner, sid: UNNAMED_SESSIONS, now, reopensAfter })
      }),
    expiresAt: (key) => read(() => find.get({ ...key })?.expires_at ?? null),
    list: ({ subject, now }) =>
      read(() =>
        openOf.all({ subject, now }).map(({ sid, jkt, created_at, seen_at }) => ({ sid, jkt, createdAt: created_at, seenAt: seen_at })),
      ),
  }
}

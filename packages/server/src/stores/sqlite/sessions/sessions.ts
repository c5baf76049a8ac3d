import { END_SECONDS, OWNER_SLACK_SECONDS } from '../../retention.ts'
import type { LoginVoucher, SessionKey, SessionSeen, SessionStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'
import { createDropOfFormerLife } from './belongings.ts'
import { createRoomFor, FREE } from './crowd.ts'
import { createEndedKeys } from './ended-keys.ts'
import { createLogins } from './logins.ts'
import { createReopening } from './reopening.ts'
import { createSessionEnds } from './session-ends.ts'
import { ALL_SESSIONS, issuerOf, UNNAMED_SESSIONS } from './session-key.ts'

/** A known session is written again when it was last written this many seconds ago: a request is not worth a disk flush. */
const TOUCH_SECONDS = 60

type Touch = Parameters<SessionStore['touch']>[0]

/** When the login that a key brings was given, as far as that can begin a session again, and what says that it is of this key. */
type Login = Readonly<{ since: number | undefined; voucher: LoginVoucher }>

/** What a touch finds, and what there is to write. */
type Found = SessionSeen & Readonly<{ writes: readonly (() => void)[] }>

type EndedSession = Readonly<{ subject: string; sid: string; keep_until: number }>

/** An end, until when it is remembered, and how it is remembered for longer. */
type KeptEnd = Readonly<{ until: number; keep: (keepUntil: number) => void }>

/** Keeps sessions: who was seen, until when, and which were ended. */
export function createSessionStore(connection: Connection): SessionStore {
  const { prepare, read, write, enqueue } = connection
  const find = prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string }>) =>
    db
      .selectFrom('sessions')
      .select(['account', 'created_at', 'seen_at', 'login', 'reopened_at', 'ahead_until'])
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt')),
  )
  // keys that share a life were given the same beginning
  const findNextLife = prepare((db, p: Parameter<{ subject: string; sid: string; after: number }>) =>
    db
      .selectFrom('sessions')
      .select(['created_at', 'seen_at'])
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('created_at', '=', ({ selectFrom }) =>
        selectFrom('sessions')
          .select(({ fn }) => fn.min('created_at').as('created_at'))
          .where('subject', '=', p('subject'))
          .where('sid', '=', p('sid'))
          .where('created_at', '>', p('after')),
      )
      .orderBy('seen_at', 'desc')
      .limit(1),
  )
  const findEnded = prepare((db, p: Parameter<{ subject: string; sid: string }>) =>
    db
      .selectFrom('ended_sessions')
      .select(['subject', 'sid', 'reopens_after', 'spared_jkt', 'keep_until'])
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid')),
  )
  const keepEnded = prepare((db, p: Parameter<{ subject: string; sid: string; keepUntil: number }>) =>
    db
      .updateTable('ended_sessions')
      .set({ keep_until: p('keepUntil') })
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid')),
  )
  const put = prepare(
    (
      db,
      p: Parameter<{
        subject: string
        sid: string
        jkt: string
        account: string
        createdAt: number
        seenAt: number
        expiresAt: number
        login: LoginVoucher
        aheadUntil: number | null
      }>,
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
          login: p('login'),
          ahead_until: p('aheadUntil'),
        })
        .onConflict((conflict) =>
          conflict.columns(['subject', 'sid', 'jkt']).doUpdateSet(({ ref }) => ({
            account: ref('excluded.account'),
            created_at: ref('excluded.created_at'),
            seen_at: ref('excluded.seen_at'),
            expires_at: ref('excluded.expires_at'),
            login: ref('excluded.login'),
            ahead_until: ref('excluded.ahead_until'),
            due_at: null,
          })),
        ),
  )
  const dropFormerLife = createDropOfFormerLife(connection)
  const logins = createLogins(connection)
  const endedKeys = createEndedKeys(connection)
  const roomFor = createRoomFor(connection)

  /** What a touch comes with, and the session of its key. */
  type Look = Login & Readonly<{ touch: Touch; session: ReturnType<typeof find.get> }>

  /** What a touch finds, and what there is to write. */
  function look(touch: Touch): Found {
    const { login, claim } = logins.find(touch.key, touch.login, touch.now)
    const { sid, authTime, issuedAt } = touch.login
    // a login of another key says nothing of this one: it begins no session again
    const isUndated = sid === undefined && authTime === undefined
    const since = isUndated ? issuedAt : login === 'none' ? undefined : authTime
    const session = find.get({ ...touch.key })
    const found = endOf({ touch, session, since, voucher: login }) ?? lifeOf({ touch, session, since, voucher: login })
    if (found.status === 'new' || found.status === 'known') {
      const { reopened_at: reopenedAt = null } = session ?? {}
      // what was proven with an older login ended with the session
      const counts = reopenedAt === null || (touch.login.authTime ?? 0) >= reopenedAt
      return { ...found, login: counts ? login : 'none', writes: [...found.writes, ...(claim ? [claim] : [])] }
    }
    return { ...found, login: 'none' }
  }

  /** The end that keeps a key out. It stays on record after a later login, so that older tokens are refused then too. */
  function endOf({ touch, session, since, voucher }: Look): Found | undefined {
    const { key, now } = touch
    const { sid: name, authTime, issuedAt } = touch.login
    const { subject, sid, jkt } = key
    // whatever ends it after it began again takes the row of its key
    if (session !== undefined && session.reopened_at !== null) return undefined
    const own = findEnded.get({ subject, sid })
    if (own !== undefined && own.spared_jkt !== jkt && !isLater(since, own.reopens_after)) return ended(key, now, own)
    const ofKey = endedKeys.find(key)
    // the session goes on for other keys: one that is out is the first to bring none of its logins
    const back = name === undefined || voucher === 'issuer' ? since : undefined
    if (ofKey !== undefined && !isLater(back, ofKey.reopens_after))
      return endedUntil(now, [{ until: ofKey.keep_until, keep: (keepUntil) => endedKeys.keep(key, keepUntil) }])
    // a device that was seen before is told by the end of its own session, or was spared
    if (session !== undefined) return undefined
    const named = findEnded.get({ subject: issuerOf(subject), sid })
    if (named !== undefined) return ended(key, now, named)
    const several = [ALL_SESSIONS, ...(name === undefined ? [UNNAMED_SESSIONS] : [])].map((each) => findEnded.get({ subject, sid: each }))
    // the login of a token that does not say when it was given is no newer than the token
    const givenAt = authTime ?? issuedAt
    const end = several.find((each) => each !== undefined && !isLater(givenAt, each.reopens_after))
    if (end !== undefined) return ended(key, now, end)
    const forgotten = endedKeys.findOfAll(key)
    if (forgotten === undefined || isLater(givenAt, forgotten.reopens_after)) return undefined
    const ofAll = { subject, sid: ALL_SESSIONS, jkt }
    return endedUntil(now, [{ until: forgotten.keep_until, keep: (keepUntil) => endedKeys.keep(ofAll, keepUntil) }])
  }

  /** An end by its issuer is remembered with every other one of the same session: no sign-in begins that again. */
  function ended(key: SessionKey, now: number, end: EndedSession): Found {
    const named = findEnded.get({ subject: issuerOf(key.subject), sid: key.sid })
    return endedUntil(
      now,
      [end, ...(named === undefined ? [] : [named])].map(({ subject, sid, keep_until: until }) => ({
        until,
        keep: (keepUntil) => void keepEnded.run({ subject, sid, keepUntil }),
      })),
    )
  }

  /** The life of the session that a key is in, or that its login begins. */
  function lifeOf({ touch, session, since, voucher }: Look): Found {
    const { key, account, now, idleSeconds, absoluteSeconds, active, notices } = touch
    const { authTime, issuedAt } = touch.login
    const expiryOf = (each: { seen_at: number; created_at: number }) =>
      Math.min(each.seen_at + idleSeconds, each.created_at + absoluteSeconds)
    const isOutlived = (each: { seen_at: number; created_at: number }) => since !== undefined && since >= expiryOf(each)
    const expired: Found = { status: 'expired', login: 'none', writes: [] }
    // what has once vouched for a key is kept: a token that says less takes nothing away
    const login = session === undefined || session.login === 'none' ? voucher : session.login
    const givenAt = authTime ?? issuedAt
    const ahead = session?.ahead_until ?? null
    const aheadUntil = givenAt > Math.max(now, ahead ?? 0) ? givenAt : ahead
    const goOn = (status: 'new' | 'known', life: { seen_at: number; created_at: number }): Found => {
      const expiresAt = expiryOf(life)
      const writes = [
        () => void put.run({ ...key, account, createdAt: life.created_at, seenAt: life.seen_at, expiresAt, login, aheadUntil }),
      ]
      const drop = () => dropFormerLife({ key, endedAt: session === undefined ? 0 : expiryOf(session) })
      if (status === 'known') return { status, login: 'none', expiresAt, writes }
      const room = session === undefined ? roomFor(key, login, now) : FREE
      if (room === undefined) return { status: 'crowded', login: 'none', writes: [] }
      if (room.putsOut && notices === undefined) return { status: 'full', login: 'none', writes: [] }
      const told = room.putsOut ? [() => enqueue(notices)] : []
      return { status, login: 'none', expiresAt, writes: [room.make, ...told, drop, ...writes] }
    }
    const used = (life: { seen_at: number; created_at: number }) => ({ ...life, seen_at: active ? now : life.seen_at })

    if (session !== undefined && now < expiryOf(session)) {
      const isNoted = account === session.account && login === session.login && aheadUntil === ahead
      const isWritten = isNoted && !(active && now >= session.seen_at + TOUCH_SECONDS)
      return isWritten ? { status: 'known', login: 'none', expiresAt: expiryOf(session), writes: [] } : goOn('known', used(session))
    }
    if (session !== undefined && !isOutlived(session)) return expired
    // the login belongs to the first life of the session that had not ended when it was given
    const { subject, sid } = key
    let life = findNextLife.get({ subject, sid, after: -1 })
    while (life !== undefined && isOutlived(life)) life = findNextLife.get({ subject, sid, after: life.created_at })
    if (life === undefined) return goOn('new', { seen_at: now, created_at: now })
    return now >= expiryOf(life) ? expired : goOn('new', used(life))
  }

  return {
    ...createSessionEnds(connection),
    ...createReopening(connection),
    touch: async (touch) => {
      const { writes, ...seen } = await read(() => look(touch))
      if (writes.length === 0) return seen
      if (touch.readsOnly) return { status: 'unwritten', login: 'none' }
      return write(() => {
        const { writes, ...seen } = look(touch)
        for (const each of writes) each()
        return seen
      })
    },
  }
}

/** Remembers ends for as long again when somebody comes with them, at most once a month. */
function endedUntil(now: number, ends: readonly KeptEnd[]): Found {
  const keepUntil = now + END_SECONDS
  const lapsing = ends.filter(({ until }) => until < keepUntil - OWNER_SLACK_SECONDS)
  return {
    status: 'ended',
    login: 'none',
    writes: lapsing.map(
      ({ keep }) =>
        () =>
          keep(keepUntil),
    ),
  }
}

function isLater(since: number | undefined, reopensAfter: number | null): boolean {
  return since !== undefined && reopensAfter !== null && since > reopensAfter
}

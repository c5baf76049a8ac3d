import { deviceSession } from '../../session-names.ts'
import { MOST_KEYS } from '../../session-records.ts'
import type { LoginVoucher, SessionKey } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'
import { createDropOfKey } from './belongings.ts'
import { isTrusted } from './earned.ts'
import { createMarkEnd } from './ended-sessions.ts'

/** How many keys are looked at to find one that goes: owners of logins come on top of the most, and older versions knew none. */
const LOOKED_AT = 2 * MOST_KEYS

/** A key that goes to make room. */
type Going = SessionKey & Readonly<{ login: LoginVoucher; expires_at: number }>

/** Room for one more key. */
type Room = Readonly<{
  /** Makes the room, within a write. */
  make: () => void
  /** Whether a key goes for it that has not expired. */
  putsOut: boolean
}>

/** Finds room for a key that is new to a subject, within a read or a write; `undefined` if there is none. */
export type RoomFor = (key: SessionKey, login: LoginVoucher, now: number) => Room | undefined

/** Room that there is. */
export const FREE: Room = { make: () => undefined, putsOut: false }

/** Prepares what forgets how a device key calls itself, unless it is a known device; to be run within a write. */
export function createDropSighting({ prepare }: Pick<Connection, 'prepare'>): Readonly<{
  run: (device: Readonly<{ subject: string; jkt: string }>) => unknown
}> {
  return prepare((db, p: Parameter<{ subject: string; jkt: string }>) =>
    db
      .deleteFrom('device_sightings')
      .where('subject', '=', p('subject'))
      .where('jkt', '=', p('jkt'))
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('devices').select('jkt').where('subject', '=', p('subject')).where('jkt', '=', p('jkt')))),
      ),
  )
}

/** Prepares what bounds the keys of a subject. */
export function createRoomFor({ prepare }: Pick<Connection, 'prepare'>): RoomFor {
  const some = prepare((db, p: Parameter<{ subject: string; most: number }>) =>
    db
      .selectFrom((from) => from.selectFrom('sessions').select('jkt').where('subject', '=', p('subject')).limit(p('most')).as('some'))
      .select(({ fn }) => fn.countAll<number>().as('count')),
  )
  const ofSession = prepare((db, p: Parameter<{ subject: string; sid: string; lookedAt: number }>) =>
    db
      .selectFrom((from) =>
        from
          .selectFrom('sessions')
          .select(['subject', 'sid', 'jkt', 'login', 'seen_at', 'expires_at'])
          .where('subject', '=', p('subject'))
          .where('sid', '=', p('sid'))
          .where('login', '=', 'none')
          .where((row) => row.not(isTrusted(row)))
          .limit(p('lookedAt'))
          .as('some'),
      )
      .select(['subject', 'sid', 'jkt', 'login', 'expires_at'])
      .orderBy('seen_at')
      .limit(1),
  )
  // in the order of the index: it reads on until one is found, and those that are passed by have proven something
  const ofLogin = prepare((db, p: Parameter<{ subject: string; login: LoginVoucher }>) =>
    db
      .selectFrom('sessions')
      .select(['subject', 'sid', 'jkt', 'login', 'expires_at'])
      .where('subject', '=', p('subject'))
      .where('login', '=', p('login'))
      .where((row) => row.not(isTrusted(row)))
      .orderBy('seen_at')
      .limit(1),
  )
  const expired = prepare((db, p: Parameter<{ subject: string; now: number; lookedAt: number }>) =>
    db
      .selectFrom((from) =>
        from
          .selectFrom('sessions')
          .select(['subject', 'sid', 'jkt', 'login', 'seen_at', 'expires_at'])
          .where('subject', '=', p('subject'))
          .limit(p('lookedAt'))
          .as('some'),
      )
      .select(['subject', 'sid', 'jkt', 'login', 'expires_at'])
      .where('expires_at', '<=', p('now'))
      .orderBy('seen_at')
      .limit(1),
  )
  const dropKey = createDropOfKey({ prepare })
  const dropSighting = createDropSighting({ prepare })
  const others = prepare((db, p: Parameter<{ subject: string; sid: string }>) =>
    db.selectFrom('sessions').select('jkt').where('subject', '=', p('subject')).where('sid', '=', p('sid')).limit(1),
  )
  const mark = createMarkEnd({ prepare })

  /** Who goes; `undefined` if nobody does. */
  function goingFor({ subject, sid }: SessionKey, login: LoginVoucher, now: number): Going | undefined {
    return (
      ofSession.get({ subject, sid, lookedAt: LOOKED_AT }) ??
      ofLogin.get({ subject, login: 'none' }) ??
      expired.get({ subject, now, lookedAt: LOOKED_AT }) ??
      (login === 'issuer' ? ofLogin.get({ subject, login }) : undefined)
    )
  }

  function leave({ subject, sid, jkt, login, expires_at }: Going, now: number): void {
    dropKey({ subject, sid, jkt })
    dropSighting.run({ subject, jkt })
    // a session without a name is no more than its key, and any other key can begin one
    const isRemembered = sid !== deviceSession(jkt) || (login !== 'none' && expires_at <= now)
    // as after a sweep: an older login does not begin again what has expired, nor draws out what was open
    if (isRemembered && others.get({ subject, sid }) === undefined) mark({ subject, sid, now, reopensAfter: Math.min(expires_at - 1, now) })
  }

  return (key, login, now) => {
    const { subject } = key
    if ((some.get({ subject, most: MOST_KEYS })?.count ?? 0) < MOST_KEYS) return FREE
    const going = goingFor(key, login, now)
    if (going !== undefined) return { make: () => leave(going, now), putsOut: going.expires_at > now }
    return login === 'none' ? undefined : FREE
  }
}

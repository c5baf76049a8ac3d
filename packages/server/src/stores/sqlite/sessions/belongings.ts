import type { SessionKey } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'

/** What was proven, begun and let in with a key in a session. */
const BELONGINGS = ['proofs', 'operations', 'registrations', 'recovery_tickets'] as const
/** The same with the session of the key. */
const ALL_OF_IT = [...BELONGINGS, 'step_ups', 'sessions'] as const

/** Prepares what drops the sessions of a key in one session with all that belongs to it; to be called within a write. */
export function createDropOfKey({ prepare }: Pick<Connection, 'prepare'>): (key: SessionKey) => void {
  const drops = ALL_OF_IT.map((table) =>
    prepare((db, p: Parameter<SessionKey>) =>
      db.deleteFrom(table).where('subject', '=', p('subject')).where('sid', '=', p('sid')).where('jkt', '=', p('jkt')),
    ),
  )
  return (key) => {
    for (const each of drops) each.run({ ...key })
  }
}

/**
 * Prepares what drops all that belongs to a key in a session whose life is over, and leaves the session: it begins again. A step-up that was
 * started at `endedAt` or later stays, because it is of no former life: another page may be about to sign in with it.
 */
export function createDropOfFormerLife({
  prepare,
}: Pick<Connection, 'prepare'>): (input: Readonly<{ key: SessionKey; endedAt: number }>) => void {
  const drops = BELONGINGS.map((table) =>
    prepare((db, p: Parameter<SessionKey>) =>
      db.deleteFrom(table).where('subject', '=', p('subject')).where('sid', '=', p('sid')).where('jkt', '=', p('jkt')),
    ),
  )
  const dropStepUps = prepare((db, p: Parameter<SessionKey & { endedAt: number }>) =>
    db
      .deleteFrom('step_ups')
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt'))
      .where('created_at', '<', p('endedAt')),
  )
  return ({ key, endedAt }) => {
    for (const each of drops) each.run({ ...key })
    dropStepUps.run({ ...key, endedAt })
  }
}

/** Prepares what drops every session of a device key, with all that belongs to it in any of them; to be called within a write. */
export function createDropOfDevice({
  prepare,
}: Pick<Connection, 'prepare'>): (device: Readonly<Pick<SessionKey, 'subject' | 'jkt'>>) => void {
  const drops = ALL_OF_IT.map((table) =>
    prepare((db, p: Parameter<Pick<SessionKey, 'subject' | 'jkt'>>) =>
      db.deleteFrom(table).where('subject', '=', p('subject')).where('jkt', '=', p('jkt')),
    ),
  )
  return ({ subject, jkt }) => {
    for (const each of drops) each.run({ subject, jkt })
  }
}

/** Prepares what drops a session on all its keys, with all that belongs to them; to be called within a write. */
export function createDropOfSession({ prepare }: Pick<Connection, 'prepare'>): (session: Pick<SessionKey, 'subject' | 'sid'>) => void {
  const drops = ALL_OF_IT.map((table) =>
    prepare((db, p: Parameter<Pick<SessionKey, 'subject' | 'sid'>>) =>
      db.deleteFrom(table).where('subject', '=', p('subject')).where('sid', '=', p('sid')),
    ),
  )
  return ({ subject, sid }) => {
    for (const each of drops) each.run({ subject, sid })
  }
}

/** Prepares what drops every session of a subject apart from that of one key; to be called within a write. */
export function createDropOfOthers({ prepare }: Pick<Connection, 'prepare'>): (spared: SessionKey) => void {
  const drops = ALL_OF_IT.map((table) =>
    prepare((db, p: Parameter<SessionKey>) =>
      db
        .deleteFrom(table)
        .where('subject', '=', p('subject'))
        .where((row) => row.or([row('sid', '!=', p('sid')), row('jkt', '!=', p('jkt'))])),
    ),
  )
  return (spared) => {
    for (const each of drops) each.run({ ...spared })
  }
}

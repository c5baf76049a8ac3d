import type { Level, Method } from '@stile/protocol'
import type { BoundBy, RegistrationRecord, RegistrationStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Tables } from '../database/schema.ts'
import type { Parameter } from '../database/statements.ts'
import { keyOf } from './session-key.ts'

/** Keeps enrolments that have begun. */
export function createRegistrationStore({ prepare, read, write }: Connection): RegistrationStore {
  const insert = prepare(
    (
      db,
      p: Parameter<{
        id: string
        subject: string
        sid: string
        jkt: string
        method: string
        secret: string
        boundMethod: string
        boundLevel: string
        createdAt: number
        expiresAt: number
      }>,
    ) =>
      db.insertInto('registrations').values({
        id: p('id'),
        subject: p('subject'),
        sid: p('sid'),
        jkt: p('jkt'),
        method: p('method'),
        secret: p('secret'),
        bound_method: p('boundMethod'),
        bound_level: p('boundLevel'),
        created_at: p('createdAt'),
        expires_at: p('expiresAt'),
      }),
  )
  const find = prepare((db, p: Parameter<{ id: string }>) => db.selectFrom('registrations').selectAll().where('id', '=', p('id')))
  const take = prepare((db, p: Parameter<{ id: string }>) => db.deleteFrom('registrations').where('id', '=', p('id')).returningAll())
  const dropOwn = prepare((db, p: Parameter<{ id: string; subject: string; sid: string; jkt: string }>) =>
    db
      .deleteFrom('registrations')
      .where('id', '=', p('id'))
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt')),
  )
  return {
    create: ({ id, key, method, secret, boundBy, createdAt, expiresAt }) =>
      write(() => {
        dropOwn.run({ id, ...keyOf(key) })
        insert.run({ id, ...keyOf(key), method, secret, boundMethod: boundBy.method, boundLevel: boundBy.level, createdAt, expiresAt })
      }),
    get: (id) => read(() => recordOf(find.get({ id }))),
    take: (id) => write(() => recordOf(take.get({ id }))),
  }
}

function recordOf(row: Omit<Tables['registrations'], 'rowid'> | undefined): RegistrationRecord | null {
  if (row === undefined) return null
  return {
    id: row.id,
    key: keyOf(row),
    method: row.method as Method,
    secret: row.secret,
    boundBy: { method: row.bound_method as BoundBy['method'], level: row.bound_level as Level },
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}

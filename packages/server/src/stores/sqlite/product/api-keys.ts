import type { ApiKeyRecord, ApiKeyScope, ApiKeyStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Tables } from '../database/schema.ts'
import type { Parameter } from '../database/statements.ts'

/** Keeps the hashes of machine keys. */
export function createApiKeyStore({ prepare, read, write }: Connection): ApiKeyStore {
  const insert = prepare(
    (
      db,
      p: Parameter<{
        id: string
        hash: string
        name: string
        scope: string
        audience: string | null
        createdAt: number
        expiresAt: number
        revokedAt: number | null
      }>,
    ) =>
      db.insertInto('api_keys').values({
        id: p('id'),
        hash: p('hash'),
        name: p('name'),
        scope: p('scope'),
        audience: p('audience'),
        created_at: p('createdAt'),
        expires_at: p('expiresAt'),
        revoked_at: p('revokedAt'),
      }),
  )
  const find = prepare((db, p: Parameter<{ hash: string }>) => db.selectFrom('api_keys').selectAll().where('hash', '=', p('hash')))
  const all = prepare((db) => db.selectFrom('api_keys').selectAll().orderBy('created_at').orderBy('id'))
  const revoke = prepare((db, p: Parameter<{ id: string; now: number }>) =>
    db
      .updateTable('api_keys')
      .set(({ fn, val }) => ({ revoked_at: fn.coalesce('revoked_at', val(p('now'))) }))
      .where('id', '=', p('id')),
  )
  return {
    create: ({ audience = null, revokedAt = null, ...record }) =>
      write(() => {
        insert.run({ ...record, audience, revokedAt })
      }),
    findByHash: (hash) =>
      read(() => {
        const row = find.get({ hash })
        return row === undefined ? null : recordOf(row)
      }),
    list: () => read(() => all.all({}).map(recordOf)),
    revoke: ({ id, now }) => write(() => revoke.run({ id, now }) === 1),
  }
}

function recordOf(row: Tables['api_keys']): ApiKeyRecord {
  return {
    id: row.id,
    hash: row.hash,
    name: row.name,
    scope: row.scope as ApiKeyScope,
    ...(row.audience !== null && { audience: row.audience }),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ...(row.revoked_at !== null && { revokedAt: row.revoked_at }),
  }
}

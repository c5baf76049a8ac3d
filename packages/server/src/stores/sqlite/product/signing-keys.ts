import type { SigningKeyRecord, SigningKeyStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'

/** Keeps the keys that sign tokens. */
export function createSigningKeyStore({ prepare, read, write, append }: Connection): SigningKeyStore {
  const all = prepare((db) => db.selectFrom('signing_keys').selectAll().orderBy('active_from'))
  const insert = prepare(
    (db, p: Parameter<{ kid: string; publicJwk: string; sealedPrivateJwk: string; createdAt: number; activeFrom: number }>) =>
      db
        .insertInto('signing_keys')
        .values({
          kid: p('kid'),
          public_jwk_json: p('publicJwk'),
          sealed_private_jwk: p('sealedPrivateJwk'),
          created_at: p('createdAt'),
          active_from: p('activeFrom'),
        })
        .onConflict((conflict) => conflict.column('active_from').doNothing()),
  )
  const remove = prepare((db, p: Parameter<{ kid: string }>) => db.deleteFrom('signing_keys').where('kid', '=', p('kid')))
  const add = ({ publicJwk, ...record }: SigningKeyRecord): boolean => insert.run({ ...record, publicJwk: JSON.stringify(publicJwk) }) === 1
  return {
    list: () =>
      read(() =>
        all.all({}).map((row) => ({
          kid: row.kid,
          publicJwk: JSON.parse(row.public_jwk_json) as Record<string, unknown>,
          sealedPrivateJwk: row.sealed_private_jwk,
          createdAt: row.created_at,
          activeFrom: row.active_from,
        })),
      ),
    create: (record) => write(() => add(record)),
    publish: ({ record, change }) =>
      write(() => {
        const added = add(record)
        if (added) append(change)
        return added
      }),
    withdrawAll: ({ replacement, at }) =>
      write(() => {
        const withdrawn = all.all({}).map(({ kid }) => kid)
        for (const kid of withdrawn) remove.run({ kid })
        add(replacement)
        append({ at, type: 'keys', withdrawn })
        return withdrawn
      }),
    retire: ({ kids }) =>
      write(() => {
        for (const kid of kids) remove.run({ kid })
      }),
  }
}

import type { Level, Method } from '@stile/protocol'
import type { ProofStore, SessionKey, StoredProof } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'
import { createHasEnded } from './session-ends.ts'

/** Keeps the newest proof per (method, level) of a key; to be called within a write. False if a newer one is kept. */
export type KeepNewest = (key: SessionKey, proof: StoredProof) => boolean

/** Prepares what keeps a proof. */
export function createKeepNewest({ prepare }: Pick<Connection, 'prepare'>): KeepNewest {
  const keep = prepare(
    (
      db,
      p: Parameter<{
        subject: string
        sid: string
        jkt: string
        method: string
        level: string
        amr: string
        authTime: number
        authenticatorId: string | null
      }>,
    ) =>
      db
        .insertInto('proofs')
        .values({
          subject: p('subject'),
          sid: p('sid'),
          jkt: p('jkt'),
          method: p('method'),
          level: p('level'),
          amr_json: p('amr'),
          auth_time: p('authTime'),
          authenticator_id: p('authenticatorId'),
        })
        .onConflict((conflict) =>
          conflict
            .columns(['subject', 'sid', 'jkt', 'method', 'level'])
            .doUpdateSet(({ ref }) => ({
              amr_json: ref('excluded.amr_json'),
              auth_time: ref('excluded.auth_time'),
              authenticator_id: ref('excluded.authenticator_id'),
            }))
            .whereRef('excluded.auth_time', '>=', 'proofs.auth_time'),
        ),
  )
  return (key, { method, level, amr, authTime, authenticatorId = null }) =>
    keep.run({ ...key, method, level, amr: JSON.stringify(amr), authTime, authenticatorId }) === 1
}

/** Keeps what each session has proven on each device. */
export function createProofStore(connection: Connection): ProofStore {
  const { prepare, read, write, append } = connection
  const hasEnded = createHasEnded(connection)
  const findAuthenticator = prepare((db, p: Parameter<{ id: string }>) =>
    db.selectFrom('authenticators').select('id').where('id', '=', p('id')),
  )
  const keepNewest = createKeepNewest(connection)
  const ofDevice = prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string }>) =>
    db
      .selectFrom('proofs')
      .select(['method', 'level', 'amr_json', 'auth_time', 'authenticator_id'])
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt'))
      .orderBy('auth_time')
      .orderBy('method')
      .orderBy('level'),
  )
  return {
    record: ({ key, proof, change }) =>
      write(() => {
        const { authTime, authenticatorId } = proof
        if (hasEnded(key, authTime)) return false
        if (authenticatorId !== undefined && findAuthenticator.get({ id: authenticatorId }) === undefined) return false
        const kept = keepNewest(key, proof)
        if (kept) append(change)
        return true
      }),
    list: (key) =>
      read(() =>
        ofDevice.all({ ...key }).map((row) => ({
          method: row.method as Method | 'login',
          level: row.level as Level,
          amr: JSON.parse(row.amr_json) as string[],
          authTime: row.auth_time,
          ...(row.authenticator_id !== null && { authenticatorId: row.authenticator_id }),
        })),
      ),
  }
}

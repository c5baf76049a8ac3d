import type { Level, Method, Operation } from '@stile/protocol'
import type { OperationRecord, OperationStore, UsedOperation } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Tables } from '../database/schema.ts'
import type { Parameter } from '../database/statements.ts'
import { keyOf } from './session-key.ts'

type Row = Omit<Tables['operations'], 'rowid'>

/** Uses up an operation, within the write that does what it is for. False if it is gone, unproven, or was proven too long ago. */
export type UseOperation = (used: UsedOperation) => boolean

/** Prepares what uses up an operation, for the verbs that do what it is for. */
export function createUseOperation({ prepare }: Connection): UseOperation {
  const use = prepare((db, p: Parameter<{ id: string; subject: string; sid: string; jkt: string; digest: string; provenAfter: number }>) =>
    db
      .deleteFrom('operations')
      .where('id', '=', p('id'))
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt'))
      .where('digest', '=', p('digest'))
      // null, which is never greater, if it was not proven
      .where('proven_at', '>=', p('provenAfter')),
  )
  return ({ id, key, digest, provenAfter }) => use.run({ id, ...keyOf(key), digest, provenAfter }) === 1
}

/** Keeps operations that were begun, with the proof of each. */
export function createOperationStore({ prepare, read, write }: Connection): OperationStore {
  const insert = prepare((db, p: Parameter<Row>) =>
    db.insertInto('operations').values({
      id: p('id'),
      subject: p('subject'),
      sid: p('sid'),
      jkt: p('jkt'),
      feature: p('feature'),
      account: p('account'),
      audience: p('audience'),
      params_json: p('params_json'),
      digest: p('digest'),
      salt: p('salt'),
      created_at: p('created_at'),
      expires_at: p('expires_at'),
      proven_method: p('proven_method'),
      proven_level: p('proven_level'),
      proven_amr_json: p('proven_amr_json'),
      proven_at: p('proven_at'),
      proven_with: p('proven_with'),
    }),
  )
  const ofDevice = prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string }>) =>
    db
      .selectFrom('operations')
      .selectAll()
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt'))
      .orderBy('rowid', 'desc'),
  )
  const drop = prepare((db, p: Parameter<{ id: string }>) => db.deleteFrom('operations').where('id', '=', p('id')))
  const findAuthenticator = prepare((db, p: Parameter<{ id: string }>) =>
    db.selectFrom('authenticators').select('id').where('id', '=', p('id')),
  )
  const takeStepUp = prepare((db, p: Parameter<{ id: string }>) => db.deleteFrom('step_ups').where('id', '=', p('id')))
  const prove = prepare(
    (
      db,
      p: Parameter<{
        id: string
        subject: string
        sid: string
        jkt: string
        method: string
        level: string
        amr: string
        at: number
        authenticatorId: string | null
        expiresAt: number
      }>,
    ) =>
      db
        .updateTable('operations')
        .set({
          proven_method: p('method'),
          proven_level: p('level'),
          proven_amr_json: p('amr'),
          proven_at: p('at'),
          proven_with: p('authenticatorId'),
          expires_at: p('expiresAt'),
        })
        .where('id', '=', p('id'))
        .where('subject', '=', p('subject'))
        .where('sid', '=', p('sid'))
        .where('jkt', '=', p('jkt'))
        .where('proven_at', 'is', null),
  )
  const findStepUp = prepare((db, p: Parameter<{ id: string }>) => db.selectFrom('step_ups').select('id').where('id', '=', p('id')))

  return {
    begin: ({ record, limit }) =>
      write(() => {
        insert.run(rowOf(record))
        const waiting = ofDevice.all(keyOf(record.key)).filter(({ proven_at }) => proven_at === null)
        for (const { id } of waiting.slice(limit)) drop.run({ id })
      }),
    list: (key) => read(() => ofDevice.all(keyOf(key)).map(recordOf)),
    prove: ({ stepUp, id, key, proof, expiresAt }) =>
      write(() => {
        const { method, level, amr, authTime: at, authenticatorId = null } = proof
        if (findStepUp.get({ id: stepUp }) === undefined) return false
        if (authenticatorId !== null && findAuthenticator.get({ id: authenticatorId }) === undefined) return false
        if (prove.run({ id, ...keyOf(key), method, level, amr: JSON.stringify(amr), at, authenticatorId, expiresAt }) === 0) return false
        takeStepUp.run({ id: stepUp })
        return true
      }),
  }
}

function rowOf({ id, key, params, createdAt, expiresAt, proof, ...named }: OperationRecord): Row {
  return {
    id,
    ...keyOf(key),
    ...named,
    params_json: JSON.stringify(params),
    created_at: createdAt,
    expires_at: expiresAt,
    proven_method: proof?.method ?? null,
    proven_level: proof?.level ?? null,
    proven_amr_json: proof === undefined ? null : JSON.stringify(proof.amr),
    proven_at: proof?.authTime ?? null,
    proven_with: proof?.authenticatorId ?? null,
  }
}

function recordOf(row: Row): OperationRecord {
  const { id, feature, account, audience, digest, salt } = row
  const proof = proofOf(row)
  return {
    id,
    key: keyOf(row),
    feature,
    account,
    audience,
    params: JSON.parse(row.params_json) as Operation,
    digest,
    salt,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ...(proof && { proof }),
  }
}

function proofOf({ proven_method, proven_level, proven_amr_json, proven_at, proven_with }: Row): OperationRecord['proof'] {
  if (proven_method === null || proven_at === null) return undefined
  return {
    method: proven_method as Method | 'login',
    level: proven_level as Level,
    amr: JSON.parse(proven_amr_json ?? '[]') as string[],
    authTime: proven_at,
    ...(proven_with !== null && { authenticatorId: proven_with }),
  }
}

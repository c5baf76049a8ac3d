import type { StepUpRecord, StepUpStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Tables } from '../database/schema.ts'
import type { Parameter } from '../database/statements.ts'
import { createRemember } from './replay.ts'
import { keyOf } from './session-key.ts'
import { createSettle } from './settle.ts'

/** Keeps open step-ups and the challenges of their started methods. */
export function createStepUpStore(connection: Connection): StepUpStore {
  const { prepare, read, write } = connection
  const remember = createRemember(connection)
  const insert = prepare(
    (
      db,
      p: Parameter<{
        id: string
        subject: string
        sid: string
        jkt: string
        account: string
        client: string
        audience: string
        feature: string
        requirement: string
        operation: string | null
        createdAt: number
        expiresAt: number
      }>,
    ) =>
      db.insertInto('step_ups').values({
        id: p('id'),
        subject: p('subject'),
        sid: p('sid'),
        jkt: p('jkt'),
        account: p('account'),
        client: p('client'),
        audience: p('audience'),
        feature: p('feature'),
        requirement_json: p('requirement'),
        operation_json: p('operation'),
        created_at: p('createdAt'),
        expires_at: p('expiresAt'),
      }),
  )
  const find = prepare((db, p: Parameter<{ id: string }>) => db.selectFrom('step_ups').selectAll().where('id', '=', p('id')))
  const take = prepare((db, p: Parameter<{ id: string }>) => db.deleteFrom('step_ups').where('id', '=', p('id')).returningAll())
  const putChallenge = prepare((db, p: Parameter<{ id: string; method: string; challenge: string }>) =>
    db
      .insertInto('step_up_challenges')
      .columns(['step_up_id', 'method', 'challenge', 'used'])
      .expression((from) =>
        from
          .selectFrom('step_ups')
          .select(({ val, lit }) => ['id', val(p('method')).as('method'), val(p('challenge')).as('challenge'), lit(0).as('used')])
          .where('id', '=', p('id')),
      )
      .onConflict((conflict) =>
        conflict
          .columns(['step_up_id', 'method'])
          .doUpdateSet(({ ref }) => ({ challenge: ref('excluded.challenge'), used: ref('excluded.used') })),
      ),
  )
  const takeChallenge = prepare((db, p: Parameter<{ id: string; method: string }>) =>
    db
      .deleteFrom('step_up_challenges')
      .where('step_up_id', '=', p('id'))
      .where('method', '=', p('method'))
      .where('used', '=', 0)
      .returning('challenge'),
  )
  const takeThisChallenge = prepare((db, p: Parameter<{ id: string; method: string; challenge: string }>) =>
    db
      .updateTable('step_up_challenges')
      .set({ used: 1 })
      .where('step_up_id', '=', p('id'))
      .where('method', '=', p('method'))
      .where('challenge', '=', p('challenge'))
      .where('used', '=', 0)
      .returning('challenge'),
  )
  const findUsed = prepare((db, p: Parameter<{ id: string; method: string; challenge: string }>) =>
    db
      .selectFrom('step_up_challenges')
      .select('used')
      .where('step_up_id', '=', p('id'))
      .where('method', '=', p('method'))
      .where('challenge', '=', p('challenge'))
      .where('used', '=', 1),
  )
  const isKnown = prepare((db, p: Parameter<{ subject: string; jkt: string }>) =>
    db.selectFrom('devices').select('jkt').where('subject', '=', p('subject')).where('jkt', '=', p('jkt')).limit(1),
  )
  const dropExcess = prepare((db, p: Parameter<{ subject: string; feature: string; isKnown: 0 | 1; most: number }>) =>
    db.deleteFrom('step_ups').where('rowid', 'in', (from) =>
      from
        .selectFrom('step_ups')
        .select('step_ups.rowid')
        .where('subject', '=', p('subject'))
        .where('feature', '=', p('feature'))
        .where(({ eb, exists, selectFrom, val }) =>
          eb(
            exists(
              selectFrom('devices')
                .select('devices.jkt')
                .whereRef('devices.subject', '=', 'step_ups.subject')
                .whereRef('devices.jkt', '=', 'step_ups.jkt'),
            ),
            '=',
            val(p('isKnown')),
          ),
        )
        .orderBy('created_at', 'desc')
        .orderBy('step_ups.rowid', 'desc')
        .limit(-1)
        .offset(p('most')),
    ),
  )
  return {
    create: (record, { started, most, use } = {}) =>
      write(() => {
        if (use !== undefined && !remember(use)) return 'replayed'
        const { id, key, account, client, audience, feature, requirement, operation, createdAt, expiresAt } = record
        insert.run({
          id,
          ...keyOf(key),
          account,
          client,
          audience,
          feature,
          requirement: JSON.stringify(requirement),
          operation: operation === undefined ? null : JSON.stringify(operation),
          createdAt,
          expiresAt,
        })
        if (started !== undefined) putChallenge.run({ id, ...started })
        if (most !== undefined)
          dropExcess.run({ subject: key.subject, feature, isKnown: isKnown.get(keyOf(key)) === undefined ? 0 : 1, most })
        return 'created'
      }),
    get: (id) => read(() => recordOf(find.get({ id }))),
    start: ({ id, method, challenge }) => write(() => putChallenge.run({ id, method, challenge }) === 1),
    takeChallenge: ({ id, method, challenge }) =>
      write(() => {
        const row = challenge === undefined ? takeChallenge.get({ id, method }) : takeThisChallenge.get({ id, method, challenge })
        return row?.challenge ?? null
      }),
    takeChallengeWith: ({ id, method, use }) =>
      write(() => (use === undefined || remember(use) ? { challenge: takeChallenge.get({ id, method })?.challenge ?? null } : 'replayed')),
    isOver: ({ id, method, challenge }) =>
      read(() => find.get({ id }) === undefined || (challenge !== undefined && findUsed.get({ id, method, challenge }) !== undefined)),
    settle: createSettle(connection),
    take: (id) => write(() => recordOf(take.get({ id }))),
  }
}

function recordOf(row: Omit<Tables['step_ups'], 'rowid'> | undefined): StepUpRecord | null {
  if (row === undefined) return null
  return {
    id: row.id,
    key: keyOf(row),
    account: row.account,
    client: row.client,
    audience: row.audience,
    feature: row.feature,
    requirement: JSON.parse(row.requirement_json) as StepUpRecord['requirement'],
    ...(row.operation_json !== null && { operation: JSON.parse(row.operation_json) as NonNullable<StepUpRecord['operation']> }),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}

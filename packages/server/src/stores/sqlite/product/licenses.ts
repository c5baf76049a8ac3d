import type { LicenseState } from '@stile/protocol'
import type { LicenseRecord, LicenseStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Tables } from '../database/schema.ts'
import type { Parameter } from '../database/statements.ts'

type Columns = {
  account: string
  id: string
  epoch: number
  tier: string
  features: string
  state: string
  stateSince: number
  endsAt: number | null
  raisedAt: number | null
  requires: string | null
  updatedAt: number
}

/** Keeps one license record per account, changed only by a conditional write. */
export function createLicenseStore({ prepare, read, write, append }: Connection): LicenseStore {
  const find = prepare((db, p: Parameter<{ account: string }>) => db.selectFrom('licenses').selectAll().where('account', '=', p('account')))
  const page = prepare((db, p: Parameter<{ after: string; limit: number }>) =>
    db.selectFrom('licenses').selectAll().where('account', '>', p('after')).orderBy('account').limit(p('limit')),
  )
  const insert = prepare((db, p: Parameter<Columns>) =>
    db
      .insertInto('licenses')
      .values({ account: p('account'), ...columns(p) })
      .onConflict((conflict) => conflict.column('account').doNothing()),
  )
  const update = prepare((db, p: Parameter<Columns & { expectedEpoch: number }>) =>
    db.updateTable('licenses').set(columns(p)).where('account', '=', p('account')).where('epoch', '=', p('expectedEpoch')),
  )
  return {
    get: (account) => read(() => recordOf(find.get({ account }))),
    write: ({ record, expectedEpoch, changes }) =>
      write(() => {
        const values = valuesOf(record)
        const written = expectedEpoch === null ? insert.run(values) === 1 : update.run({ ...values, expectedEpoch }) === 1
        if (written) for (const change of changes) append(change)
        return written
      }),
    // no account is named by the empty string, so that everything comes after it
    list: ({ after = '', limit }) => read(() => page.all({ after, limit }).flatMap((row) => recordOf(row) ?? [])),
  }
}

function columns(p: Parameter<Columns>): Omit<Tables['licenses'], 'account'> {
  return {
    id: p('id'),
    epoch: p('epoch'),
    tier: p('tier'),
    features_json: p('features'),
    state: p('state'),
    state_since: p('stateSince'),
    ends_at: p('endsAt'),
    raised_at: p('raisedAt'),
    requires_json: p('requires'),
    updated_at: p('updatedAt'),
  }
}

function valuesOf({
  account,
  id,
  epoch,
  tier,
  features,
  state,
  stateSince,
  endsAt,
  raisedAt,
  requires,
  updatedAt,
}: LicenseRecord): Columns {
  return {
    account,
    id,
    epoch,
    tier,
    features: JSON.stringify(features),
    state,
    stateSince,
    endsAt: endsAt ?? null,
    raisedAt: raisedAt ?? null,
    requires: requires === undefined ? null : JSON.stringify(requires),
    updatedAt,
  }
}

function recordOf(row: Tables['licenses'] | undefined): LicenseRecord | null {
  if (row === undefined) return null
  return {
    account: row.account,
    id: row.id,
    epoch: row.epoch,
    tier: row.tier,
    features: JSON.parse(row.features_json) as string[],
    state: row.state as LicenseState,
    stateSince: row.state_since,
    ...(row.ends_at !== null && { endsAt: row.ends_at }),
    ...(row.raised_at !== null && { raisedAt: row.raised_at }),
    ...(row.requires_json !== null && { requires: JSON.parse(row.requires_json) as NonNullable<LicenseRecord['requires']> }),
    updatedAt: row.updated_at,
  }
}

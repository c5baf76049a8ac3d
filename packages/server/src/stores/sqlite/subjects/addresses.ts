import type { AddressRecord, AddressSource, AddressStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Tables } from '../database/schema.ts'
import type { Parameter } from '../database/statements.ts'

type Row = Tables['addresses']

/** Keeps the address of each subject. */
export function createAddressStore({ prepare, read, write, enqueue }: Connection): AddressStore {
  const find = prepare((db, p: Parameter<{ subject: string }>) =>
    db.selectFrom('addresses').selectAll().where('subject', '=', p('subject')),
  )
  const insert = prepare((db, p: Parameter<Row>) =>
    db
      .insertInto('addresses')
      .values({
        subject: p('subject'),
        version: p('version'),
        address: p('address'),
        claimed: p('claimed'),
        pending_address: p('pending_address'),
        pending_by: p('pending_by'),
        settles_at: p('settles_at'),
      })
      .onConflict((conflict) => conflict.column('subject').doNothing()),
  )
  const update = prepare((db, p: Parameter<Row & { former: number }>) =>
    db
      .updateTable('addresses')
      .set({
        version: p('version'),
        address: p('address'),
        claimed: p('claimed'),
        pending_address: p('pending_address'),
        pending_by: p('pending_by'),
        settles_at: p('settles_at'),
      })
      .where('subject', '=', p('subject'))
      .where('version', '=', p('former')),
  )
  return {
    get: (subject) => read(() => recordOf(find.get({ subject }))),
    write: ({ record, notices }) =>
      write(() => {
        const row = rowOf(record)
        const rows = record.version === 1 ? insert.run(row) : update.run({ ...row, former: record.version - 1 })
        if (rows === 0) return false
        enqueue(notices)
        return true
      }),
  }
}

function rowOf({ subject, version, address, claimed, pending }: AddressRecord): Row {
  return {
    subject,
    version,
    address,
    claimed: claimed ?? null,
    pending_address: pending?.address ?? null,
    pending_by: pending?.by ?? null,
    settles_at: pending?.settlesAt ?? null,
  }
}

function recordOf(row: Row | undefined): AddressRecord | null {
  if (row === undefined) return null
  const { subject, version, address, claimed, pending_address, pending_by, settles_at } = row
  return {
    subject,
    version,
    address,
    ...(claimed !== null && { claimed }),
    // the table's CHECK sees to it that the three are there together
    ...(pending_address !== null && {
      pending: { address: pending_address, by: pending_by as AddressSource, settlesAt: settles_at as number },
    }),
  }
}

import type { Level } from '@stile/protocol'
import type {
  AttestationEvidence,
  AuthenticatorRecord,
  AuthenticatorStore,
  BoundBy,
  NewChange,
  NewNotice,
  SessionKey,
  TotpData,
  WebAuthnData,
} from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Tables } from '../database/schema.ts'
import type { Parameter } from '../database/statements.ts'
import { createUseOperation } from '../sessions/operations.ts'
import { createHasEnded } from '../sessions/session-ends.ts'
import { createTouch } from '../sessions/touch.ts'

type Row = Tables['authenticators']

/** Keeps what subjects have enrolled. */
export function createAuthenticatorStore(connection: Connection): AuthenticatorStore {
  const { prepare, read, write, append, enqueue } = connection
  const use = createUseOperation(connection)
  const hasEnded = createHasEnded(connection)
  const ofSubject = prepare((db, p: Parameter<{ subject: string }>) =>
    db.selectFrom('authenticators').selectAll().where('subject', '=', p('subject')).orderBy('created_at').orderBy('id'),
  )
  const find = prepare((db, p: Parameter<{ subject: string; id: string }>) =>
    db.selectFrom('authenticators').selectAll().where('subject', '=', p('subject')).where('id', '=', p('id')),
  )
  const findCredential = prepare((db, p: Parameter<{ credentialId: string }>) =>
    db.selectFrom('authenticators').selectAll().where('credential_id', '=', p('credentialId')),
  )
  const tally = prepare((db, p: Parameter<{ subject: string }>) =>
    db
      .selectFrom('authenticators')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('subject', '=', p('subject')),
  )
  const insert = prepare((db, p: Parameter<Row>) =>
    db
      .insertInto('authenticators')
      .values({
        id: p('id'),
        subject: p('subject'),
        method: p('method'),
        level: p('level'),
        name: p('name'),
        created_at: p('created_at'),
        last_used_at: p('last_used_at'),
        bound_method: p('bound_method'),
        bound_level: p('bound_level'),
        credential_id: p('credential_id'),
        public_key: p('public_key'),
        counter: p('counter'),
        transports_json: p('transports_json'),
        aaguid: p('aaguid'),
        backup_eligible: p('backup_eligible'),
        backup_state: p('backup_state'),
        attestation_json: p('attestation_json'),
        sealed_secret: p('sealed_secret'),
        last_step: p('last_step'),
        failures: p('failures'),
        disabled_at: p('disabled_at'),
        recovered_at: p('recovered_at'),
        recovery_told: p('recovery_told'),
      })
      .onConflict((conflict) => conflict.column('credential_id').doNothing()),
  )
  const rename = prepare((db, p: Parameter<{ subject: string; id: string; name: string }>) =>
    db
      .updateTable('authenticators')
      .set({ name: p('name') })
      .where('subject', '=', p('subject'))
      .where('id', '=', p('id')),
  )
  const remove = prepare((db, p: Parameter<{ subject: string; id: string }>) =>
    db.deleteFrom('authenticators').where('subject', '=', p('subject')).where('id', '=', p('id')),
  )
  const removeProofs = prepare((db, p: Parameter<{ id: string }>) => db.deleteFrom('proofs').where('authenticator_id', '=', p('id')))
  // by the subject, which has an index, so that the operations of all others are not looked through
  const removeOperations = prepare((db, p: Parameter<{ subject: string; id: string }>) =>
    db.deleteFrom('operations').where('subject', '=', p('subject')).where('proven_with', '=', p('id')),
  )
  const unbindDevices = prepare((db, p: Parameter<{ subject: string; jkt: string }>) =>
    db
      .deleteFrom('devices')
      .where('subject', '=', p('subject'))
      .where('jkt', '!=', p('jkt'))
      // that some were forgotten stays on record
      .where('jkt', '!=', '')
      // nothing that is still enrolled vouches for it
      .where('authenticator_id', 'not in', (from) => from.selectFrom('authenticators').select('id').where('subject', '=', p('subject'))),
  )
  const touch = createTouch(connection)
  const findTicket = prepare((db, p: Parameter<SessionKey & { validAfter: number }>) =>
    db
      .selectFrom('recovery_tickets')
      .select('expires_at')
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt'))
      .where('expires_at', '>', p('validAfter')),
  )
  const dropTicket = prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string }>) =>
    db.deleteFrom('recovery_tickets').where('subject', '=', p('subject')).where('sid', '=', p('sid')).where('jkt', '=', p('jkt')),
  )
  const disable = prepare((db, p: Parameter<{ subject: string; id: string; failures: number; now: number }>) =>
    db
      .updateTable('authenticators')
      .set({ disabled_at: p('now') })
      .where('subject', '=', p('subject'))
      .where('id', '=', p('id'))
      .where('method', '=', 'totp')
      .where('disabled_at', 'is', null)
      .where('failures', '>=', p('failures')),
  )

  /** Appends the change and its notices if rows were written. */
  const changed = (rows: number, change: NewChange, notices?: readonly NewNotice[]): boolean => {
    if (rows === 0) return false
    append(change)
    enqueue(notices)
    return true
  }
  const one = (row: Row | undefined) => (row === undefined ? null : recordOf(row))

  return {
    list: (subject) => read(() => ofSubject.all({ subject }).map(recordOf)),
    get: ({ subject, id }) => read(() => one(find.get({ subject, id }))),
    findByCredentialId: (credentialId) => read(() => one(findCredential.get({ credentialId }))),
    create: ({ record, limit, change, notices, begun, beside, ticket, operation }) =>
      write(() => {
        if (begun !== undefined && hasEnded(begun.key, begun.at)) return false
        if (beside !== undefined && ofSubject.all({ subject: record.subject }).some(({ id }) => !beside.includes(id))) return false
        if ((tally.get({ subject: record.subject })?.count ?? 0) >= limit) return false
        if (ticket !== undefined && findTicket.get({ ...ticket.key, validAfter: ticket.validAfter }) === undefined) return false
        // looked at first: what is refused uses up nothing
        const { data } = record
        if (data.method !== 'totp' && findCredential.get({ credentialId: data.credentialId }) !== undefined) return false
        if (operation !== undefined && !use(operation)) return false
        if (!changed(insert.run(rowOf(record)), change, notices)) return false
        if (ticket !== undefined) dropTicket.run({ ...ticket.key })
        return true
      }),
    rename: ({ subject, id, name, change, notices, operation }) =>
      write(() => {
        if (find.get({ subject, id }) === undefined || (operation !== undefined && !use(operation))) return false
        return changed(rename.run({ subject, id, name }), change, notices)
      }),
    remove: ({ subject, id, keepDevice: jkt, changes, notices, operation }) =>
      write(() => {
        if (find.get({ subject, id }) === undefined || (operation !== undefined && !use(operation))) return false
        remove.run({ subject, id })
        removeOperations.run({ subject, id })
        removeProofs.run({ id })
        // with nothing left to prove a device with, forgetting them would lock the subject out of their own
        if ((tally.get({ subject })?.count ?? 0) > 0) unbindDevices.run({ subject, jkt })
        for (const change of changes) append(change)
        enqueue(notices)
        return true
      }),
    touch: (use) => write(() => touch(use)),
    disable: ({ subject, id, failures, now, change, notices }) =>
      write(() => changed(disable.run({ subject, id, failures, now }), change, notices)),
  }
}

const NO_WEBAUTHN = {
  credential_id: null,
  public_key: null,
  counter: null,
  transports_json: null,
  aaguid: null,
  backup_eligible: null,
  backup_state: null,
  attestation_json: null,
}
const NO_TOTP = { sealed_secret: null, last_step: null, failures: null, disabled_at: null }

function rowOf({ id, subject, level, name, createdAt, lastUsedAt, boundBy, recovery, data }: AuthenticatorRecord): Row {
  return {
    id,
    subject,
    method: data.method,
    level,
    name,
    created_at: createdAt,
    last_used_at: lastUsedAt ?? null,
    bound_method: boundBy.method,
    bound_level: boundBy.level,
    recovered_at: recovery?.at ?? null,
    recovery_told: recovery === undefined ? null : Number(recovery.told),
    ...(data.method === 'totp' ? { ...NO_WEBAUTHN, ...totpColumns(data) } : { ...webauthnColumns(data), ...NO_TOTP }),
  }
}

function webauthnColumns(data: WebAuthnData) {
  return {
    credential_id: data.credentialId,
    public_key: data.publicKey,
    counter: data.counter,
    transports_json: JSON.stringify(data.transports),
    aaguid: data.aaguid,
    backup_eligible: Number(data.backupEligible),
    backup_state: Number(data.backupState),
    attestation_json: data.attestation === undefined ? null : JSON.stringify(data.attestation),
  }
}

function totpColumns(data: TotpData) {
  return {
    sealed_secret: data.sealedSecret,
    last_step: data.lastStep,
    failures: data.failures,
    disabled_at: data.disabledAt ?? null,
  }
}

function recordOf(row: Row): AuthenticatorRecord {
  return {
    id: row.id,
    subject: row.subject,
    level: row.level as Level,
    name: row.name,
    createdAt: row.created_at,
    ...(row.last_used_at !== null && { lastUsedAt: row.last_used_at }),
    boundBy: { method: row.bound_method as BoundBy['method'], level: row.bound_level as Level },
    ...(row.recovered_at !== null && { recovery: { at: row.recovered_at, told: row.recovery_told === 1 } }),
    data: row.method === 'totp' ? totpOf(row) : webauthnOf(row),
  }
}

// the table's CHECK sees to it that the columns of the method are there
function webauthnOf(row: Row): WebAuthnData {
  return {
    method: row.method as WebAuthnData['method'],
    credentialId: row.credential_id as string,
    publicKey: row.public_key as string,
    counter: row.counter as number,
    transports: JSON.parse(row.transports_json as string) as string[],
    aaguid: row.aaguid as string,
    backupEligible: row.backup_eligible === 1,
    backupState: row.backup_state === 1,
    ...(row.attestation_json !== null && { attestation: JSON.parse(row.attestation_json) as AttestationEvidence }),
  }
}

function totpOf(row: Row): TotpData {
  return {
    method: 'totp',
    sealedSecret: row.sealed_secret as string,
    lastStep: row.last_step as number,
    failures: row.failures as number,
    ...(row.disabled_at !== null && { disabledAt: row.disabled_at }),
  }
}

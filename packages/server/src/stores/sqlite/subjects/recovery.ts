import type { RecoveryStore, TicketRecord } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'
import { createUseOperation } from '../sessions/operations.ts'
import { createEndings, createHasEnded } from '../sessions/session-ends.ts'
import { keyOf } from '../sessions/session-key.ts'

/** Keeps recovery codes, links and tickets. */
export function createRecoveryStore(connection: Connection): RecoveryStore {
  const { append, prepare, read, write, enqueue } = connection
  const { endAll } = createEndings(connection)
  const use = createUseOperation(connection)
  const findSet = prepare((db, p: Parameter<{ subject: string }>) =>
    db.selectFrom('recovery_sets').select('made_at').where('subject', '=', p('subject')),
  )
  const putSet = prepare((db, p: Parameter<{ subject: string; madeAt: number }>) =>
    db
      .insertInto('recovery_sets')
      .values({ subject: p('subject'), made_at: p('madeAt') })
      .onConflict((conflict) => conflict.column('subject').doUpdateSet(({ ref }) => ({ made_at: ref('excluded.made_at') }))),
  )
  const tally = prepare((db, p: Parameter<{ subject: string }>) =>
    db
      .selectFrom('recovery_codes')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('subject', '=', p('subject')),
  )
  const dropCodes = prepare((db, p: Parameter<{ subject: string }>) => db.deleteFrom('recovery_codes').where('subject', '=', p('subject')))
  const insertCode = prepare((db, p: Parameter<{ subject: string; digest: string }>) =>
    db.insertInto('recovery_codes').values({ subject: p('subject'), digest: p('digest') }),
  )
  const takeCode = prepare((db, p: Parameter<{ subject: string; digest: string }>) =>
    db.deleteFrom('recovery_codes').where('subject', '=', p('subject')).where('digest', '=', p('digest')),
  )
  const putLink = prepare((db, p: Parameter<{ subject: string; digest: string; expiresAt: number }>) =>
    db
      .insertInto('recovery_links')
      .values({ subject: p('subject'), digest: p('digest'), expires_at: p('expiresAt') })
      .onConflict((conflict) =>
        conflict.column('subject').doUpdateSet(({ ref }) => ({ digest: ref('excluded.digest'), expires_at: ref('excluded.expires_at') })),
      ),
  )
  const takeLink = prepare((db, p: Parameter<{ subject: string; digest: string; now: number }>) =>
    db
      .deleteFrom('recovery_links')
      .where('subject', '=', p('subject'))
      .where('digest', '=', p('digest'))
      .where('expires_at', '>', p('now')),
  )
  const putTicket = prepare(
    (db, p: Parameter<{ subject: string; sid: string; jkt: string; by: string; digest: string; expiresAt: number }>) =>
      db
        .insertInto('recovery_tickets')
        .values({
          subject: p('subject'),
          sid: p('sid'),
          jkt: p('jkt'),
          granted_by: p('by'),
          digest: p('digest'),
          expires_at: p('expiresAt'),
        })
        .onConflict((conflict) =>
          conflict.columns(['subject', 'sid', 'jkt']).doUpdateSet(({ ref }) => ({
            granted_by: ref('excluded.granted_by'),
            digest: ref('excluded.digest'),
            expires_at: ref('excluded.expires_at'),
          })),
        ),
  )
  const findTicket = prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string }>) =>
    db
      .selectFrom('recovery_tickets')
      .select(['granted_by', 'digest', 'expires_at'])
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt')),
  )
  const hasEnded = createHasEnded(connection)

  return {
    codes: (subject) =>
      read(() => {
        const madeAt = findSet.get({ subject })?.made_at
        return { left: tally.get({ subject })?.count ?? 0, ...(madeAt !== undefined && { madeAt }) }
      }),
    replaceCodes: ({ subject, digests, now, change, notices, operation }) =>
      write(() => {
        if (operation !== undefined && !use(operation)) return false
        dropCodes.run({ subject })
        for (const digest of digests) insertCode.run({ subject, digest })
        putSet.run({ subject, madeAt: now })
        append(change)
        enqueue(notices)
        return true
      }),
    openLink: ({ subject, digest, expiresAt, notices }) =>
      write(() => {
        putLink.run({ subject, digest, expiresAt })
        enqueue(notices)
      }),
    // whether it has expired does not matter here
    closeLink: ({ subject, digest }) => write(() => void takeLink.run({ subject, digest, now: 0 })),
    redeem: ({ key, proof: { kind, digest }, now, ticketExpiresAt: expiresAt, end, notices }) =>
      write(() => {
        const { subject } = key
        if (hasEnded(key)) return false
        const rows = kind === 'code' ? takeCode.run({ subject, digest }) : takeLink.run({ subject, digest, now })
        if (rows === 0) return false
        endAll(end)
        putTicket.run({ ...keyOf(key), by: kind === 'code' ? 'recovery-code' : 'admin', digest, expiresAt })
        enqueue(notices)
        return true
      }),
    ticket: (key) =>
      read(() => {
        const row = findTicket.get(keyOf(key))
        if (row === undefined) return null
        const { granted_by, digest, expires_at } = row
        return { key: keyOf(key), by: granted_by as TicketRecord['by'], ...(digest !== null && { digest }), expiresAt: expires_at }
      }),
  }
}

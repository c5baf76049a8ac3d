import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely'
import type { Tables } from '../database/schema.ts'

type OfKey = ExpressionBuilder<Tables, 'sessions'>
type Predicate = (row: OfKey) => ExpressionWrapper<Tables, 'sessions', SqlBool>

/**
 * What a key has earned in its session, beyond bringing a token that anybody may have stolen. Each is asked of a row of `sessions`.
 *
 * What makes room for another key is the weakest: any proof is work that its owner would have to do again. The budgets of the domain
 * (`standing/budget.ts`) and the list of devices ask for more, because a code by mail proves no more than the mailbox.
 */

/** It has proven something, be it a code by mail. */
export const hasProven: Predicate = ({ exists, selectFrom }) =>
  exists(
    selectFrom('proofs')
      .select('proofs.jkt')
      .whereRef('proofs.subject', '=', 'sessions.subject')
      .whereRef('proofs.sid', '=', 'sessions.sid')
      .whereRef('proofs.jkt', '=', 'sessions.jkt'),
  )

/** A login belongs to it, or somebody has signed in on it there through the service. */
export const isSignedIn: Predicate = (row) =>
  row.or([
    row('sessions.login', '!=', 'none'),
    row.exists(
      row
        .selectFrom('proofs')
        .select('proofs.jkt')
        .whereRef('proofs.subject', '=', 'sessions.subject')
        .whereRef('proofs.sid', '=', 'sessions.sid')
        .whereRef('proofs.jkt', '=', 'sessions.jkt')
        .where('proofs.method', '=', 'relogin'),
    ),
  ])

/** It is a known device. */
const isKnown: Predicate = ({ exists, selectFrom }) =>
  exists(
    selectFrom('devices')
      .select('devices.jkt')
      .whereRef('devices.subject', '=', 'sessions.subject')
      .whereRef('devices.jkt', '=', 'sessions.jkt'),
  )

/** It is its owner's: the rule of `standing/budget.ts`, asked of what is stored. It ends the session for every key. */
export const isOwners: Predicate = (row) => row.or([isSignedIn(row), isKnown(row)])

/** It goes for no other key, unless it has expired: it is a known device, or has proven something. */
export const isTrusted: Predicate = (row) => row.or([isKnown(row), hasProven(row)])

import type { DatabaseSync } from 'node:sqlite'
import type { Store } from '../store.ts'
import { createAddressStore } from './addresses.ts'
import { createApiKeyStore } from './api-keys.ts'
import { createAttemptStore } from './attempts.ts'
import { createAuthenticatorStore } from './authenticators.ts'
import { createConnection } from './connection.ts'
import { openDatabase } from './database.ts'
import { createDeviceStore } from './devices.ts'
import { createGuessStore } from './guesses.ts'
import { createLicenseStore } from './licenses.ts'
import { createPolicyStore } from './policies.ts'
import { createProofStore } from './proofs.ts'
import { createRecoveryStore } from './recovery.ts'
import { createRegistrationStore } from './registrations.ts'
import { createReplayStore } from './replay.ts'
import { createSessionStore } from './sessions.ts'
import { createSettingStore } from './settings.ts'
import { createSigningKeyStore } from './signing-keys.ts'
import type { Parameter } from './statements.ts'
import { createStepUpStore } from './step-ups.ts'
import { createSubjectStore } from './subjects.ts'
import { createSweep } from './sweep.ts'
import { createTotpStore } from './totp.ts'

/** Options of {@link createSqliteStore}. */
export type SqliteStoreOptions = Readonly<{
  /** The database file, made where there is none; `:memory:` keeps nothing and is for tests. */
  path: string
  /** Whole seconds since the epoch; dates the migrations. Default: the system's clock. */
  now?: () => number
}>

/**
 * The embedded store: one SQLite file, durable at every commit, for one or several processes on one machine.
 *
 * Throws where the file cannot be opened, belongs to another program, or was migrated by a newer Stile.
 */
export function createSqliteStore({ path, now = () => Math.floor(Date.now() / 1000) }: SqliteStoreOptions): Store {
  return storeOn(openDatabase({ path, now }))
}

/** The store on a database that is open and migrated. */
export function storeOn(database: DatabaseSync): Store {
  const connection = createConnection(database)
  const { prepare, write } = connection
  const note = prepare((db, p: Parameter<{ value: string }>) =>
    db
      .updateTable('meta')
      .set({ value: p('value') })
      .where('name', '=', 'checked'),
  )
  let checks = 0
  return {
    subjects: createSubjectStore(connection),
    sessions: createSessionStore(connection),
    proofs: createProofStore(connection),
    devices: createDeviceStore(connection),
    stepUps: createStepUpStore(connection),
    registrations: createRegistrationStore(connection),
    attempts: createAttemptStore(connection),
    authenticators: createAuthenticatorStore(connection),
    totp: createTotpStore(connection),
    guesses: createGuessStore(connection),
    recovery: createRecoveryStore(connection),
    licenses: createLicenseStore(connection),
    policies: createPolicyStore(connection),
    replay: createReplayStore(connection),
    changes: connection.changes,
    addresses: createAddressStore(connection),
    outbox: connection.outbox,
    apiKeys: createApiKeyStore(connection),
    signingKeys: createSigningKeyStore(connection),
    settings: createSettingStore(connection),
    sweep: createSweep(connection),
    check: () =>
      write(() => {
        checks += 1
        if (note.run({ value: String(checks) }) !== 1) {
          throw new Error('The store has lost its own entries. Restore it from a backup.')
        }
      }),
    close: connection.close,
  }
}

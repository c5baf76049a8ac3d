import type { DatabaseSync } from 'node:sqlite'
import type { Store } from '../store.ts'
import { createConnection } from './connection.ts'
import { openDatabase } from './database/database.ts'
import type { Parameter } from './database/statements.ts'
import { createApiKeyStore } from './product/api-keys.ts'
import { createLicenseStore } from './product/licenses.ts'
import { createPolicyStore } from './product/policies.ts'
import { createSealedStore } from './product/sealed.ts'
import { createSettingStore } from './product/settings.ts'
import { createSigningKeyStore } from './product/signing-keys.ts'
import { createAttemptStore } from './sessions/attempts.ts'
import { createDeviceStore } from './sessions/devices.ts'
import { createOperationStore } from './sessions/operations.ts'
import { createProofStore } from './sessions/proofs.ts'
import { createRegistrationStore } from './sessions/registrations.ts'
import { createReplayStore } from './sessions/replay.ts'
import { createSessionStore } from './sessions/sessions.ts'
import { createStepUpStore } from './sessions/step-ups.ts'
import { createAddressStore } from './subjects/addresses.ts'
import { createAuthenticatorStore } from './subjects/authenticators.ts'
import { createGuessStore } from './subjects/guesses.ts'
import { createRecoveryStore } from './subjects/recovery.ts'
import { createSubjectStore } from './subjects/subjects.ts'
import { createTotpStore } from './subjects/totp.ts'
import { createSweep } from './sweep.ts'

/** Options of {@link createSqliteStore}. */
export type SqliteStoreOptions = Readonly<{
  /** The database file, made if there is none; `:memory:` keeps nothing and is for tests. */
  path: string
  /** Whole seconds since the epoch; dates the migrations. Default: the system's clock. */
  now?: () => number
}>

/**
 * The embedded store: one SQLite file, durable at every commit, for one or several processes on one machine.
 *
 * Throws if the file cannot be opened, belongs to another program, or was migrated by a newer Stile.
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
  const sweep = createSweep(connection)
  let checks = 0
  return {
    subjects: createSubjectStore(connection),
    sessions: createSessionStore(connection),
    proofs: createProofStore(connection),
    devices: createDeviceStore(connection),
    stepUps: createStepUpStore(connection),
    operations: createOperationStore(connection),
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
    sealed: createSealedStore(connection),
    sweep: sweep.run,
    check: () =>
      write(() => {
        checks += 1
        if (note.run({ value: String(checks) }) !== 1) {
          throw new Error('The store has lost its own entries. Restore it from a backup.')
        }
      }),
    close: async () => {
      await sweep.stop()
      await connection.close()
    },
  }
}

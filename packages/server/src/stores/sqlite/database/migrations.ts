import type { DatabaseSync } from 'node:sqlite'

/** One step of the schema. A released step is never edited: a later one changes what it made. */
type Migration = Readonly<{ version: number; name: string; sql: string }>

const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'the first tables',
    sql: `
      CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
      INSERT INTO meta (name, value) VALUES ('generation', lower(hex(randomblob(16)))), ('checked', '0');

      CREATE TABLE user_handles (subject TEXT PRIMARY KEY, handle TEXT NOT NULL UNIQUE) STRICT;

      CREATE TABLE sessions (
        subject TEXT NOT NULL, sid TEXT NOT NULL, jkt TEXT NOT NULL, account TEXT NOT NULL,
        created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        PRIMARY KEY (subject, sid, jkt)
      ) STRICT;
      CREATE INDEX sessions_expiry ON sessions (expires_at);

      CREATE TABLE ended_sessions (
        subject TEXT NOT NULL, sid TEXT NOT NULL, keep_until INTEGER NOT NULL,
        PRIMARY KEY (subject, sid)
      ) STRICT;
      CREATE INDEX ended_sessions_expiry ON ended_sessions (keep_until);

      CREATE TABLE proofs (
        subject TEXT NOT NULL, sid TEXT NOT NULL, jkt TEXT NOT NULL,
        method TEXT NOT NULL, level TEXT NOT NULL, amr_json TEXT NOT NULL, auth_time INTEGER NOT NULL, authenticator_id TEXT,
        PRIMARY KEY (subject, sid, jkt, method, level)
      ) STRICT;
      CREATE INDEX proofs_authenticator ON proofs (authenticator_id) WHERE authenticator_id IS NOT NULL;

      CREATE TABLE devices (
        subject TEXT NOT NULL, jkt TEXT NOT NULL, bound_at INTEGER NOT NULL,
        PRIMARY KEY (subject, jkt)
      ) STRICT;

      CREATE TABLE step_ups (
        id TEXT PRIMARY KEY, subject TEXT NOT NULL, sid TEXT NOT NULL, jkt TEXT NOT NULL,
        account TEXT NOT NULL, client TEXT NOT NULL, audience TEXT NOT NULL, feature TEXT NOT NULL,
        requirement_json TEXT NOT NULL, operation_json TEXT, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX step_ups_session ON step_ups (subject, sid);
      CREATE INDEX step_ups_expiry ON step_ups (expires_at);

      CREATE TABLE step_up_challenges (
        step_up_id TEXT NOT NULL REFERENCES step_ups (id) ON DELETE CASCADE, method TEXT NOT NULL, challenge TEXT NOT NULL,
        PRIMARY KEY (step_up_id, method)
      ) STRICT;

      CREATE TABLE registrations (
        id TEXT PRIMARY KEY, subject TEXT NOT NULL, sid TEXT NOT NULL, jkt TEXT NOT NULL,
        method TEXT NOT NULL, secret TEXT NOT NULL, bound_method TEXT NOT NULL, bound_level TEXT NOT NULL,
        created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX registrations_session ON registrations (subject, sid);
      CREATE INDEX registrations_expiry ON registrations (expires_at);

      CREATE TABLE attempts (key TEXT PRIMARY KEY, count INTEGER NOT NULL, resets_at INTEGER NOT NULL) STRICT;
      CREATE INDEX attempts_expiry ON attempts (resets_at);

      CREATE TABLE authenticators (
        id TEXT PRIMARY KEY, subject TEXT NOT NULL, method TEXT NOT NULL, level TEXT NOT NULL, name TEXT NOT NULL,
        created_at INTEGER NOT NULL, last_used_at INTEGER, bound_method TEXT NOT NULL, bound_level TEXT NOT NULL,
        credential_id TEXT UNIQUE, public_key TEXT, counter INTEGER, transports_json TEXT, aaguid TEXT,
        backup_eligible INTEGER, backup_state INTEGER,
        sealed_secret TEXT, last_step INTEGER,
        CHECK (
          (method = 'passkey' AND credential_id IS NOT NULL AND public_key IS NOT NULL AND counter IS NOT NULL
            AND transports_json IS NOT NULL AND aaguid IS NOT NULL AND backup_eligible IS NOT NULL AND backup_state IS NOT NULL)
          OR (method = 'totp' AND sealed_secret IS NOT NULL AND last_step IS NOT NULL)
        )
      ) STRICT;
      CREATE INDEX authenticators_subject ON authenticators (subject);

      CREATE TABLE licenses (
        account TEXT PRIMARY KEY, id TEXT NOT NULL, epoch INTEGER NOT NULL, tier TEXT NOT NULL, features_json TEXT NOT NULL,
        state TEXT NOT NULL, state_since INTEGER NOT NULL, ends_at INTEGER, raised_at INTEGER, requires_json TEXT,
        updated_at INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE policies (
        revision INTEGER PRIMARY KEY, digest TEXT NOT NULL, document_json TEXT NOT NULL, published_at INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE replays (key TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT;
      CREATE INDEX replays_expiry ON replays (expires_at);

      CREATE TABLE changes (
        cursor INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, type TEXT NOT NULL, topic TEXT NOT NULL, data_json TEXT NOT NULL
      ) STRICT;
      CREATE INDEX changes_topic ON changes (topic, cursor);

      CREATE TABLE api_keys (
        id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, scope TEXT NOT NULL, audience TEXT,
        created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER
      ) STRICT;

      CREATE TABLE signing_keys (
        kid TEXT PRIMARY KEY, public_jwk_json TEXT NOT NULL, sealed_private_jwk TEXT NOT NULL,
        created_at INTEGER NOT NULL, active_from INTEGER NOT NULL UNIQUE
      ) STRICT;

      CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    `,
  },
  {
    version: 2,
    name: 'ends of sessions that a later login outlives',
    sql: 'ALTER TABLE ended_sessions ADD COLUMN reopens_after INTEGER',
  },
  {
    version: 3,
    name: 'devices with what vouched for them',
    sql: `
      ALTER TABLE devices RENAME TO devices_before;
      CREATE TABLE devices (
        subject TEXT NOT NULL, jkt TEXT NOT NULL, authenticator_id TEXT NOT NULL, bound_at INTEGER NOT NULL,
        PRIMARY KEY (subject, jkt, authenticator_id)
      ) STRICT;
      INSERT INTO devices (subject, jkt, authenticator_id, bound_at) SELECT subject, jkt, '', bound_at FROM devices_before;
      DROP TABLE devices_before;
    `,
  },
  {
    version: 4,
    name: 'security keys, and wrong codes in a row',
    sql: `
      ALTER TABLE authenticators RENAME TO authenticators_before;
      DROP INDEX authenticators_subject;
      CREATE TABLE authenticators (
        id TEXT PRIMARY KEY, subject TEXT NOT NULL, method TEXT NOT NULL, level TEXT NOT NULL, name TEXT NOT NULL,
        created_at INTEGER NOT NULL, last_used_at INTEGER, bound_method TEXT NOT NULL, bound_level TEXT NOT NULL,
        credential_id TEXT UNIQUE, public_key TEXT, counter INTEGER, transports_json TEXT, aaguid TEXT,
        backup_eligible INTEGER, backup_state INTEGER, attestation_json TEXT,
        sealed_secret TEXT, last_step INTEGER, failures INTEGER,
        CHECK (
          (method IN ('passkey', 'security-key') AND credential_id IS NOT NULL AND public_key IS NOT NULL AND counter IS NOT NULL
            AND transports_json IS NOT NULL AND aaguid IS NOT NULL AND backup_eligible IS NOT NULL AND backup_state IS NOT NULL)
          OR (method = 'totp' AND sealed_secret IS NOT NULL AND last_step IS NOT NULL AND failures IS NOT NULL)
        )
      ) STRICT;
      INSERT INTO authenticators
        SELECT id, subject, method, level, name, created_at, last_used_at, bound_method, bound_level, credential_id, public_key, counter,
          transports_json, aaguid, backup_eligible, backup_state, NULL, sealed_secret, last_step, CASE method WHEN 'totp' THEN 0 END
        FROM authenticators_before;
      DROP TABLE authenticators_before;
      CREATE INDEX authenticators_subject ON authenticators (subject);
    `,
  },
  {
    version: 5,
    name: 'sessions by the name that their issuer gave them',
    sql: 'CREATE INDEX sessions_name ON sessions (sid)',
  },
  {
    version: 6,
    name: 'mail',
    sql: `
      CREATE TABLE addresses (
        subject TEXT PRIMARY KEY, version INTEGER NOT NULL, address TEXT NOT NULL, claimed TEXT,
        pending_address TEXT, pending_by TEXT, settles_at INTEGER,
        CHECK ((pending_address IS NULL) = (pending_by IS NULL) AND (pending_address IS NULL) = (settles_at IS NULL))
      ) STRICT;
      CREATE TABLE outbox (
        id TEXT PRIMARY KEY, subject TEXT NOT NULL, recipient TEXT NOT NULL, kind TEXT NOT NULL, data_json TEXT NOT NULL,
        created_at INTEGER NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX outbox_due ON outbox (due_at);
    `,
  },
  {
    version: 7,
    name: 'recovery, guesses, and authenticators that are switched off',
    sql: `
      CREATE TABLE recovery_sets (subject TEXT PRIMARY KEY, made_at INTEGER NOT NULL) STRICT;
      CREATE TABLE recovery_codes (subject TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (subject, digest)) STRICT;
      CREATE TABLE recovery_links (subject TEXT PRIMARY KEY, digest TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT;
      CREATE INDEX recovery_links_expiry ON recovery_links (expires_at);
      CREATE TABLE recovery_tickets (
        subject TEXT NOT NULL, sid TEXT NOT NULL, jkt TEXT NOT NULL, granted_by TEXT NOT NULL, expires_at INTEGER NOT NULL,
        PRIMARY KEY (subject, sid, jkt)
      ) STRICT;
      CREATE INDEX recovery_tickets_expiry ON recovery_tickets (expires_at);

      CREATE TABLE guesses (
        subject TEXT PRIMARY KEY, times_json TEXT NOT NULL, exhausted_at INTEGER, strikes INTEGER NOT NULL, quiet_since INTEGER,
        expires_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX guesses_expiry ON guesses (expires_at);
      CREATE TABLE ceremony_guesses (ceremony TEXT PRIMARY KEY, count INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT;
      CREATE INDEX ceremony_guesses_expiry ON ceremony_guesses (expires_at);

      ALTER TABLE authenticators ADD COLUMN disabled_at INTEGER;
    `,
  },
  {
    version: 8,
    name: 'a login belongs to a device key',
    // a session that is known already belongs to its earliest key that has proven to be of the subject; without such a key its user signs
    // in again. What is kept is kept for a year and a month, longer than a login counts; a minute is how late a session is seen
    sql: `
      CREATE TABLE login_owners (
        subject TEXT NOT NULL, sid TEXT NOT NULL, auth_time INTEGER NOT NULL, party TEXT NOT NULL, jkt TEXT NOT NULL,
        keep_until INTEGER NOT NULL,
        PRIMARY KEY (subject, sid, auth_time, party)
      ) STRICT;
      CREATE INDEX login_owners_expiry ON login_owners (keep_until);
      CREATE TABLE former_logins (
        subject TEXT NOT NULL, sid TEXT NOT NULL, jkt TEXT NOT NULL, until INTEGER NOT NULL, keep_until INTEGER NOT NULL,
        PRIMARY KEY (subject, sid, jkt)
      ) STRICT;
      CREATE INDEX former_logins_expiry ON former_logins (keep_until);

      ALTER TABLE ended_sessions ADD COLUMN spared_jkt TEXT;
      UPDATE ended_sessions SET keep_until = keep_until + 34128000;

      INSERT INTO login_owners (subject, sid, auth_time, party, jkt, keep_until)
        SELECT subject, sid, 0, '', jkt, newest + 60 + 34128000
          FROM (
            SELECT sessions.*, row_number() OVER (PARTITION BY subject, sid ORDER BY created_at, jkt) AS place
              FROM sessions JOIN (SELECT DISTINCT subject, jkt FROM devices) USING (subject, jkt)
              WHERE sid != 'dev-' || jkt
          ), (SELECT max(seen_at) AS newest FROM sessions)
          WHERE place = 1;
      INSERT INTO former_logins (subject, sid, jkt, until, keep_until)
        SELECT DISTINCT subject, iif(sid = 'dev-' || jkt, '', sid), '', newest + 60, newest + 60 + 34128000
          FROM sessions, (SELECT max(seen_at) AS newest FROM sessions);
      INSERT INTO former_logins (subject, sid, jkt, until, keep_until)
        SELECT subject, '', jkt, newest + 60, newest + 60 + 34128000
          FROM sessions JOIN (SELECT DISTINCT subject, jkt FROM devices) USING (subject, jkt),
            (SELECT max(seen_at) AS newest FROM sessions)
          WHERE sid = 'dev-' || jkt;
    `,
  },
  {
    version: 9,
    name: 'operations that were begun, and devices by what they call themselves',
    sql: `
      CREATE TABLE operations (
        id TEXT PRIMARY KEY, subject TEXT NOT NULL, sid TEXT NOT NULL, jkt TEXT NOT NULL,
        feature TEXT NOT NULL, account TEXT NOT NULL, audience TEXT NOT NULL, params_json TEXT NOT NULL, digest TEXT NOT NULL, salt TEXT NOT NULL,
        created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        proven_method TEXT, proven_level TEXT, proven_amr_json TEXT, proven_at INTEGER, proven_with TEXT,
        CHECK ((proven_method IS NULL) = (proven_at IS NULL))
      ) STRICT;
      CREATE INDEX operations_session ON operations (subject, sid);
      CREATE INDEX operations_expiry ON operations (expires_at);

      CREATE TABLE device_sightings (
        subject TEXT NOT NULL, jkt TEXT NOT NULL, name TEXT, first_seen_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL,
        PRIMARY KEY (subject, jkt)
      ) STRICT;
    `,
  },
  {
    version: 10,
    name: 'guesses of keys that own no login, and codes that were right twice',
    sql: `
      ALTER TABLE guesses RENAME TO guesses_before;
      CREATE TABLE guesses (
        subject TEXT NOT NULL, budget TEXT NOT NULL, times_json TEXT NOT NULL, exhausted_at INTEGER, strikes INTEGER NOT NULL,
        quiet_since INTEGER, in_row INTEGER NOT NULL, row_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        PRIMARY KEY (subject, budget)
      ) STRICT;
      INSERT INTO guesses (subject, budget, times_json, exhausted_at, strikes, quiet_since, in_row, row_at, expires_at)
        SELECT subject, 'owner', times_json, exhausted_at, strikes, quiet_since, 0, 0, expires_at FROM guesses_before;
      DROP TABLE guesses_before;
      CREATE INDEX guesses_expiry ON guesses (expires_at);

      ALTER TABLE step_up_challenges ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
    `,
  },
  {
    version: 11,
    name: 'what vouches for the key of a session, and a most of keys',
    sql: `
      ALTER TABLE sessions ADD COLUMN login TEXT NOT NULL DEFAULT 'none';
      UPDATE sessions SET login = 'first'
        WHERE EXISTS (
          SELECT 1 FROM login_owners AS owner
            WHERE owner.subject = sessions.subject AND owner.sid IN (sessions.sid, '') AND owner.jkt = sessions.jkt
        );
      CREATE INDEX sessions_crowd ON sessions (subject, login, seen_at);
      CREATE INDEX sessions_life ON sessions (subject, sid, created_at, seen_at);
    `,
  },
  {
    version: 12,
    name: 'what a recovery ticket was given for',
    sql: 'ALTER TABLE recovery_tickets ADD COLUMN digest TEXT;',
  },
  {
    version: 13,
    name: 'the recovery that let an authenticator in',
    // whether the owner was told of those before is not known
    sql: `
      ALTER TABLE recovery_tickets ADD COLUMN redeemed_at INTEGER;
      ALTER TABLE recovery_tickets ADD COLUMN told INTEGER;
      ALTER TABLE authenticators ADD COLUMN recovered_at INTEGER;
      ALTER TABLE authenticators ADD COLUMN recovery_told INTEGER;
      UPDATE authenticators SET recovered_at = created_at, recovery_told = 0 WHERE bound_method IN ('recovery-code', 'admin');
    `,
  },
  {
    version: 14,
    name: 'sessions that a sign-in began again for one key',
    sql: 'ALTER TABLE sessions ADD COLUMN reopened_at INTEGER',
  },
  {
    version: 15,
    name: 'keys for which alone a session has ended',
    sql: `
      CREATE TABLE ended_keys (
        subject TEXT NOT NULL, sid TEXT NOT NULL, jkt TEXT NOT NULL, keep_until INTEGER NOT NULL, reopens_after INTEGER NOT NULL,
        PRIMARY KEY (subject, sid, jkt)
      ) STRICT;
      CREATE INDEX ended_keys_expiry ON ended_keys (keep_until);
    `,
  },
  {
    version: 16,
    name: 'logins of issuers whose clock is fast',
    sql: 'ALTER TABLE sessions ADD COLUMN ahead_until INTEGER',
  },
  {
    version: 17,
    name: 'upkeep that finds what is due by an index',
    // from here on a newer change takes the older ones of its topic with it, and a session its proofs
    sql: `
      ALTER TABLE sessions ADD COLUMN due_at INTEGER;
      DROP INDEX sessions_expiry;
      CREATE INDEX sessions_due ON sessions (coalesce(due_at, expires_at));
      DELETE FROM proofs
        WHERE NOT EXISTS (
          SELECT 1 FROM sessions
            WHERE sessions.subject = proofs.subject AND sessions.sid = proofs.sid AND sessions.jkt = proofs.jkt
        );

      ALTER TABLE device_sightings ADD COLUMN looked_at INTEGER;
      CREATE INDEX device_sightings_due ON device_sightings (coalesce(looked_at, last_seen_at));

      CREATE INDEX outbox_age ON outbox (created_at);

      ALTER TABLE changes ADD COLUMN expires_at INTEGER;
      DELETE FROM changes
        WHERE EXISTS (SELECT 1 FROM changes AS newer WHERE newer.topic = changes.topic AND newer.cursor > changes.cursor);
      UPDATE changes SET expires_at = at + 86400
        WHERE type IN ('proofs', 'authenticators') OR (type = 'revoked' AND topic NOT LIKE '%,null]');
      CREATE INDEX changes_expiry ON changes (expires_at) WHERE expires_at IS NOT NULL;
    `,
  },
]

/** 'Stil': marks a SQLite file as ours (`PRAGMA application_id`). */
const APPLICATION_ID = 0x5374696c

/**
 * Brings a database to the newest version; every step and its entry in `migrations` are one transaction.
 *
 * Refuses, and changes nothing in, a database that another program made or that a newer Stile has migrated.
 */
export function migrate(database: DatabaseSync, now: () => number): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    claim(database)
    const version = versionOf(database)
    const newest = MIGRATIONS.at(-1)?.version ?? 0
    if (version > newest) {
      throw new Error(
        `The database has version ${version} and this Stile knows versions up to ${newest}: a newer Stile has migrated it, and writing ` +
          'with an older one could lose data. Start the newer Stile, or restore a backup from before the upgrade.',
      )
    }
    const applied = database.prepare('INSERT INTO migrations (version, name, applied_at) VALUES (?, ?, ?)')
    for (const migration of MIGRATIONS) {
      if (migration.version <= version) continue
      database.exec(migration.sql)
      applied.run(migration.version, migration.name, now())
    }
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function claim(database: DatabaseSync): void {
  if (number(database, 'PRAGMA application_id') === APPLICATION_ID) return
  if (number(database, 'SELECT count(*) FROM sqlite_schema') > 0) {
    throw new Error('The file is a SQLite database of another program, and Stile will not write into it. Name a path of its own for Stile.')
  }
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
  database.exec('CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT')
}

function versionOf(database: DatabaseSync): number {
  return number(database, 'SELECT coalesce(max(version), 0) FROM migrations')
}

function number(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get() ?? {})[0])
}

import { DatabaseSync } from 'node:sqlite'
import { T0 } from '../../contract/fixtures.test-support.ts'

/** The tables as version 3 left them. They are written down here and not made by the steps, so that a released step cannot change unseen. */
const TABLES = `
  CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE user_handles (subject TEXT PRIMARY KEY, handle TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE sessions (
    subject TEXT NOT NULL, sid TEXT NOT NULL, jkt TEXT NOT NULL, account TEXT NOT NULL,
    created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (subject, sid, jkt)
  ) STRICT;
  CREATE INDEX sessions_expiry ON sessions (expires_at);
  CREATE TABLE ended_sessions (
    subject TEXT NOT NULL, sid TEXT NOT NULL, keep_until INTEGER NOT NULL, reopens_after INTEGER, PRIMARY KEY (subject, sid)
  ) STRICT;
  CREATE INDEX ended_sessions_expiry ON ended_sessions (keep_until);
  CREATE TABLE proofs (
    subject TEXT NOT NULL, sid TEXT NOT NULL, jkt TEXT NOT NULL, method TEXT NOT NULL, level TEXT NOT NULL, amr_json TEXT NOT NULL,
    auth_time INTEGER NOT NULL, authenticator_id TEXT, PRIMARY KEY (subject, sid, jkt, method, level)
  ) STRICT;
  CREATE INDEX proofs_authenticator ON proofs (authenticator_id) WHERE authenticator_id IS NOT NULL;
  CREATE TABLE step_ups (
    id TEXT PRIMARY KEY, subject TEXT NOT NULL, sid TEXT NOT NULL, jkt TEXT NOT NULL, account TEXT NOT NULL, client TEXT NOT NULL,
    audience TEXT NOT NULL, feature TEXT NOT NULL, requirement_json TEXT NOT NULL, operation_json TEXT, created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX step_ups_session ON step_ups (subject, sid);
  CREATE INDEX step_ups_expiry ON step_ups (expires_at);
  CREATE TABLE step_up_challenges (
    step_up_id TEXT NOT NULL REFERENCES step_ups (id) ON DELETE CASCADE, method TEXT NOT NULL, challenge TEXT NOT NULL,
    PRIMARY KEY (step_up_id, method)
  ) STRICT;
  CREATE TABLE registrations (
    id TEXT PRIMARY KEY, subject TEXT NOT NULL, sid TEXT NOT NULL, jkt TEXT NOT NULL, method TEXT NOT NULL, secret TEXT NOT NULL,
    bound_method TEXT NOT NULL, bound_level TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX registrations_session ON registrations (subject, sid);
  CREATE INDEX registrations_expiry ON registrations (expires_at);
  CREATE TABLE attempts (key TEXT PRIMARY KEY, count INTEGER NOT NULL, resets_at INTEGER NOT NULL) STRICT;
  CREATE INDEX attempts_expiry ON attempts (resets_at);
  CREATE TABLE authenticators (
    id TEXT PRIMARY KEY, subject TEXT NOT NULL, method TEXT NOT NULL, level TEXT NOT NULL, name TEXT NOT NULL,
    created_at INTEGER NOT NULL, last_used_at INTEGER, bound_method TEXT NOT NULL, bound_level TEXT NOT NULL,
    credential_id TEXT UNIQUE, public_key TEXT, counter INTEGER, transports_json TEXT, aaguid TEXT, backup_eligible INTEGER,
    backup_state INTEGER, sealed_secret TEXT, last_step INTEGER,
    CHECK (
      (method = 'passkey' AND credential_id IS NOT NULL AND public_key IS NOT NULL AND counter IS NOT NULL
        AND transports_json IS NOT NULL AND aaguid IS NOT NULL AND backup_eligible IS NOT NULL AND backup_state IS NOT NULL)
      OR (method = 'totp' AND sealed_secret IS NOT NULL AND last_step IS NOT NULL)
    )
  ) STRICT;
  CREATE INDEX authenticators_subject ON authenticators (subject);
  CREATE TABLE licenses (
    account TEXT PRIMARY KEY, id TEXT NOT NULL, epoch INTEGER NOT NULL, tier TEXT NOT NULL, features_json TEXT NOT NULL,
    state TEXT NOT NULL, state_since INTEGER NOT NULL, ends_at INTEGER, raised_at INTEGER, requires_json TEXT, updated_at INTEGER NOT NULL
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
    kid TEXT PRIMARY KEY, public_jwk_json TEXT NOT NULL, sealed_private_jwk TEXT NOT NULL, created_at INTEGER NOT NULL,
    active_from INTEGER NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE devices (
    subject TEXT NOT NULL, jkt TEXT NOT NULL, authenticator_id TEXT NOT NULL, bound_at INTEGER NOT NULL,
    PRIMARY KEY (subject, jkt, authenticator_id)
  ) STRICT;
`

/** Alice with a passkey and an app, both used on a device that the passkey vouched for, and a step-up under way. */
const DATA = `
  INSERT INTO migrations VALUES (1, 'the first tables', ${T0}), (2, 'ends of sessions that a later login outlives', ${T0}),
    (3, 'devices with what vouched for them', ${T0});
  INSERT INTO meta VALUES ('generation', 'first'), ('checked', '0');
  INSERT INTO user_handles VALUES ('demo|alice', 'aGFuZGxl');
  INSERT INTO sessions VALUES ('demo|alice', 'sid-1', 'jkt-1', 'acme', ${T0}, ${T0}, ${T0 + 86_400});
  INSERT INTO authenticators VALUES
    ('auth_1', 'demo|alice', 'passkey', 'phr', 'Laptop', ${T0}, ${T0 + 10}, 'login', 'session', 'credential-1', 'pQECAyYgASFYIA', 7,
      '["internal","hybrid"]', '00000000-0000-0000-0000-000000000000', 1, 0, NULL, NULL),
    ('auth_2', 'demo|alice', 'totp', 'mfa', 'Phone', ${T0 + 1}, NULL, 'passkey', 'phr', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
      'v1.sealed', 100);
  INSERT INTO devices VALUES ('demo|alice', 'jkt-1', 'auth_1', ${T0 + 10});
  INSERT INTO proofs VALUES
    ('demo|alice', 'sid-1', 'jkt-1', 'passkey', 'phr', '["pop","user","mfa"]', ${T0 + 10}, 'auth_1'),
    ('demo|alice', 'sid-1', 'jkt-1', 'totp', 'mfa', '["otp","mfa"]', ${T0 + 20}, 'auth_2');
  INSERT INTO step_ups VALUES ('su_1', 'demo|alice', 'sid-1', 'jkt-1', 'acme', 'web', 'https://api.example.com', 'reports.export',
    '{"level":"mfa"}', NULL, ${T0}, ${T0 + 300});
  INSERT INTO step_up_challenges VALUES ('su_1', 'passkey', 'challenge');
  INSERT INTO licenses VALUES ('acme', 'lic_acme', 4, 'pro', '["reports.schedule"]', 'active', ${T0}, NULL, NULL, NULL, ${T0});
`

/** Writes a database as version 3 left it, with data in it. */
export function writeVersion3(path: string): void {
  const database = new DatabaseSync(path)
  // 'Stil', as every database of ours is marked
  database.exec(`PRAGMA application_id = ${0x5374696c}; ${TABLES} ${DATA}`)
  database.close()
}

import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { createSqliteStore } from '@stile/server/sqlite'

const DAY = 86_400
const COMMIT_EVERY = 20_000

const random = (bytes: number) => randomBytes(bytes).toString('base64url')
const seconds = () => Math.floor(Date.now() / 1000)

/** Writes rows quickly, not durably, into a store that may be in use. */
function write(path: string, count: number, rows: (database: DatabaseSync) => (index: number) => void): void {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA busy_timeout = 10000; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN IMMEDIATE')
    const put = rows(database)
    for (let index = 0; index < count; index += 1) {
      put(index)
      if (index % COMMIT_EVERY === COMMIT_EVERY - 1) database.exec('COMMIT; BEGIN IMMEDIATE')
    }
    database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
  // what is filled in reaches the disk here, and not while something is measured
  const file = openSync(path, 'r+')
  fsyncSync(file)
  closeSync(file)
}

const prepareSession = (database: DatabaseSync) =>
  database.prepare('INSERT INTO sessions (subject, sid, jkt, account, created_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)')
const prepareProof = (database: DatabaseSync) =>
  database.prepare(`INSERT INTO proofs (subject, sid, jkt, method, level, amr_json, auth_time) VALUES (?, ?, ?, 'passkey', 'phr', '[]', ?)`)

/** Makes a store with so many subjects: each has a passkey, a known device, an open session and a proof; four share an account and its license. */
export async function fillStore(path: string, subjects: number): Promise<void> {
  await createSqliteStore({ path }).close()
  const at = seconds() - 3600
  write(path, subjects, (database) => {
    const authenticator = database.prepare(`INSERT INTO authenticators
      (id, subject, method, level, name, created_at, bound_method, bound_level, credential_id, public_key, counter, transports_json, aaguid, backup_eligible,
        backup_state)
      VALUES (?, ?, 'passkey', 'phr', 'Passkey', ?, 'login', 'session', ?, ?, 0, '[]', '00000000-0000-0000-0000-000000000000', 1, 1)`)
    const handle = database.prepare('INSERT INTO user_handles VALUES (?, ?)')
    const [session, proof] = [prepareSession(database), prepareProof(database)]
    const device = database.prepare('INSERT INTO devices VALUES (?, ?, ?, ?)')
    const sighting = database.prepare('INSERT INTO device_sightings (subject, jkt, first_seen_at, last_seen_at) VALUES (?, ?, ?, ?)')
    const change = database.prepare(`INSERT INTO changes (at, type, topic, data_json, expires_at) VALUES (?, ?, ?, '{}', ?)`)
    const license = database.prepare(`INSERT INTO licenses VALUES (?, ?, 1, 'pro', '[]', 'active', ?, NULL, ?, NULL, ?)`)
    return (index) => {
      const [subject, sid, jkt, id] = [`bench|filler-${random(6)}-${index}`, `sid-${random(9)}`, random(32), `auth_${random(16)}`]
      const account = `org-${index >> 2}`
      authenticator.run(id, subject, at, random(32), random(77))
      handle.run(subject, random(32))
      session.run(subject, sid, jkt, account, at, at + (index % 3000), at + 12 * 3600)
      proof.run(subject, sid, jkt, at)
      device.run(subject, jkt, id, at)
      sighting.run(subject, jkt, at, at)
      change.run(at, 'authenticators', JSON.stringify(['authenticators', subject]), at + DAY)
      change.run(at, 'proofs', JSON.stringify(['proofs', subject, sid]), at + DAY)
      if (index % 4 > 0) return
      license.run(account, `lic_${random(16)}`, at, at, at)
      change.run(at, 'license', JSON.stringify(['license', account]), null)
    }
  })
}

/** Adds so many rows that have expired: sessions of just now with their proofs, sessions of long ago, and replays, a third of each. */
export function addExpired(path: string, rows: number): void {
  const at = seconds() - 10
  write(path, Math.ceil(rows / 3), (database) => {
    const [session, proof] = [prepareSession(database), prepareProof(database)]
    const replay = database.prepare('INSERT INTO replays VALUES (?, ?)')
    return () => {
      const [subject, former, jkt] = [`bench|expired-${random(9)}`, `bench|former-${random(9)}`, random(32)]
      session.run(subject, 'sid', jkt, 'acme', at - DAY, at - DAY, at)
      proof.run(subject, 'sid', jkt, at - DAY)
      session.run(former, 'sid', jkt, 'acme', at - 40 * DAY, at - 40 * DAY, at - 39 * DAY)
      replay.run(`dpop:${random(32)}`, at)
    }
  })
}

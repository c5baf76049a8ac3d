import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ALICE, authenticator, authenticatorsChange, enrol, passkey, stepUp, T0, totp } from '../../contract/fixtures.test-support.ts'
import type { Store } from '../../store.ts'
import { createSqliteStore } from '../store.ts'
import { temporaryDirectory } from '../temporary.test-support.ts'
import { writeVersion3 } from './version-3.test-support.ts'

const { subject } = ALICE

function upgraded(change?: string): Readonly<{ store: Store; path: string }> {
  const path = join(temporaryDirectory(), 'stile.db')
  writeVersion3(path)
  if (change !== undefined) {
    const database = new DatabaseSync(path)
    database.exec(change)
    database.close()
  }
  const store = createSqliteStore({ path, now: () => T0 + 100 })
  onTestFinished(() => store.close())
  return { store, path }
}

/** The tables and indexes of a database, whatever the order and the spaces. */
function schemaOf(path: string): readonly unknown[] {
  const database = new DatabaseSync(path, { readOnly: true })
  const rows = database.prepare('SELECT type, name, tbl_name FROM sqlite_schema ORDER BY type, name').all()
  const columns = rows.flatMap(({ name, type }) =>
    type === 'table'
      ? database.prepare('SELECT ? AS tab, name, type, "notnull", pk FROM pragma_table_info(?)').all(`${name}`, `${name}`)
      : [],
  )
  database.close()
  return [...rows, ...columns]
}

describe('an upgrade from version 3', () => {
  it('keeps authenticators with all that is known of them', async () => {
    const { store } = upgraded()
    const { list, findByCredentialId } = store.authenticators
    const laptop = authenticator('auth_1', { lastUsedAt: T0 + 10 })
    const phone = authenticator('auth_2', {
      level: 'mfa',
      name: 'Phone',
      createdAt: T0 + 1,
      boundBy: { method: 'passkey', level: 'phr' },
      data: totp(),
    })
    expect(await list(subject)).toEqual([laptop, phone])
    expect(await findByCredentialId('credential-1')).toEqual(laptop)
    expect(await store.subjects.userHandle(subject, 'bmV3')).toBe('aGFuZGxl')
  })

  it('threat: what a recovery let in before would remove at once what was there before it', async () => {
    const { store } = upgraded("UPDATE authenticators SET bound_method = 'recovery-code', bound_level = 'session' WHERE id = 'auth_2'")
    const [laptop, phone] = await store.authenticators.list(subject)
    expect(laptop).not.toHaveProperty('recovery')
    expect(phone).toMatchObject({ createdAt: T0 + 1, recovery: { at: T0 + 1, told: false } })
  })

  it('keeps sessions, what was proven in them, known devices and licenses', async () => {
    const { store } = upgraded()
    expect(await store.sessions.expiresAt(ALICE)).not.toBeNull()
    expect(await store.proofs.list(ALICE)).toEqual(
      expect.arrayContaining([
        { method: 'passkey', level: 'phr', amr: ['pop', 'user', 'mfa'], authTime: T0 + 10, authenticatorId: 'auth_1' },
        { method: 'totp', level: 'mfa', amr: ['otp', 'mfa'], authTime: T0 + 20, authenticatorId: 'auth_2' },
      ]),
    )
    expect(await store.devices.find({ subject, jkt: ALICE.jkt })).toEqual({ any: true, bound: true })
    expect(await store.licenses.get('acme')).toMatchObject({ id: 'lic_acme', epoch: 4, tier: 'pro', features: ['reports.schedule'] })
  })

  it('lets whoever has a step-up open finish it', async () => {
    const { store } = upgraded()
    expect(await store.stepUps.get('su_1')).toEqual(stepUp('su_1', { requirement: { level: 'mfa' } }))
    expect(await store.stepUps.takeChallenge({ id: 'su_1', method: 'passkey' })).toBe('challenge')
  })

  it('threat: the code that was typed before the upgrade would count again after it', async () => {
    const { store } = upgraded()
    const accept = (step: number) => store.totp.accept({ subject, authenticatorId: 'auth_2', step, now: T0 + 100 })
    expect(await accept(100)).toBe(false)
    expect(await accept(101)).toBe(true)
  })

  it('still takes a proof away with what gave it, and no credential twice', async () => {
    const { store } = upgraded()
    const again = authenticator('auth_3', { data: passkey({ method: 'security-key' }) })
    expect(await enrol(store, again)).toBe(false)
    const changes = [authenticatorsChange(ALICE)]
    expect(await store.authenticators.remove({ subject, id: 'auth_1', keepDevice: 'jkt-9', changes })).toBe(true)
    expect((await store.proofs.list(ALICE)).map(({ method }) => method)).toEqual(['totp'])
    expect(await store.devices.find({ subject, jkt: ALICE.jkt })).toMatchObject({ bound: false })
    expect(await enrol(store, again)).toBe(true)
  })

  it('ends with the very tables and indexes of a new database', async () => {
    const { path } = upgraded()
    const fresh = join(temporaryDirectory(), 'stile.db')
    await createSqliteStore({ path: fresh }).close()
    expect(schemaOf(path)).toEqual(schemaOf(fresh))
  })
})

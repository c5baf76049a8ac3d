import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { T0 } from '../../contract/fixtures.test-support.ts'
import { createSqliteStore } from '../store.ts'
import { temporaryDirectory } from '../temporary.test-support.ts'
import { openDatabase } from './database.ts'

const modeOf = (path: string) => statSync(path).mode & 0o777
const now = () => T0

describe('the database file', () => {
  it('threat: others on the machine would read what is stored', async () => {
    const directory = join(temporaryDirectory(), 'new', 'data')
    const path = join(directory, 'stile.db')
    const store = createSqliteStore({ path })
    await store.check()
    expect(modeOf(directory)).toBe(0o700)
    for (const suffix of ['', '-wal', '-shm']) expect(modeOf(`${path}${suffix}`)).toBe(0o600)
    await store.close()
    chmodSync(path, 0o644)
    await createSqliteStore({ path }).close()
    expect(modeOf(path)).toBe(0o600)
  })

  it('is opened for full durability', () => {
    const database = openDatabase({ path: join(temporaryDirectory(), 'stile.db'), now })
    const pragma = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]
    expect(['journal_mode', 'synchronous', 'foreign_keys'].map(pragma)).toEqual(['wal', 2, 1])
    database.close()
  })

  it('notes which migrations it has, and when', () => {
    const path = join(temporaryDirectory(), 'stile.db')
    openDatabase({ path, now }).close()
    const database = openDatabase({ path, now: () => T0 + 100 })
    const rows = database.prepare('SELECT version, applied_at FROM migrations ORDER BY version').all()
    expect(rows.map((row) => row.version)).toEqual(rows.map((_, index) => index + 1))
    expect(rows.every((row) => row.applied_at === T0)).toBe(true)
    database.close()
  })

  it('is refused, and not touched, where a newer Stile has migrated it', async () => {
    const path = join(temporaryDirectory(), 'stile.db')
    await createSqliteStore({ path }).close()
    const newer = new DatabaseSync(path)
    newer.exec(`INSERT INTO migrations VALUES (999, 'from the future', ${T0})`)
    newer.close()
    expect(() => createSqliteStore({ path })).toThrow(/version 999 and this Stile knows versions up to \d+: a newer Stile/)
    const after = new DatabaseSync(path)
    expect(after.prepare('SELECT count(*) AS count FROM migrations WHERE version = 999').get()?.count).toBe(1)
    after.close()
  })

  it('is refused, and not touched, where it belongs to another program', () => {
    const path = join(temporaryDirectory(), 'other.db')
    const other = new DatabaseSync(path)
    other.exec('CREATE TABLE customers (id INTEGER)')
    other.close()
    expect(() => createSqliteStore({ path })).toThrow(/SQLite database of another program/)
    const after = new DatabaseSync(path)
    expect(after.prepare('SELECT name FROM sqlite_schema').all()).toHaveLength(1)
    after.close()
  })

  it('is refused where it is no database', () => {
    const path = join(temporaryDirectory(), 'notes.txt')
    writeFileSync(path, 'no database at all, only a text that is long enough to be looked at\n'.repeat(100))
    expect(() => createSqliteStore({ path })).toThrow(/cannot be opened at .*not a database/)
  })

  it('is refused where the path would keep nothing', () => {
    expect(() => createSqliteStore({ path: '' })).toThrow(/empty/)
    expect(() => createSqliteStore({ path: 'file:stile?mode=memory' })).toThrow(/URI/)
    expect(existsSync('file:stile?mode=memory')).toBe(false)
  })
})

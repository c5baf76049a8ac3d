import { DatabaseSync } from 'node:sqlite'
import { expect, test, vi } from 'vitest'
import { openDatabase } from './database/database.ts'
import { createSqliteStore } from './store.ts'

/** Tables of a few rows, whatever the number of users, and a part of a statement that is bounded by itself. */
const SMALL: ReadonlySet<string> = new Set(['policies', 'api_keys', 'signing_keys', 'sqlite_master', 'some'])

test('no statement looks through a table that grows with users', async () => {
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare')
  const store = createSqliteStore({ path: ':memory:' })
  const statements = new Set(prepare.mock.calls.map(([sql]) => sql))
  prepare.mockRestore()
  await store.close()

  const database = openDatabase({ path: ':memory:', now: () => 0 })
  const scans = [...statements]
    .filter((sql) => !/^\s*PRAGMA/i.test(sql))
    .flatMap((sql) =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .flatMap(({ detail }) => /^SCAN (\w+)/.exec(String(detail))?.[1] ?? [])
        .filter((table) => !SMALL.has(table))
        .map((table) => `${table}: ${sql}`),
    )
  database.close()
  expect(statements.size).toBeGreaterThan(100)
  expect(scans).toEqual([])
})

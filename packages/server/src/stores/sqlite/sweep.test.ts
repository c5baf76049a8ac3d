import { join } from 'node:path'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { T0 } from '../contract/fixtures.test-support.ts'
import { createConnection } from './connection.ts'
import { openDatabase } from './database/database.ts'
import { createSqliteStore } from './store.ts'
import { createSweep, type Sweep } from './sweep.ts'
import { temporaryDirectory } from './temporary.test-support.ts'

const DAY = 86_400
/** An index that is read through tells how; all else is a step of the plan that reads nothing. */
const READS_A_TABLE = /\b(SCAN|SEARCH|TEMP B-TREE|AUTOMATIC)\b/
const READS_DUE_ROWS = /^SEARCH (?!.*AUTOMATIC)/

type Opened = Readonly<{
  database: DatabaseSync
  path: string
  sweep: Sweep
  /** Every statement that the sweep may run. */
  statements: readonly string[]
  /** How many rows its statements have returned or changed since the last call. */
  touched: () => number
}>

/** A store's file with its sweep, watched: the database runs every statement, and what it answers is counted. */
function open(): Opened {
  const path = join(temporaryDirectory(), 'stile.db')
  const database = openDatabase({ path, now: () => T0 })
  const statements: string[] = []
  let rows = 0
  let isSweep = false
  const watched = new Proxy(database, {
    get(target, name) {
      if (name !== 'prepare') {
        const member = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      }
      return (sql: string) => {
        const statement = target.prepare(sql)
        if (!isSweep) return statement
        statements.push(sql)
        return {
          all: (...values: SQLInputValue[]) => {
            const found = statement.all(...values)
            rows += found.length
            return found
          },
          get: (...values: SQLInputValue[]) => {
            const found = statement.get(...values)
            rows += found === undefined ? 0 : 1
            return found
          },
          run: (...values: SQLInputValue[]) => {
            const done = statement.run(...values)
            rows += Number(done.changes)
            return done
          },
        }
      }
    },
  })
  const connection = createConnection(watched)
  isSweep = true
  const sweep = createSweep(connection)
  onTestFinished(() => connection.close())
  return {
    database,
    path,
    sweep,
    statements,
    touched: () => {
      const count = rows
      rows = 0
      return count
    },
  }
}

/** Fills each table with sessions and changes of so many subjects that expire at an instant. */
function fill(database: DatabaseSync, name: string, count: number, expiresAt: number): void {
  const rows = Array.from({ length: count }, (_, index) => `${name}-${index}`)
  const run = (sql: string, values: (row: string) => SQLInputValue[]) => {
    const statement = database.prepare(sql)
    for (const row of rows) statement.run(...values(row))
  }
  database.exec('BEGIN')
  run('INSERT INTO sessions (subject, sid, jkt, account, created_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)', (row) => [
    row,
    'sid',
    `jkt-${row}`,
    'acme',
    T0,
    T0,
    expiresAt,
  ])
  run("INSERT INTO proofs VALUES (?, 'sid', ?, 'totp', 'mfa', '[]', ?, NULL)", (row) => [row, `jkt-${row}`, T0])
  run("INSERT INTO devices VALUES (?, ?, '', ?)", (row) => [row, `jkt-${row}`, T0])
  run('INSERT INTO device_sightings (subject, jkt, first_seen_at, last_seen_at) VALUES (?, ?, ?, ?)', (row) => [row, `jkt-${row}`, T0, T0])
  run("INSERT INTO changes (at, type, topic, data_json, expires_at) VALUES (?, 'proofs', ?, '{}', ?)", (row) => [T0, row, expiresAt])
  run("INSERT INTO changes (at, type, topic, data_json) VALUES (?, 'license', ?, '{}')", (row) => [T0, `license ${row}`])
  run('INSERT INTO replays VALUES (?, ?)', (row) => [row, expiresAt])
  run('INSERT INTO ended_sessions (subject, sid, keep_until) VALUES (?, ?, ?)', (row) => [row, 'gone', expiresAt])
  run("INSERT INTO outbox VALUES (?, ?, 'a@b.example', 'k', '{}', ?, ?, 0)", (row) => [row, row, expiresAt - 2 * DAY, T0])
  database.exec('COMMIT')
}

const countOf = (database: DatabaseSync, table: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n)

describe('a sweep', () => {
  it('threat: reads what is alive to find what is due, so that every answer waits for it', () => {
    const { database, statements } = open()
    expect(statements.length).toBeGreaterThan(15)
    const reads = statements.flatMap((sql) => {
      // as in a store that has been looked at by its owner: an index must not depend on statistics
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...Array.from(sql.matchAll(/\?/g), () => 1))
      return plan.map(({ detail }) => `${detail}`).filter((detail) => READS_A_TABLE.test(detail))
    })
    expect(reads.length).toBeGreaterThan(15)
    expect(reads.filter((detail) => !READS_DUE_ROWS.test(detail))).toEqual([])
  })

  it('touches nothing if nothing is due, however much there is', async () => {
    const { database, sweep, touched } = open()
    fill(database, 'alive', 500, T0 + DAY)
    for (const at of [T0, T0 + 60]) {
      await sweep.run(at)
      expect(touched()).toBe(0)
    }
  })

  it('touches as many rows as are due, and each once', async () => {
    const { database, sweep, touched } = open()
    fill(database, 'alive', 500, T0 + 10 * DAY)
    fill(database, 'due', 100, T0)
    await sweep.run(T0)
    const first = touched()
    // of each of the 100: found and put off as a session, its proof, a change, a replay, an end, a notice
    expect(first).toBe(100 * 7)
    await sweep.run(T0 + 60)
    expect(touched()).toBe(0)
    expect(['proofs', 'replays', 'ended_sessions', 'outbox'].map((table) => countOf(database, table))).toEqual([500, 500, 500, 500])
    expect(countOf(database, 'changes')).toBe(1000 + 100)
  })

  it('looks at a session that is long over, and lives on for another key, once and not with each sweep', async () => {
    const { database, sweep, touched } = open()
    const insert = database.prepare('INSERT INTO sessions VALUES (?, ?, ?, ?, 0, 0, ?, ?, NULL, NULL, NULL)')
    for (let index = 0; index < 50; index += 1)
      for (const [jkt, expiresAt] of [
        ['phone', T0 - 40 * DAY],
        ['laptop', T0 + DAY],
      ] as const)
        insert.run(`s-${index}`, 'sid', jkt, 'acme', expiresAt, 'none')
    await sweep.run(T0)
    expect(touched()).toBe(50 * 3)
    await sweep.run(T0 + 60)
    expect(touched()).toBe(0)
    await sweep.run(T0 + 31 * DAY)
    expect(countOf(database, 'sessions')).toBe(0)
  })

  it('looks at what a known device calls itself once in 30 days', async () => {
    const { database, sweep, touched } = open()
    const insert = database.prepare('INSERT INTO device_sightings (subject, jkt, first_seen_at, last_seen_at) VALUES (?, ?, 0, ?)')
    for (let index = 0; index < 50; index += 1) insert.run(`s-${index}`, 'laptop', T0 - 30 * DAY)
    database.exec("INSERT INTO devices SELECT subject, jkt, '', 0 FROM device_sightings LIMIT 20")
    await sweep.run(T0)
    expect(touched()).toBe(50 * 2)
    expect(countOf(database, 'device_sightings')).toBe(20)
    await sweep.run(T0 + 30 * DAY - 1)
    expect(touched()).toBe(0)
    await sweep.run(T0 + 30 * DAY)
    expect(touched()).toBe(20 * 2)
  })

  it('loses nothing if the process ends in the middle of it', async () => {
    const { database, path, sweep } = open()
    fill(database, 'due', 3000, T0)
    const sweeping = sweep.run(T0)
    await new Promise((resolve) => setTimeout(resolve, 5))
    await sweep.stop()
    await sweeping
    expect(countOf(database, 'proofs')).toBeGreaterThan(0)
    const store = createSqliteStore({ path, now: () => T0 })
    onTestFinished(() => store.close())
    await store.sweep(T0)
    expect(['proofs', 'replays', 'ended_sessions', 'outbox'].map((table) => countOf(database, table))).toEqual([0, 0, 0, 0])
    expect(countOf(database, 'sessions')).toBe(3000)
    await store.sweep(T0 + 30 * DAY)
    expect(countOf(database, 'sessions')).toBe(0)
    expect(countOf(database, 'ended_sessions')).toBe(3000)
  })

  it('is one sweep if it is asked for again while it is under way', async () => {
    const { database, sweep, touched } = open()
    fill(database, 'due', 200, T0)
    await Promise.all([sweep.run(T0), sweep.run(T0), sweep.run(T0)])
    expect(touched()).toBe(200 * 7)
  })

  it('lets others write while it works', async () => {
    const { database, sweep } = open()
    fill(database, 'due', 2000, T0)
    const sweeping = sweep.run(T0).then(() => 'swept')
    let turns = 0
    const waiting = (async () => {
      while (countOf(database, 'proofs') > 0) {
        await new Promise((resolve) => setImmediate(resolve))
        turns += 1
      }
      return 'waited'
    })()
    await Promise.all([sweeping, waiting])
    expect(turns).toBeGreaterThan(2)
  })
})

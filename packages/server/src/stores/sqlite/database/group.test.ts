import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ALL, license, licenseChange, stepUp, T0 } from '../../contract/fixtures.test-support.ts'
import { storeOn } from '../store.ts'
import { temporaryDirectory } from '../temporary.test-support.ts'
import { openDatabase } from './database.ts'
import { createGroup } from './group.ts'

/** A store on a file, its own connection, and the connection of someone else. */
function open() {
  const path = join(temporaryDirectory(), 'stile.db')
  const database = openDatabase({ path, now: () => T0 })
  const store = storeOn(database)
  const other = new DatabaseSync(path)
  onTestFinished(async () => {
    other.close()
    await store.close()
  })
  return { path, database, store, other }
}

const once = (store: ReturnType<typeof open>['store'], key: string) => store.replay.once({ key, now: T0, expiresAt: T0 + 300 })
const statuses = (results: readonly PromiseSettledResult<unknown>[]) => results.map(({ status }) => status)
const countOf = (database: DatabaseSync, table: string) => database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count

/** A group on a table of its own, whose commits are counted. */
function counted() {
  const database = new DatabaseSync(':memory:')
  database.exec('CREATE TABLE rows (value INTEGER)')
  let commits = 0
  const group = createGroup({
    database,
    committed: () => {
      commits += 1
    },
  })
  const insert = database.prepare('INSERT INTO rows VALUES (?)')
  return { group, insert, commits: () => commits, rows: () => countOf(database, 'rows') }
}

describe('a group of writes', () => {
  it('commits everything of one tick with one commit, and what comes later with another', async () => {
    const { group, insert, commits, rows } = counted()
    await Promise.all(Array.from({ length: 20 }, (_, index) => group.write(() => insert.run(index))))
    expect(commits()).toBe(1)
    await group.write(() => insert.run(20))
    expect([commits(), rows()]).toEqual([2, 21])
  })

  it('waits for more as long as each turn of the event loop brings some, and not for ever', async () => {
    const { group, insert, commits } = counted()
    const writes: Promise<unknown>[] = []
    for (let turn = 0; turn < 6; turn += 1) {
      writes.push(group.write(() => insert.run(turn)))
      await tick()
    }
    await Promise.all(writes)
    expect(commits()).toBe(1)
    let isDone = false
    const first = group.write(() => insert.run(0)).then(() => (isDone = true))
    for (let turn = 0; !isDone && turn < 100; turn += 1) {
      writes.push(group.write(() => insert.run(turn)))
      await tick()
    }
    expect(isDone).toBe(true)
    await Promise.all([first, ...writes])
  })

  it('resolves a verb only after its commit: another connection sees it then', async () => {
    const { store, other } = open()
    const seen: unknown[] = []
    await Promise.all(Array.from({ length: 5 }, (_, index) => once(store, `jti-${index}`).then(() => seen.push(countOf(other, 'replays')))))
    expect(seen).toEqual([5, 5, 5, 5, 5])
  })

  it('undoes a verb that fails and keeps its neighbours', async () => {
    const { store } = open()
    await store.stepUps.create(stepUp('su_1'))
    const results = await Promise.allSettled([once(store, 'before'), store.stepUps.create(stepUp('su_1')), once(store, 'after')])
    expect(statuses(results)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await Promise.all([once(store, 'before'), once(store, 'after')])).toEqual([false, false])
  })

  it('undoes the first half of a verb whose second half fails: no license without its change, no change without its license', async () => {
    const { store, other } = open()
    other.exec(`CREATE TRIGGER refuse BEFORE INSERT ON changes WHEN NEW.topic LIKE '%"bad"%' BEGIN SELECT RAISE(ABORT, 'injected'); END`)
    const write = (account: string) =>
      store.licenses.write({
        record: license(account),
        expectedEpoch: null,
        changes: [licenseChange(`first ${account}`), licenseChange(account)],
      })
    expect(statuses(await Promise.allSettled([write('good'), write('bad'), write('fine')]))).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((await store.licenses.list({ limit: 10 })).map(({ account }) => account)).toEqual(['fine', 'good'])
    expect(await store.changes.after(ALL)).toHaveLength(4)
  })

  it('rejects every verb, and keeps none, where SQLite gives the whole transaction up', async () => {
    const { store, other } = open()
    other.exec(`CREATE TRIGGER lose BEFORE INSERT ON replays WHEN NEW.key = 'lost' BEGIN SELECT RAISE(ROLLBACK, 'injected'); END`)
    const results = await Promise.allSettled([once(store, 'before'), once(store, 'lost'), once(store, 'after')])
    expect(statuses(results)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(countOf(other, 'replays')).toBe(0)
    expect(await once(store, 'before')).toBe(true)
  })

  it('rejects every verb, and keeps none, where the commit fails', async () => {
    const { database, store, other } = open()
    // a constraint that is checked at the commit
    other.exec(`CREATE TABLE parents (id INTEGER PRIMARY KEY) STRICT;
      CREATE TABLE children (id INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED) STRICT;
      CREATE TRIGGER orphan AFTER INSERT ON replays WHEN NEW.key = 'orphan' BEGIN INSERT INTO children VALUES (1); END`)
    const results = await Promise.allSettled([once(store, 'before'), once(store, 'orphan'), once(store, 'after')])
    expect(statuses(results)).toEqual(['rejected', 'rejected', 'rejected'])
    expect([countOf(other, 'replays'), database.isTransaction]).toEqual([0, false])
    expect(await once(store, 'before')).toBe(true)
  })

  it('rejects on a full disk and leaves nothing half-written; works again when there is room', async () => {
    const { database, store, other } = open()
    const pages = database.prepare('PRAGMA page_count').get()?.page_count
    database.exec(`PRAGMA max_page_count = ${pages}`)
    const big = (account: string) =>
      store.licenses.write({
        record: license(account, { features: ['x'.repeat(100_000)] }),
        expectedEpoch: null,
        changes: [licenseChange(account)],
      })
    const results = await Promise.allSettled([big('a'), big('b')])
    expect(statuses(results)).toEqual(['rejected', 'rejected'])
    expect([countOf(other, 'licenses'), countOf(other, 'changes')]).toEqual([0, 0])
    database.exec('PRAGMA max_page_count = 1000000')
    expect(await big('a')).toBe(true)
  })

  it('rejects where the database can no longer be written, keeps reading, and says so when checked', async () => {
    const { database, store } = open()
    await store.stepUps.create(stepUp('su_1'))
    database.exec('PRAGMA query_only = ON')
    await expect(store.stepUps.take('su_1')).rejects.toThrow()
    await expect(store.check()).rejects.toThrow()
    expect(await store.stepUps.get('su_1')).toEqual(stepUp('su_1'))
    database.exec('PRAGMA query_only = OFF')
    expect(await store.stepUps.take('su_1')).toEqual(stepUp('su_1'))
  })

  it('waits for another process that writes, with whatever is asked for meanwhile', async () => {
    const { store, other } = open()
    other.exec('BEGIN IMMEDIATE')
    const first = once(store, 'jti')
    await tick()
    const second = once(store, 'jti')
    await tick()
    other.exec('COMMIT')
    expect(await Promise.all([first, second])).toEqual([true, false])
  })

  it('gives up in the end where another process never finishes, and rejects', async () => {
    const { database, store, other } = open()
    database.exec('PRAGMA busy_timeout = 0')
    other.exec('BEGIN IMMEDIATE')
    await expect(once(store, 'jti')).rejects.toThrow(/locked/)
    other.exec('ROLLBACK')
    expect(await once(store, 'jti')).toBe(true)
  })

  it('finishes what waits for another process before it closes', async () => {
    const { store, other } = open()
    other.exec('BEGIN IMMEDIATE')
    const waiting = once(store, 'jti')
    await tick()
    const closing = store.close()
    other.exec('COMMIT')
    expect(await waiting).toBe(true)
    await closing
    expect(countOf(other, 'replays')).toBe(1)
  })

  it('keeps telling the others where one watcher throws, and the write still counts', async () => {
    const { store } = open()
    const failures: unknown[] = []
    const keep = (error: unknown) => failures.push(error)
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', keep)
    onTestFinished(() => {
      process.off('uncaughtException', keep)
      for (const listener of others) process.on('uncaughtException', listener)
    })
    const heard = vi.fn()
    store.changes.watch(() => {
      throw new Error('a broken watcher')
    })
    store.changes.watch(heard)
    expect(await store.licenses.write({ record: license('a'), expectedEpoch: null, changes: [licenseChange('a')] })).toBe(true)
    await tick()
    expect([heard.mock.calls.length, failures.length]).toEqual([1, 1])
  })

  it('threat: a write after one that is not flushed would not be flushed either', async () => {
    const { database } = open()
    const group = createGroup({ database, committed: () => undefined })
    const level = () => Object.values(database.prepare('PRAGMA synchronous').get() ?? {})[0]
    expect(await group.writeUnflushed(level)).toBe(1)
    expect(level()).toBe(2)
    await expect(
      group.writeUnflushed(() => {
        throw new Error('injected')
      }),
    ).rejects.toThrow('injected')
    expect([level(), database.isTransaction]).toEqual([2, false])
    expect(await group.write(level)).toBe(2)
  })
})

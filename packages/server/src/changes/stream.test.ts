import { afterEach, expect, test } from 'vitest'
import { createSqliteStore } from '../stores/sqlite/index.ts'
import type { Change, Store } from '../stores/store.ts'
import { createChangeStream } from './stream.ts'

let store: Store
afterEach(() => store.close())

let written = 0
async function change(): Promise<void> {
  written += 1
  const account = `account-${written}`
  const record = {
    account,
    id: `lic_${written}`,
    epoch: 1,
    tier: 'basic',
    features: [],
    state: 'active',
    stateSince: 1,
    updatedAt: 1,
  } as const
  await store.licenses.write({ record, expectedEpoch: null, changes: [{ at: 1, type: 'license', account }] })
}

const accounts = (changes: readonly Change[]): string[] => changes.map((each) => ('account' in each ? (each.account ?? '') : each.type))

test('every listener gets every change once and in order, and what was before it began is not told', async () => {
  store = createSqliteStore({ path: ':memory:' })
  await change()
  const stream = createChangeStream({ store })
  await stream.start()
  const seen: string[][] = [[], []]
  for (const list of seen) stream.subscribe((changes) => list.push(...accounts(changes)))
  const begin = written
  await Promise.all(Array.from({ length: 20 }, change))
  await stream.sync()
  const expected = Array.from({ length: 20 }, (_, index) => `account-${begin + index + 1}`)
  expect(seen).toEqual([expected, expected])
  stream.close()
})

test('a sync answers only when all that was committed before it was handed on', async () => {
  store = createSqliteStore({ path: ':memory:' })
  const stream = createChangeStream({ store }, 1_000_000)
  await stream.start()
  for (let round = 0; round < 10; round++) {
    await change()
    const [first, second] = await Promise.all([stream.sync(), stream.sync()])
    expect([first, second]).toEqual([await store.changes.head(), await store.changes.head()])
  }
  stream.close()
})

test('a store that fails for a while loses nothing: the stream keeps its place', async () => {
  store = createSqliteStore({ path: ':memory:' })
  let broken = true
  const changes = {
    ...store.changes,
    after: async (input: { cursor: number; limit: number }) => {
      if (broken) throw new Error('unreachable')
      return await store.changes.after(input)
    },
  }
  const stream = createChangeStream({ store: { ...store, changes } }, 20)
  await stream.start()
  const seen: string[] = []
  stream.subscribe((batch) => seen.push(...accounts(batch)))
  await change()
  await expect(stream.sync()).rejects.toThrow('unreachable')
  expect(seen).toEqual([])
  broken = false
  await expect.poll(() => seen).toEqual([`account-${written}`])
  stream.close()
})

test('a change of another process is seen without a call in this one', async () => {
  store = createSqliteStore({ path: ':memory:' })
  const silent = { ...store, changes: { ...store.changes, watch: () => () => {} } }
  const stream = createChangeStream({ store: silent }, 20)
  await stream.start()
  const seen: string[] = []
  stream.subscribe((batch) => seen.push(...accounts(batch)))
  await change()
  await expect.poll(() => seen).toEqual([`account-${written}`])
  stream.close()
})

test('a subscriber that has left is not called again', async () => {
  store = createSqliteStore({ path: ':memory:' })
  const stream = createChangeStream({ store })
  await stream.start()
  let called = 0
  const stop = stream.subscribe(() => {
    called += 1
  })
  stop()
  await change()
  await stream.sync()
  expect(called).toBe(0)
  stream.close()
})

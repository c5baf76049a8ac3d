import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { createSqliteStore } from '../stores/sqlite/index.ts'
import type { LicenseRecord, Store } from '../stores/store.ts'
import { shareReads } from './shared-reads.ts'
import { createChangeStream } from './stream.ts'

let store: Store
afterEach(() => store.close())

const record = (epoch: number, account = 'acme'): LicenseRecord => ({
  account,
  id: `lic_${account}`,
  epoch,
  tier: 'basic',
  features: [],
  state: 'active',
  stateSince: 1,
  updatedAt: 1,
})
const write = (epoch: number, account?: string) =>
  store.licenses.write({
    record: record(epoch, account),
    expectedEpoch: epoch === 1 ? null : epoch - 1,
    changes: [{ at: 1, type: 'license', account: account ?? 'acme' }],
  })

/** A store that counts what is read, and can fail. */
async function setUp() {
  store = createSqliteStore({ path: ':memory:' })
  const reads = { head: 0, license: 0, fails: false, holds: undefined as Promise<unknown> | undefined }
  const counting: Store = {
    ...store,
    changes: {
      ...store.changes,
      async head() {
        reads.head += 1
        await reads.holds
        return await store.changes.head()
      },
    },
    licenses: {
      ...store.licenses,
      async get(account) {
        reads.license += 1
        if (reads.fails) throw new Error('unreachable')
        return await store.licenses.get(account)
      },
    },
  }
  const stream = createChangeStream({ store: counting }, 1_000_000)
  await stream.start()
  return { reads, stream, shared: shareReads(counting, stream), untold: shareReads(counting, { cursor: () => 0 }) }
}

test('what belongs to nobody alone is read once for many', async () => {
  const { reads, shared, stream } = await setUp()
  await write(1)
  await stream.sync()
  reads.head = 0
  const found = await Promise.all(Array.from({ length: 100 }, () => Promise.all([shared.changes.head(), shared.licenses.get('acme')])))
  expect(new Set(found.map(([head, license]) => `${head} ${license?.epoch}`))).toEqual(new Set([`${stream.cursor()} 1`]))
  expect(reads).toMatchObject({ head: 1, license: 1 })
  stream.close()
})

test('threat: whoever is told of a downgrade gets the license from before it', async () => {
  const { shared, stream } = await setUp()
  for (let epoch = 1; epoch <= 20; epoch++) {
    await shared.licenses.get('acme')
    const told = Promise.withResolvers<readonly [number, LicenseRecord | null]>()
    const stop = stream.subscribe(async (changes) => {
      const cursor = changes.at(-1)?.cursor ?? 0
      const [head, license] = await Promise.all([shared.changes.head(), shared.licenses.get('acme')])
      told.resolve([head - cursor, license])
    })
    await write(epoch)
    await stream.sync()
    const [ahead, license] = await told.promise
    expect(license?.epoch).toBe(epoch)
    expect(ahead).toBeGreaterThanOrEqual(0)
    stop()
  }
  stream.close()
})

test('threat: a downgrade by another process is told under its revision with the license from before it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { untold, stream } = await setUp()
  await write(1)
  const before = await untold.changes.head()
  // the time for which the head is kept is over when the same caller asks for the license
  vi.advanceTimersByTime(1_000)
  await untold.licenses.get('acme')
  await write(2)
  expect(await untold.changes.head()).toBeGreaterThan(before)
  expect(await untold.licenses.get('acme')).toMatchObject({ epoch: 2 })
  stream.close()
})

test('threat: a license that is asked for while the head is read is from before that head', async () => {
  const { untold, reads, stream } = await setUp()
  await write(1)
  const before = await store.changes.head()
  const { promise, resolve } = Promise.withResolvers<void>()
  reads.holds = promise
  const both = Promise.all([untold.changes.head(), untold.licenses.get('acme')])
  await write(2)
  resolve()
  const [revision, license] = await both
  expect(revision).toBeGreaterThan(before)
  expect(license).toMatchObject({ epoch: 2 })
  stream.close()
})

test('one account never gets the license of another', async () => {
  const { shared, stream } = await setUp()
  await write(1, 'one')
  await write(1, 'other')
  const found = await Promise.all(['one', 'other', 'one', 'none'].map((account) => shared.licenses.get(account)))
  expect(found.map((each) => each?.account)).toEqual(['one', 'other', 'one', undefined])
  stream.close()
})

test('a read that fails is not kept for others', async () => {
  const { reads, shared, stream } = await setUp()
  await write(1)
  await stream.sync()
  await shared.changes.head()
  reads.fails = true
  await expect(shared.licenses.get('acme')).rejects.toThrow('unreachable')
  reads.fails = false
  await shared.changes.head()
  expect(await shared.licenses.get('acme')).toMatchObject({ epoch: 1 })
  stream.close()
})

import { afterEach, expect, test } from 'vitest'
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
  const reads = { head: 0, license: 0, fails: false }
  const counting: Store = {
    ...store,
    changes: {
      ...store.changes,
      head() {
        reads.head += 1
        return store.changes.head()
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
  return { reads, stream, shared: shareReads(counting, stream) }
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
  reads.fails = true
  await expect(shared.licenses.get('acme')).rejects.toThrow('unreachable')
  reads.fails = false
  expect(await shared.licenses.get('acme')).toMatchObject({ epoch: 1 })
  stream.close()
})

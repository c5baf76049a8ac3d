import type { FeedEvent } from '@stile/protocol'
import { decodeJwt } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDomain } from '../domain.test-support.ts'
import { type FeedPosition, openFeed } from './feed.ts'
import { createChangeStream } from './stream.ts'

/** A feed to a guard that can stop reading. */
async function setUp() {
  const world = await createTestDomain()
  const { domain } = world
  const reads = { after: 0 }
  const store = {
    ...domain.store,
    changes: {
      ...domain.store.changes,
      after(from: Parameters<typeof domain.store.changes.after>[0]) {
        reads.after += 1
        return domain.store.changes.after(from)
      },
    },
  }
  const stream = createChangeStream({ store: domain.store }, 1_000_000)
  await stream.start()
  const sent: (Readonly<{ cursor: number }> & Partial<Readonly<{ seq: number }>>)[] = []
  let gate = Promise.resolve()
  const open = (resume?: FeedPosition) =>
    openFeed({
      domain: { ...domain, store },
      stream,
      resume,
      send(event: FeedEvent) {
        sent.push({ cursor: event.cursor, ...(event.type === 'checkpoint' && { seq: Number(decodeJwt(event.jws).seq) }) })
        return gate
      },
      onFault: (fault) => {
        throw fault
      },
    })
  onTestFinished(async () => {
    stream.close()
    await world.close()
  })
  let written = 0
  return {
    store,
    stream,
    sent,
    reads,
    open,
    /** Writes a license, which is told to all feeds. */
    async change() {
      written += 1
      const account = `account-${written}`
      const record = { account, id: 'lic_1', epoch: 1, tier: 'basic', features: [], state: 'active', stateSince: 1, updatedAt: 1 } as const
      await store.licenses.write({ record, expectedEpoch: null, changes: [{ at: 1, type: 'license', account }] })
      await stream.sync()
    },
    /** The guard reads no more until this is called. */
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return () => {
        gate = Promise.resolve()
        resolve()
      }
    },
  }
}

test('threat: a checkpoint vouches for a revocation that a slow guard was not sent', async () => {
  const { open, change, hold, sent, stream } = await setUp()
  const feed = await open()
  const release = hold()
  await change()
  await expect.poll(() => sent.length).toBe(2)
  const checkpoint = feed.checkpoint()
  await stream.sync()
  for (let count = 0; count < 20; count++) await change()
  release()
  await checkpoint
  feed.close()
  const vouched = sent.findLastIndex(({ seq }) => seq !== undefined)
  const { seq, cursor } = sent[vouched] ?? {}
  expect(cursor, 'what was sent before it').toBe(seq)
  expect(sent.slice(0, vouched).filter((each) => each.seq === undefined)).toHaveLength(21)
})

test('threat: a slow guard makes the service hold back every change that comes', async () => {
  const { open, change, hold, sent, reads } = await setUp()
  const feed = await open()
  const release = hold()
  await change()
  await expect.poll(() => sent.length).toBe(2)
  for (let count = 0; count < 20; count++) await change()
  release()
  await expect.poll(() => sent.length).toBe(22)
  feed.close()
  expect(reads.after, 'what came meanwhile is read from the log').toBe(1)
  const cursors = sent.slice(1).map(({ cursor }) => cursor)
  expect(cursors).toEqual([...new Set(cursors)].toSorted((one, other) => one - other))
})

test('a guard that keeps up is told of every change without another look at the log', async () => {
  const { open, change, sent, reads } = await setUp()
  const feed = await open()
  for (let count = 2; count <= 6; count++) {
    await change()
    await expect.poll(() => sent.length).toBe(count)
  }
  feed.close()
  expect(reads.after).toBe(0)
})

test('a guard that missed something is sent a checkpoint as soon as it has all of it', async () => {
  const { open, change, sent, stream, store } = await setUp()
  const before = await store.changes.head()
  for (let count = 0; count < 3; count++) await change()
  const feed = await open({ generation: await store.changes.generation(), cursor: before })
  await expect.poll(() => sent.length).toBe(5)
  feed.close()
  expect(sent[0]).toEqual({ cursor: before, seq: stream.cursor() })
  expect(sent.at(-1)).toEqual({ cursor: stream.cursor(), seq: stream.cursor() })
})

test('many checkpoints that wait for a slow guard are one', async () => {
  const { open, change, hold, sent } = await setUp()
  const feed = await open()
  const release = hold()
  await change()
  await expect.poll(() => sent.length).toBe(2)
  const checkpoints = Array.from({ length: 5 }, () => feed.checkpoint())
  release()
  await Promise.all(checkpoints)
  feed.close()
  expect(sent.filter(({ seq }) => seq !== undefined)).toHaveLength(2)
})

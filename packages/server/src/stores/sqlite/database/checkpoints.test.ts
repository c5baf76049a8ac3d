import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { T0 } from '../../contract/fixtures.test-support.ts'
import { temporaryDirectory } from '../temporary.test-support.ts'
import { createCheckpoints } from './checkpoints.ts'
import { openDatabase } from './database.ts'

/** For how long it is written while the thread copies: longer than a thread takes to start. */
const WRITING_MS = 300

test('a log that is written all the time begins again from its start, and does not grow', async () => {
  const database = openDatabase({ path: join(temporaryDirectory(), 'stile.db'), now: () => T0 })
  const checkpoints = createCheckpoints(database)
  onTestFinished(async () => {
    await checkpoints.close()
    database.close()
  })
  const insert = database.prepare('INSERT INTO replays (key, expires_at) VALUES (?, ?)')
  let keys = 0
  const write = (count: number) => {
    database.exec('BEGIN')
    for (let index = 0; index < count; index += 1) insert.run(`key ${keys++}`, T0)
    database.exec('COMMIT')
    checkpoints.committed()
  }
  // frames that are in the log, and how many of them are in the database too
  const log = () => database.prepare('PRAGMA wal_checkpoint(NOOP)').get() as Readonly<{ log: number; checkpointed: number }>

  write(5_000)
  const until = performance.now() + WRITING_MS
  while (performance.now() < until) write(10)
  await vi.waitFor(() => {
    const { log: frames, checkpointed } = log()
    expect(checkpointed).toBe(frames)
  })
  write(1)
  expect(log().log).toBeLessThan(50)
})

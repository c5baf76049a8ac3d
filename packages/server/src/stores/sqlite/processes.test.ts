import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { T0 } from '../contract/fixtures.test-support.ts'
import { createSqliteStore } from './store.ts'
import { temporaryDirectory } from './temporary.test-support.ts'
import type { WriterTask } from './writer.test-support.ts'

const WRITER = join(import.meta.dirname, 'writer.test-support.ts')

/** Another process that opens the file and does a task; its answers come as messages. */
function start(task: WriterTask): ChildProcess {
  const child = fork(WRITER, [JSON.stringify(task)], { execArgv: ['--conditions=@stile/source'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

describe('several processes on one file', () => {
  it('open and migrate it at the same time, and have one winner for each key', { timeout: 60_000 }, async () => {
    const path = join(temporaryDirectory(), 'stile.db')
    const children = [1, 2, 3].map(() => start({ path, keys: 200, endless: false, now: T0 }))
    const won = await Promise.all(children.map(async (child) => (await once(child, 'message'))[0] as string[]))
    const all = won.flat()
    expect(all).toHaveLength(200)
    expect(new Set(all).size).toBe(200)
  })

  it('leave everything that they were told is written, when they are killed in the middle', { timeout: 60_000 }, async () => {
    const path = join(temporaryDirectory(), 'stile.db')
    const child = start({ path, keys: 100_000, endless: true, now: T0 })
    const told: string[] = []
    child.on('message', (keys) => told.push(...(keys as string[])))
    while (told.length < 200) await once(child, 'message')
    child.kill('SIGKILL')
    await once(child, 'close')

    const store = createSqliteStore({ path })
    const again = await Promise.all(told.map((key) => store.replay.once({ key, now: T0, expiresAt: T0 + 300 })))
    expect(again.filter(Boolean)).toEqual([])
    await store.check()
    await store.close()
  })
})

import { createServer } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Setup } from '../step-up/child.ts'
import { createStile } from '../step-up/stile-app.ts'

/** What the server is asked to do, one thing at a time. */
export type Task = 'sweep' | 'write'
/** How long it took, and the longest that the event loop stood still meanwhile, in milliseconds. */
export type Done = Readonly<{ tookMs: number; longestDelayMs: number }>

/** How many durable writes of one row `write` makes, one after the other: what the disk itself does to the event loop. */
const WRITES = 100

process.once('message', async ({ path, ...setup }: Omit<Setup, 'directory'> & Readonly<{ path: string }>) => {
  const { app, store } = await createStile({ ...setup, path })
  const delays = monitorEventLoopDelay({ resolution: 1 })
  createServer({ keepAliveTimeout: 60_000 }, app).listen(setup.port, '127.0.0.1', () => process.send?.('listens'))
  process.on('message', async (task: Task) => {
    delays.reset()
    delays.enable()
    const begun = performance.now()
    if (task === 'sweep') await store.sweep(Math.floor(Date.now() / 1000))
    else for (let index = 0; index < WRITES; index += 1) await store.check()
    const tookMs = performance.now() - begun
    // the histogram learns of a delay when its timer comes late
    await new Promise((resolve) => setTimeout(resolve, 20))
    delays.disable()
    process.send?.({ tookMs, longestDelayMs: delays.max / 1e6 } satisfies Done)
  })
})

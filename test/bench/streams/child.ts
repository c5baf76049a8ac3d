import type { JsonWebKey } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** What a server of streams is told before it starts. */
export type StreamsSetup = Readonly<{ directory: string; port: number; issuerJwk: JsonWebKey; heartbeatSeconds: number }>

/** What it is asked while it runs. `delay` begins a new measurement. */
export type StreamsQuestion = 'cpu' | 'memory' | 'delay'

/** What it answers: milliseconds of CPU since the start, bytes that are held after a collection, the longest event-loop delay in milliseconds. */
export type StreamsAnswer = Readonly<{ cpuMs: number; heldBytes: number; longestDelayMs: number }>

/** How finely the delay of the event loop is measured, in milliseconds. */
const RESOLUTION_MS = 2

/** Runs a server of streams in a process of its own. It says that it is ready, with what the load needs to know. */
export function serveStreams(build: (setup: StreamsSetup) => Promise<Readonly<{ listener: RequestListener; told?: object }>>): void {
  // a benchmark that was stopped leaves no server behind
  process.on('disconnect', () => process.exit())
  process.once('message', async (setup: StreamsSetup) => {
    const { listener, told = {} } = await build(setup)
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    delay.enable()
    process.on('message', (question: StreamsQuestion) => {
      if (question === 'memory') for (let times = 0; times < 2; times += 1) globalThis.gc?.()
      const { user, system } = process.cpuUsage()
      const { heapUsed, external } = process.memoryUsage()
      const answer: StreamsAnswer = {
        cpuMs: (user + system) / 1000,
        heldBytes: heapUsed + external,
        longestDelayMs: delay.max / 1e6 - RESOLUTION_MS,
      }
      if (question === 'delay') delay.reset()
      process.send?.(answer)
    })
    createServer({ keepAliveTimeout: 60_000 }, listener).listen(setup.port, '127.0.0.1', 4096, () => process.send?.(told))
  })
}

import type { JsonWebKey } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Enrolled } from './people.ts'

/** What a server under load is told before it starts. */
export type Setup = Readonly<{ directory: string; port: number; issuerJwk: JsonWebKey; people: readonly Enrolled[] }>

/** Runs a server in a process of its own, so that its CPU time can be told from that of the load. */
export function serve(build: (setup: Setup) => Promise<RequestListener>): void {
  process.once('message', async (setup: Setup) => {
    const server = createServer({ keepAliveTimeout: 60_000 }, await build(setup))
    server.listen(setup.port, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
    process.on('message', (message) => {
      if (message === 'cpu') process.send?.({ cpu: process.cpuUsage() })
      else process.exit(0)
    })
  })
}

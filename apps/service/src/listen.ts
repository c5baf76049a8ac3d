import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What Node calls them, in milliseconds. */
export type Timeouts = Readonly<Record<'headersTimeout' | 'requestTimeout' | 'connectionsCheckingInterval' | 'keepAliveTimeout', number>>

/** Bounds on slow clients, in milliseconds: without them a few hundred could hold the server for ever. */
export const TIMEOUTS: Timeouts = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 65_000,
}

/** One listening server. */
export type Listening = Readonly<{
  url: string
  /** Stops to accept, waits for open requests as long as given, then cuts them. */
  close(graceSeconds: number): Promise<void>
}>

/** A service that cannot listen; the message says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/**
 * Listens on an address.
 *
 * @param setting  the names of the settings for host and port, for the message
 * @throws {ListenError} if the port is taken or the address cannot be used
 */
export async function listen(
  handler: RequestListener,
  { host, port, setting }: Readonly<{ host: string; port: number; setting: string }>,
  timeouts: Timeouts = TIMEOUTS,
): Promise<Listening> {
  const server = createServer(timeouts, handler)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port, setting)))
    server.listen(port, host, resolve)
  })
  const { port: actual, family, address } = server.address() as AddressInfo
  const shown = family === 'IPv6' ? `[${address}]` : address
  return { url: `http://${shown}:${actual}`, close: (graceSeconds) => close(server, graceSeconds) }
}

async function close(server: Server, graceSeconds: number): Promise<void> {
  const done = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const cut = setTimeout(() => server.closeAllConnections(), graceSeconds * 1000)
  await done
  clearTimeout(cut)
}

function explain(error: NodeJS.ErrnoException, host: string, port: number, setting: string): Error {
  if (error.code === 'EADDRINUSE')
    return new ListenError(
      `Port ${port} on ${host} is taken, so the service cannot start. Stop the program that uses it, or set ${setting}.`,
    )
  if (error.code === 'EACCES')
    return new ListenError(`Port ${port} on ${host} may not be used by this user. Set ${setting} to one above 1023.`)
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return new ListenError(
      `${host} is no address of this machine. Set ${setting.replace('PORT', 'HOST')} to one that is, such as 127.0.0.1.`,
    )
  return error
}

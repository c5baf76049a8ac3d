import type { Server } from 'node:http'

/** Listens where `url` says; a port that is taken ends the process with one sentence. */
export function listenAt(server: Server, url: string, what: string): void {
  const { port, hostname } = new URL(url)
  server.on('error', (error: NodeJS.ErrnoException) => failToStart(error, port, what))
  server.listen(Number(port), hostname, () => process.stdout.write(`The ${what} listens at ${url}\n`))
}

/** Says why a part cannot start, and ends the process. */
export function failToStart(error: NodeJS.ErrnoException, port: string, what: string): never {
  const taken = `Port ${port} is taken, so the ${what} cannot start. Stop what uses it, then start again.`
  process.stderr.write(`${error.code === 'EADDRINUSE' ? taken : error.message}\n`)
  process.exit(1)
}

/** Ends the process when it is told to, as soon as `stop` has let go of everything. */
export function stopOnSignal(stop: () => void | Promise<void>): void {
  const end = async () => {
    await stop()
    process.exit(0)
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
}

/** Closes a server and every connection to it. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

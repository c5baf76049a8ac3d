import { createServer, type RequestListener, type Server } from 'node:http'

/** Has an application listen on this machine alone; resolves when it does. */
export function listen(app: RequestListener, port: number): Promise<Server> {
  const server = createServer(app)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

/** Closes a server and every connection to it. */
export function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  return closed
}

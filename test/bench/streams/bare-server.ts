import { serveStreams } from './child.ts'

/** An event stream as node:http gives it, with one message and a heartbeat: what any stream must hold. */
serveStreams(async ({ heartbeatSeconds }) => ({
  listener: (request, response) => {
    if (request.headers.authorization === undefined) return void response.writeHead(401).end()
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store, no-transform' })
    response.write('event: state\ndata: {}\n\n')
    const timer = setInterval(() => response.write(': \n\n'), heartbeatSeconds * 1000)
    response.on('close', () => clearInterval(timer))
  },
}))

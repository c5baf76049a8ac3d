import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type EventStream, openEventStream } from './sse.ts'

/** More than the limit and all that the kernel buffers. */
const MOST = 64 * 1_048_576

let server: Server
afterEach(() => {
  server.closeAllConnections()
  return new Promise<void>((resolve) => server.close(() => resolve()))
})

async function serve(onStream: (stream: EventStream) => void, maxBufferedBytes?: number): Promise<number> {
  server = createServer((_request, response) => onStream(openEventStream(response, maxBufferedBytes)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

test('a client that does not read is dropped before it holds more than the limit, and its resources are freed', async () => {
  const closed = Promise.withResolvers<number>()
  let sent = 0
  const port = await serve((stream) => {
    const data = 'x'.repeat(64 * 1024)
    const pump = (): void => {
      if (stream.closed()) return
      // without the limit it would go on until memory is full
      if (sent > MOST) {
        closed.resolve(sent)
        return
      }
      stream.send({ event: 'state', data })
      sent += data.length
      setImmediate(pump)
    }
    stream.onClose(() => closed.resolve(sent))
    pump()
  }, 1_048_576)
  const socket = connect(port, '127.0.0.1')
  socket.pause()
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  // what the kernel takes comes on top of the limit
  expect(await closed.promise).toBeLessThan(MOST)
  socket.destroy()
})

test('a client that leaves is noticed once, and writing to it does no harm', async () => {
  const closed = Promise.withResolvers<void>()
  let times = 0
  const port = await serve((stream) => {
    stream.onClose(() => {
      times += 1
      stream.send({ event: 'late', data: 1 })
      stream.beat()
      stream.end()
      closed.resolve()
    })
    stream.send({ id: '1', event: 'state', data: { text: 'two\nlines' } })
  })
  const abort = new AbortController()
  const response = await fetch(`http://127.0.0.1:${port}/`, { signal: abort.signal })
  const { value } = (await response.body?.getReader().read()) ?? {}
  expect(new TextDecoder().decode(value)).toBe('id: 1\nevent: state\ndata: {"text":"two\\nlines"}\n\n')
  abort.abort()
  await closed.promise
  expect(times).toBe(1)
})

import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type EventStream, MOST_MISSED_BEATS, openEventStream } from './sse.ts'

/** More than the limit and all that the kernel buffers. */
const MOST = 64 * 1_048_576

let server: Server
afterEach(() => {
  server.closeAllConnections()
  return new Promise<void>((resolve) => server.close(() => resolve()))
})

type ServeOptions = Readonly<{ maxBufferedBytes?: number; around?: (response: ServerResponse) => ServerResponse }>

async function serve(
  onStream: (stream: EventStream) => void,
  { maxBufferedBytes, around = (response) => response }: ServeOptions = {},
): Promise<number> {
  server = createServer((_request, response) => onStream(openEventStream(around(response), maxBufferedBytes)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

test('a client that does not read is dropped before it holds more than the limit, and its resources are freed', async () => {
  const closed = Promise.withResolvers<number>()
  let sent = 0
  const port = await serve(
    (stream) => {
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
    },
    { maxBufferedBytes: 1_048_576 },
  )
  const socket = connect(port, '127.0.0.1')
  socket.pause()
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  // what the kernel takes comes on top of the limit
  expect(await closed.promise).toBeLessThan(MOST)
  socket.destroy()
})

test('a client that takes nothing is sent no more heartbeats, and is dropped after a few', async () => {
  const opened = Promise.withResolvers<EventStream>()
  const port = await serve((stream) => opened.resolve(stream), { maxBufferedBytes: MOST })
  const socket = connect(port, '127.0.0.1')
  socket.pause()
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const stream = await opened.promise
  expect(stream.isWaiting()).toBe(false)
  // more than the kernel takes
  for (let sent = 0; sent < 16; sent++) stream.send({ event: 'state', data: 'x'.repeat(1_048_576) })
  await new Promise((resolve) => setImmediate(resolve))
  expect(stream.isWaiting()).toBe(true)
  for (let count = 1; count < MOST_MISSED_BEATS; count++) stream.beat()
  expect(stream.closed()).toBe(false)
  stream.beat()
  expect(stream.closed()).toBe(true)
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

test('threat: a client that is gone before its stream is opened leaves one that never ends', async () => {
  const arrived = Promise.withResolvers<ServerResponse>()
  server = createServer((_request, response) => arrived.resolve(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const abort = new AbortController()
  const asking = fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { signal: abort.signal }).catch(() => undefined)
  const response = await arrived.promise
  const gone = new Promise((resolve) => response.once('close', resolve))
  abort.abort()
  await Promise.all([asking, gone])
  const stream = openEventStream(response)
  let times = 0
  stream.onClose(() => {
    times += 1
  })
  stream.send({ event: 'late', data: 1 })
  stream.beat()
  expect({ closed: stream.closed(), times }).toEqual({ closed: true, times: 1 })
  expect(stream.isWaiting()).toBe(false)
  stream.end()
  expect(times).toBe(1)
})

test('a host that compresses without regard to Cache-Control is asked to push out every message', async () => {
  const port = await serve(
    (stream) => {
      stream.send({ event: 'state', data: 1 })
      stream.beat()
    },
    { around: holdingBack },
  )
  const abort = new AbortController()
  const response = await fetch(`http://127.0.0.1:${port}/`, { signal: abort.signal })
  expect(response.headers.get('cache-control')).toBe('no-store, no-transform')
  let text = ''
  const reading = (async () => {
    for await (const part of response.body ?? []) text += new TextDecoder().decode(part)
  })().catch(() => undefined)
  await expect.poll(() => text).toBe('event: state\ndata: 1\n\n: \n\n')
  abort.abort()
  await reading
})

/** Holds what is written until it is flushed, as compressing middlewares do. */
function holdingBack(response: ServerResponse): ServerResponse {
  const held: string[] = []
  const write = response.write.bind(response)
  return Object.assign(response, {
    write: (text: string) => held.push(text) > 0,
    flush: () => void write(held.splice(0).join('')),
  })
}

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { ListenError, listen, TIMEOUTS } from './listen.ts'

const address = { host: '127.0.0.1', port: 0, setting: 'STILE_PORT' }

function send(url: string, text: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  socket.write(text)
  return socket
}

test('clients that never finish their headers or their body are cut off, and the others are answered', async () => {
  const quick = { ...TIMEOUTS, headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 50 }
  const server = await listen((request, response) => void request.resume().on('end', () => response.end('ok')), address, quick)
  const slow = [
    ...Array.from({ length: 20 }, () => send(server.url, 'GET / HTTP/1.1\r\n')),
    ...Array.from({ length: 20 }, () => send(server.url, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1')),
  ]
  await Promise.all(slow.map((socket) => once(socket, 'close')))
  expect(await (await fetch(server.url)).text()).toBe('ok')
  await server.close(0)
})

test('the timeouts in force bound every phase of a request', () => {
  for (const [name, milliseconds] of Object.entries(TIMEOUTS)) expect(milliseconds, name).toBeLessThanOrEqual(65_000)
  expect(TIMEOUTS.headersTimeout).toBeLessThanOrEqual(TIMEOUTS.requestTimeout)
})

test('a request under way may finish while the server closes, and one that does not is cut after the grace period', async () => {
  const arrived: (() => void)[] = []
  const server = await listen((_request, response) => void arrived.push(() => response.end('late')), address)
  const answer = fetch(server.url)
  const stuck = fetch(server.url).catch(() => 'cut')
  await expect.poll(() => arrived.length).toBe(2)
  const closed = server.close(0.2)
  arrived[0]?.()
  await closed
  const results = await Promise.all([answer.then((each) => each.text()).catch(() => 'cut'), stuck])
  expect(results.filter((each) => each === 'cut')).toHaveLength(1)
  expect(results).toContain('cut')
})

test('an address that is not ours is a clear message', async () => {
  await expect(listen(() => {}, { ...address, host: '192.0.2.1' })).rejects.toThrow(ListenError)
})

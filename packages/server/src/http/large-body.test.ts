import { connect, type Socket } from 'node:net'
import { PROBLEM_MEDIA_TYPE } from '@stile/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestService, type TestService } from './service.test-support.ts'

const MIB = 1_048_576

let service: TestService
let key: string
beforeAll(async () => {
  service = await startTestService()
  key = await service.key('licenses:write')
})
afterAll(() => service.close())

type Sent = Readonly<{ text: string; error: string | undefined; bytes: number; milliseconds: number }>

/** Writes a request with a body of so many bytes, as fast as they are taken, and reads only once all of them are sent or refused. */
function put(size: number, { chunked = false }: Readonly<{ chunked?: boolean }> = {}): Promise<Sent> {
  const { hostname, port } = new URL(service.adminUrl)
  const began = performance.now()
  return new Promise((resolve) => {
    const socket: Socket = connect(Number(port), hostname)
    let text = ''
    let error: string | undefined
    let bytes = 0
    socket.on('error', (cause: NodeJS.ErrnoException) => (error = cause.code))
    socket.on('data', (part) => (text += part))
    socket.on('close', () => resolve({ text, error, bytes, milliseconds: performance.now() - began }))
    // like a client that sends all before it looks for an answer
    socket.pause()
    const head = [
      'PUT /v1/admin/licenses/acme HTTP/1.1',
      'Host: x',
      `Authorization: Bearer ${key}`,
      'Content-Type: application/json',
      chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${size}`,
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    const part = Buffer.alloc(65_536, 32)
    const send = (): void => {
      while (bytes < size) {
        const next = part.subarray(0, Math.min(part.length, size - bytes))
        bytes += next.length
        if (chunked) socket.write(`${next.length.toString(16)}\r\n`)
        const more = socket.write(next)
        if (chunked) socket.write('\r\n')
        if (!more) return void socket.once('drain', send)
      }
      if (chunked) socket.write('0\r\n\r\n')
      socket.resume()
    }
    send()
    // whoever cannot send any more reads what there is
    setTimeout(() => socket.resume(), 1_500).unref()
  })
}

const expectReadable = ({ text }: Sent): void => {
  const [head = '', body = ''] = text.split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 413 /)
  expect(head).toContain(PROBLEM_MEDIA_TYPE)
  expect(head.toLowerCase()).toContain('connection: close')
  expect(JSON.parse(body)).toMatchObject({ code: 'payload_too_large' })
}

test.each([
  ['with its length', false],
  ['in chunks', true],
])('a body of 5 MB %s gets an answer that can be read, every time', async (_, chunked) => {
  for (let round = 0; round < 20; round++) {
    const sent = await put(5 * MIB, { chunked })
    expect(sent.error).toBeUndefined()
    expectReadable(sent)
  }
})

test('threat: a body without an end keeps the service reading. It stops soon, and the answer can be read even then', async () => {
  const sent = await put(1_024 * MIB)
  expectReadable(sent)
  expect(sent.bytes).toBeLessThan(64 * MIB)
  expect(sent.milliseconds).toBeLessThan(10_000)
})

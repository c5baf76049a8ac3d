import { createServer, get, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { clientTakesMore } from './pace.ts'

async function open(): Promise<ServerResponse> {
  const { promise, resolve } = Promise.withResolvers<ServerResponse>()
  const server = createServer((_, response) => resolve(response)).listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  // without a listener for data, nothing of the answer is read
  const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }, () => undefined).on('error', () => undefined)
  onTestFinished(() => {
    request.destroy()
    server.closeAllConnections()
    server.close()
  })
  return promise
}

test('a client that takes what it is sent is not waited for', async () => {
  const response = await open()
  response.write('a little')
  await clientTakesMore(response, 50)
  expect(response.destroyed).toBe(false)
})

test('threat: a client that takes nothing makes the service hold back all that it is sent', async () => {
  const response = await open()
  for (let parts = 0; parts < 100; parts++) {
    response.write('x'.repeat(1_048_576))
    await clientTakesMore(response, 50)
    if (response.destroyed) break
  }
  expect(response.destroyed, 'dropped').toBe(true)
  expect(response.writableLength, 'what was held back').toBeLessThan(4 * 1_048_576)
})

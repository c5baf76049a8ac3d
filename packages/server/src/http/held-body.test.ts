import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request as open } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ORIGIN, startTestService, type TestService } from './service.test-support.ts'

let service: TestService
beforeEach(async () => {
  service = await startTestService({ issuer: { relogin: { clientId: 'stile', redirectUris: [`${ORIGIN}/done`] } } })
})
afterEach(() => service.close())

/** Sends everything but the body, and waits until the service has seen who asks. */
async function hold(browser: ReturnType<TestService['client']>, path: string, token: string) {
  const request: ClientRequest = open(service.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      dpop: browser.proof('POST', path, token),
      origin: 'https://app.example.com',
      'content-type': 'application/json',
    },
  })
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  answered.catch(() => undefined)
  request.write('{')
  return async (): Promise<Readonly<{ status: number | undefined; body: Record<string, unknown> }>> => {
    request.end('}')
    const [response] = await answered
    let text = ''
    for await (const part of response) text += part
    return { status: response.statusCode, body: JSON.parse(text) }
  }
}

describe('a request whose body comes late', () => {
  test.each(['/v1/tokens', '/v1/step-ups', '/v1/recovery', '/v1/authenticators/registrations'])(
    'threat: sent before a session ends, %s would be answered after it has, with a token that no revocation covers',
    async (path) => {
      const token = service.mint()
      const thief = service.client(() => token)
      const owner = service.client()
      expect((await thief.request('GET', '/v1/state')).status).toBe(200)
      const finish = await hold(thief, path, token)
      // long enough for the service to have let the thief in
      for (let count = 0; count < 3; count++) expect((await owner.request('GET', '/v1/state')).status).toBe(200)
      expect((await owner.request('DELETE', '/v1/session')).status).toBe(204)
      service.advance(5)
      expect(await finish()).toMatchObject({ status: 401, body: { code: 'session_ended', next: { methods: ['relogin'] } } })
    },
  )

  test('is answered as every other while its session goes on', async () => {
    const token = service.mint()
    const browser = service.client(() => token)
    expect((await browser.request('GET', '/v1/state')).status).toBe(200)
    const finish = await hold(browser, '/v1/tokens', token)
    expect((await browser.request('GET', '/v1/state')).status).toBe(200)
    expect(await finish()).toMatchObject({ status: 200, body: { token: expect.any(String) } })
  })
})

test('threat: a request with an API key, sent before the key expires or is revoked, would be carried out after it has', async () => {
  const key = await service.key('subjects:write', 60)
  const path = '/v1/admin/subjects/main%7Calice/email'
  const request = open(service.adminUrl + path, {
    method: 'PUT',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  })
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  request.write('{"address":')
  // long enough for the service to have verified the key
  for (let count = 0; count < 3; count++)
    await fetch(service.adminUrl + path, { method: 'PUT', headers: { authorization: `Bearer ${key}` } })
  service.advance(61)
  request.end('"thief@example.com"}')
  const [response] = await answered
  response.resume()
  expect(response.statusCode).toBe(401)
  expect(await service.store.addresses.get('main|alice')).toBeNull()
})

import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request as open } from 'node:http'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { ORIGIN, startTestService, type TestService } from './service.test-support.ts'

/** How the login provider says that its users had a second factor. */
const MFA = 'urn:login:mfa'

let service: TestService
beforeEach(async () => {
  service = await startTestService({
    issuer: { acrMap: { [MFA]: 'mfa' }, relogin: { clientId: 'stile', redirectUris: [`${ORIGIN}/done`] } },
  })
})
afterEach(() => service.close())

/** Sends everything but the end of the body; what it answers sends that. */
async function hold(browser: ReturnType<TestService['client']>, path: string, token: string, { url = service.url, body = '{' } = {}) {
  const { request, answer } = opened(browser, path, token, url)
  request.write(body)
  return () => {
    request.end('}')
    return answer()
  }
}

function opened(browser: ReturnType<TestService['client']>, path: string, token: string, url: string) {
  const request: ClientRequest = open(url + path, {
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
  const answer = async (): Promise<Readonly<{ status: number | undefined; body: Record<string, unknown> }>> => {
    const [response] = await answered
    let text = ''
    for await (const part of response) text += part
    return { status: response.statusCode, body: JSON.parse(text) }
  }
  return { request, answer }
}

/** Asks something else for long enough for the service to have let in whose body is held. */
async function letIn(browser: ReturnType<TestService['client']>): Promise<void> {
  for (let count = 0; count < 3; count++) expect((await browser.request('GET', '/v1/state')).status).toBe(200)
}

/** Ends all sessions of alice; then she signs in again through the service with one key. */
async function begunAgain(jkt: string): Promise<void> {
  const { sessions, stepUps } = service.store
  const key = { subject: 'main|alice', sid: 's1', jkt }
  const change = { at: service.now(), type: 'revoked', subject: key.subject, before: service.now() } as const
  await sessions.endAll({ subject: key.subject, now: service.now(), change })
  service.advance(5)
  const now = service.now()
  const asked = { feature: 'stile:session', requirement: { level: 'session' }, client: 'web', audience: 'https://api.example.com' } as const
  await stepUps.create({ ...asked, id: 'su_back', key, account: 'acme', createdAt: now, expiresAt: now + 300 })
  const proof = { method: 'relogin', level: 'session', amr: [], authTime: now } as const
  const life = { idleSeconds: 600, absoluteSeconds: 600 }
  const reopened = await sessions.reopen({ key, account: 'acme', now, ...life, stepUpId: 'su_back', proof, change })
  expect(reopened).toBe('reopened')
}

describe('a request whose body comes late', () => {
  test.each(['/v1/tokens', '/v1/step-ups', '/v1/recovery', '/v1/authenticators/registrations'])(
    'threat: sent before a session ends, %s would be answered after it has, with a token that no revocation covers',
    async (path) => {
      const token = service.mint()
      const thief = service.client(() => token)
      const owner = service.client()
      expect((await thief.request('GET', '/v1/state')).status).toBe(200)
      const finish = await hold(thief, path, token, path === '/v1/step-ups' ? { body: '{"feature":"reports.export"' } : {})
      await letIn(owner)
      expect((await owner.request('DELETE', '/v1/session')).status).toBe(204)
      service.advance(5)
      expect(await finish()).toMatchObject({ status: 401, body: { code: 'session_ended', next: { methods: ['relogin'] } } })
    },
  )

  test('threat: sent before a session ends and held until it has begun again, one would count the login of before', async () => {
    const token = service.mint({ acr: MFA })
    const browser = service.client(() => token)
    expect((await browser.request('GET', '/v1/state')).body).toMatchObject({ token: { acr: 'urn:stile:acr:mfa' } })
    const finish = await hold(browser, '/v1/tokens', token)
    await letIn(browser)
    await begunAgain(browser.jkt)
    expect((await browser.request('GET', '/v1/state')).body).toMatchObject({ token: { acr: 'urn:stile:acr:session' } })
    expect(await finish()).toMatchObject({ status: 200, body: { acr: 'urn:stile:acr:session' } })
  })

  test.each([
    ['the session token has expired', 31, 'invalid_token'],
    ['its proof is too old', 200, 'use_dpop_nonce'],
  ])('threat: held until %s, one would still be answered', async (_, seconds, code) => {
    const token = service.mint({ exp: service.now() + (code === 'invalid_token' ? 30 : 300) })
    const browser = service.client(() => token)
    expect((await browser.request('GET', '/v1/state')).status).toBe(200)
    const finish = await hold(browser, '/v1/tokens', token)
    await letIn(browser)
    service.advance(seconds)
    expect(await finish()).toMatchObject({ status: 401, body: { code } })
  })

  test('threat: held until the session has expired, one would still be answered', async () => {
    const short = await startTestService({ options: { session: { idleSeconds: 60 } } })
    onTestFinished(short.close)
    const token = short.mint()
    const browser = short.client(() => token)
    expect((await browser.request('GET', '/v1/state')).status).toBe(200)
    short.advance(45)
    expect((await browser.request('GET', '/v1/state')).status).toBe(200)
    const finish = await hold(browser, '/v1/tokens', token, short)
    expect((await browser.request('GET', '/v1/state?active=0')).status).toBe(200)
    short.advance(20)
    expect(await finish()).toMatchObject({ status: 401, body: { code: 'session_ended' } })
  })

  test('is answered as every other while its session goes on', async () => {
    const token = service.mint()
    const browser = service.client(() => token)
    expect((await browser.request('GET', '/v1/state')).status).toBe(200)
    const finish = await hold(browser, '/v1/tokens', token)
    await letIn(browser)
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

test('a request whose body came with its headers is asked once who makes it', async () => {
  let asked = 0
  const counting = await startTestService({
    wrapStore: (store) => ({
      ...store,
      sessions: {
        ...store.sessions,
        touch(touch) {
          asked += 1
          return store.sessions.touch(touch)
        },
      },
    }),
  })
  onTestFinished(counting.close)
  const token = counting.mint()
  const browser = counting.client(() => token)
  expect((await browser.request('GET', '/v1/state')).status).toBe(200)
  asked = 0
  const { request, answer } = opened(browser, '/v1/step-ups', token, counting.url)
  request.end('{"feature":"reports.export"}')
  expect(await answer()).toMatchObject({ status: 403, body: { code: 'license_required' } })
  expect(asked).toBe(1)
})

import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerOf, type TestClient } from './client.test-support.ts'
import { expectProblem } from './problem.test-support.ts'
import { ORIGIN, startTestService, type TestService } from './service.test-support.ts'

describe('bad credentials', () => {
  let service: TestService
  let client: TestClient
  beforeAll(async () => {
    service = await startTestService()
    client = service.client()
    await client.request('GET', '/v1/state')
  })
  afterAll(() => service.close())

  const path = '/v1/tokens'
  const send = async (headers: Record<string, string>) =>
    await answerOf(
      await fetch(service.url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}' }),
    )
  const signed = (token: string, claims: Record<string, unknown> = {}) => ({
    authorization: `Bearer ${token}`,
    dpop: client.proof('POST', path, token, claims),
  })

  test('no credentials name no level, and still bring a nonce', async () => {
    const answer = await send({})
    expectProblem(answer, 'unauthenticated')
    expect(answer.headers.get('www-authenticate')).toBe('DPoP algs="ES256"')
    expect(answer.headers.get('dpop-nonce')).toBeTruthy()
  })

  test('a proof without a nonce, or with a made-up one, is asked for the server’s', async () => {
    for (const nonce of [undefined, 'made-up']) {
      const answer = await send(signed(service.mint(), { nonce }))
      expectProblem(answer, 'use_dpop_nonce')
      expect(answer.headers.get('www-authenticate')).toMatch(/^DPoP error="use_dpop_nonce".* algs="ES256"$/)
      expect(answer.headers.get('dpop-nonce')).toBeTruthy()
    }
  })

  test('an attacker who replays a request word by word is refused', async () => {
    const headers = signed(service.mint())
    expect((await send(headers)).status).toBe(200)
    expectProblem(await send(headers), 'invalid_dpop_proof')
  })

  test('of a burst of the same request exactly one is answered', async () => {
    const headers = signed(service.mint())
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(headers)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('a browser whose clock is wrong by an hour is let in: the nonce says that the proof is fresh', async () => {
    for (const wrong of [-3600, 3600])
      expect((await send(signed(service.mint(), { iat: Math.floor(Date.now() / 1000) + wrong }))).status).toBe(200)
  })

  const proofs: [string, Record<string, unknown>][] = [
    ['for another method', { htm: 'GET' }],
    ['for another path', { htu: 'https://stile.example/stile/v1/state' }],
    ['for the host that was called instead of the public URL', { htu: 'http://127.0.0.1/stile/v1/tokens' }],
    ['that does not say when it was made', { iat: undefined }],
    ['of another token', { ath: 'AAAA' }],
    ['without an id', { jti: undefined }],
  ]
  test.each(proofs)('a proof %s', async (_what, claims) => {
    expectProblem(await send(signed(service.mint(), claims)), 'invalid_dpop_proof')
  })

  const tokens: [string, Record<string, unknown>, Record<string, unknown>][] = [
    ['expired', { exp: Math.floor(Date.now() / 1000) - 600 }, {}],
    ['of an issuer that is not configured', { iss: 'https://evil.example' }, {}],
    ['for another audience', { aud: 'another' }, {}],
    ['without a subject', { sub: undefined }, {}],
    ['of another typ', {}, { typ: 'at+jwt' }],
    ['without a signature', {}, { alg: 'none' }],
  ]
  test.each(tokens)('a session token %s', async (_what, claims, header) => {
    const answer = await send(signed(service.mint(claims, header)))
    expectProblem(answer, 'invalid_token')
    expect(answer.headers.get('www-authenticate')).toMatch(/^DPoP error="invalid_token".* algs="ES256"$/)
  })

  test('an assurance token opens no session, although its signature is ours', async () => {
    const { body } = await client.request('POST', path, { body: {} })
    expectProblem(await send(signed((body as { token: string }).token)), 'invalid_token')
  })

  test('a page of another origin gets nothing that it could read', async () => {
    const answer = await send({ ...signed(service.mint()), origin: 'https://evil.example' })
    expectProblem(answer, 'origin_not_allowed')
    expect(answer.headers.has('access-control-allow-origin')).toBe(false)
    const preflight = await fetch(service.url + path, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(403)
    expect(preflight.headers.has('access-control-allow-origin')).toBe(false)
  })

  test('a page of a client gets its preflight and may read refusals too', async () => {
    const preflight = await fetch(service.url + path, {
      method: 'OPTIONS',
      headers: { origin: ORIGIN, 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST')
    expect(preflight.headers.get('access-control-allow-headers')).toBe('Authorization, DPoP, Content-Type, Last-Event-ID')
    expect(preflight.headers.get('access-control-max-age')).toBe('600')
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull()
    const refused = await send({ origin: ORIGIN })
    expect(refused.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(refused.headers.get('access-control-expose-headers')).toBe('WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-ID, Date')
    expect(refused.headers.get('vary')).toContain('Origin')
  })

  test('a request id is taken over only if it cannot write into a log', async () => {
    expect((await send({ 'x-request-id': 'proxy-1.a_B' })).headers.get('x-request-id')).toBe('proxy-1.a_B')
    for (const bad of ['a b', 'x'.repeat(65), '{"level":60}', '']) {
      expect((await send({ 'x-request-id': bad })).headers.get('x-request-id')).toMatch(/^req_[A-Za-z0-9_-]{22}$/)
    }
  })

  test('nothing of all this has written a step-up, an authenticator or a license', async () => {
    expect(await service.store.licenses.list({ limit: 10 })).toEqual([])
    expect(await service.store.authenticators.list('main|alice')).toEqual([])
  })

  test('a target whose host is no host is read like any other', async () => {
    const { hostname, port } = new URL(service.url)
    const token = service.mint()
    const get = (target: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(Number(port), hostname)
        const proof = client.proof('GET', '/v1/state', token)
        socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\nDPoP: ${proof}\r\n\r\n`)
        let all = ''
        socket.on('data', (part) => {
          all += part
        })
        socket.on('close', () => resolve(all))
      })
    await client.request('GET', '/v1/state')
    expect(await get('http://x:99999/stile/v1/state')).toMatch(/^HTTP\/1\.1 200/)
    expect(await get('http://x:99999/stile/v1/state?audience=another#?audience=x')).toMatch(/^HTTP\/1\.1 400/)
  })

  test('a request that Node itself cannot read leaves the service running', async () => {
    const { hostname, port } = new URL(service.url)
    const socket = connect(Number(port), hostname)
    socket.end('GET /stile/v1/state HTTP/1.1\r\nHost: x\r\nAuthorization: \u0000\r\n\r\n')
    const text = await new Promise<string>((resolve) => {
      let all = ''
      socket.on('data', (part) => {
        all += part
      })
      socket.on('close', () => resolve(all))
    })
    expect(text).toMatch(/^HTTP\/1\.1 400/)
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200)
  })
})

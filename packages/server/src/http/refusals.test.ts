import { connect } from 'node:net'
import { PROBLEMS, type ProblemCode } from '@stile/protocol'
import express, { type RequestHandler } from 'express'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerOf, type TestAnswer, type TestClient, type TestRequest } from './client.test-support.ts'
import { AUDIENCE, ORIGIN, startTestService, type TestService } from './service.test-support.ts'

/** Far more bytes than the kernel buffers. */
const MOST = 64 * 1_048_576

/** Every refusal is a problem of the one table, with a sentence, an id and nothing that a cache may keep. */
function expectProblem(answer: TestAnswer, code: ProblemCode): void {
  expect(answer.body, answer.text).toMatchObject({ type: `urn:stile:problem:${code}`, code, status: PROBLEMS[code].status })
  expect(answer.status).toBe(PROBLEMS[code].status)
  expect((answer.body as { detail: string }).detail.length).toBeGreaterThan(20)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.headers.get('x-request-id')).toMatch(/^req_/)
  expect(answer.headers.has('www-authenticate')).toBe(answer.status === 401 || code === 'insufficient_scope')
}

describe.each([
  ['reads bodies itself', 'none' as const],
  ['gets them from express.json of its host', express.json({ limit: '1mb' }) as RequestHandler],
])('bad input, where the service %s', (_name, parser) => {
  let service: TestService
  let client: TestClient
  beforeAll(async () => {
    service = await startTestService({ parser })
    client = service.client()
    // a nonce, and a session
    await client.request('GET', '/v1/state')
  })
  afterAll(() => service.close())

  const json = { 'content-type': 'application/json' }
  const bodies: [string, TestRequest, ProblemCode][] = [
    ['no body', {}, 'unsupported_media_type'],
    ['a form', { raw: 'feature=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 'unsupported_media_type'],
    ['text', { raw: '{}', headers: { 'content-type': 'text/plain' } }, 'unsupported_media_type'],
    ['a body over 16 KB', { raw: JSON.stringify({ feature: 'x'.repeat(20_000) }), headers: json }, 'payload_too_large'],
    ['a list', { body: [] }, 'invalid_request'],
    ['null members', { body: { feature: null } }, 'invalid_request'],
    ['a mistyped member', { body: { feature: 5 } }, 'invalid_request'],
    ['nothing of what is needed', { body: {} }, 'invalid_request'],
    [
      'deep nesting',
      { raw: `{"feature":"reports.export","operation":${'['.repeat(200)}${']'.repeat(200)}}`, headers: json },
      'invalid_request',
    ],
    ['an unknown feature', { body: { feature: 'reports.nothing' } }, 'denied'],
    ['the name of a prototype', { body: { feature: '__proto__' } }, 'denied'],
    ['a feature that the license has not', { body: { feature: 'payouts.approve' } }, 'license_required'],
    ['an unknown audience', { body: { feature: 'reports.view', audience: 'https://nobody.example' } }, 'invalid_request'],
  ]
  test.each(bodies)('a step-up with %s', async (_what, init, code) => {
    expectProblem(await client.request('POST', '/v1/step-ups', init), code)
  })

  if (parser === 'none') {
    const own: [string, BodyInit, ProblemCode][] = [
      ['malformed JSON', '{"feature":', 'invalid_request'],
      ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22]), 'invalid_request'],
      ['no bytes', '', 'invalid_request'],
    ]
    test.each(own)('a step-up with %s', async (_what, raw, code) => {
      expectProblem(await client.request('POST', '/v1/step-ups', { raw, headers: json }), code)
    })

    test.each(['utf-7', 'utf-16', 'iso-8859-1', 'utf-8; charset=utf-7'])(
      'a body in %s, which a lenient parser would read',
      async (charset) => {
        const headers = { 'content-type': `application/json; charset=${charset}` }
        expectProblem(await client.request('POST', '/v1/tokens', { raw: '{}', headers }), 'unsupported_media_type')
      },
    )

    test('a compressed body, which could grow without bound', async () => {
      const headers = { ...json, 'content-encoding': 'gzip' }
      expectProblem(await client.request('POST', '/v1/tokens', { raw: '{}', headers }), 'unsupported_media_type')
    })

    test('a body of unknown length that never ends is cut at the limit', async () => {
      let sent = 0
      const endless = new ReadableStream<Uint8Array>({
        pull(controller) {
          sent += 65_536
          // far more than the kernel buffers: whoever reads all of it has no limit
          if (sent > MOST) controller.close()
          else controller.enqueue(new Uint8Array(65_536).fill(32))
        },
      })
      const path = '/v1/tokens'
      const token = service.mint()
      const answer = await fetch(service.url + path, {
        method: 'POST',
        headers: { ...json, authorization: `Bearer ${token}`, dpop: client.proof('POST', path, token) },
        body: endless,
        duplex: 'half',
      } as RequestInit)
      expectProblem(await answerOf(answer), 'payload_too_large')
      expect(sent, 'not read to its end').toBeLessThan(MOST)
    })
  }

  const paths: [string, string, string, ProblemCode][] = [
    ['an unknown path', 'GET', '/v1/nothing', 'not_found'],
    ['a path in another case', 'GET', '/V1/state', 'not_found'],
    ['a path with a slash more', 'GET', '/v1/state/', 'not_found'],
    ['a path that cannot be decoded', 'GET', '/v1/licenses/%E0%A4%A', 'not_found'],
    ['a method that is not served', 'PUT', '/v1/state', 'method_not_allowed'],
    ['a query given twice', 'GET', '/v1/state?audience=a&audience=b', 'invalid_request'],
  ]
  test.each(paths)('%s', async (_what, method, path, code) => {
    const answer = await client.request(method, path, method === 'PUT' ? { body: {} } : {})
    expectProblem(answer, code)
    if (code === 'method_not_allowed') expect(answer.headers.get('allow')).toBe('GET')
  })

  const foreign: [string, string, string, unknown, ProblemCode][] = [
    [
      'an attempt at a step-up that is not there',
      'POST',
      '/v1/step-ups/su_x/attempts',
      { method: 'totp', response: { code: '123456' } },
      'step_up_expired',
    ],
    ['a method of a step-up that is not there', 'POST', '/v1/step-ups/su_x/methods/totp', {}, 'step_up_expired'],
    [
      'a registration that is not there',
      'POST',
      '/v1/authenticators/registrations/reg_x',
      { response: { code: '123456' } },
      'registration_expired',
    ],
    ['a registration of a method that is not served', 'POST', '/v1/authenticators/registrations', { method: 'sms' }, 'invalid_request'],
    ['an authenticator that is not there', 'PATCH', '/v1/authenticators/auth_x', { name: 'x' }, 'not_found'],
    ['a token for an unknown audience', 'POST', '/v1/tokens', { audience: 'nobody' }, 'invalid_request'],
    ['a token for a feature that needs more', 'POST', '/v1/tokens', { audience: AUDIENCE, feature: 'reports.export' }, 'license_required'],
  ]
  test.each(foreign)('%s', async (_what, method, path, body, code) => {
    expectProblem(await client.request(method, path, { body }), code)
  })

  test('the end of an enrolment may bring 64 KB, because attestations carry certificates, and no more', async () => {
    const path = '/v1/authenticators/registrations/reg_x'
    const body = (size: number) => ({ body: { response: { attestation: 'x'.repeat(size) } } })
    expectProblem(await client.request('POST', path, body(60_000)), 'registration_expired')
    expectProblem(await client.request('POST', path, body(70_000)), 'payload_too_large')
  })

  test('whatever is sent to whatever path, the answer never blames the service', async () => {
    const segment = fc.oneof(
      fc.constantFrom(
        'v1',
        'state',
        'step-ups',
        'tokens',
        'authenticators',
        'registrations',
        'attempts',
        'methods',
        'session',
        'policy',
        'feed',
      ),
      fc.string({ maxLength: 12 }).map(encodeURIComponent),
    )
    const request = fc.record({
      method: fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE'),
      path: fc.array(segment, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`),
      body: fc.oneof(fc.json({ maxDepth: 3 }), fc.string({ maxLength: 40 })),
    })
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, body }) => {
        // ending the session is no bad input
        fc.pre(path !== '/v1/session')
        const answer = await client.request(method, path, { raw: body, headers: json })
        // where the host's own parser refuses a body, the host answers
        if (parser !== 'none' && !answer.headers.has('x-request-id')) return
        expect(answer.status, answer.text).toBeLessThan(500)
        if (answer.status >= 400) expect(answer.headers.get('content-type')).toBe('application/problem+json')
      }),
      { numRuns: 60 },
    )
  })
})

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
    expect(refused.headers.get('access-control-expose-headers')).toBe('WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-ID')
    expect(refused.headers.get('vary')).toContain('Origin')
  })

  test('a request id is taken over only where it cannot write into a log', async () => {
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

  test('a request that Node itself cannot read harms nobody', async () => {
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

describe('a store that fails', () => {
  test('is 503 with a time to wait, shows nothing outside, and opens nothing', async () => {
    let broken = false
    const service = await startTestService({
      wrapStore: (store) => ({
        ...store,
        sessions: {
          ...store.sessions,
          touch: async (input) => {
            if (broken) throw new Error('SQLITE_IOERR at /secret/place')
            return await store.sessions.touch(input)
          },
        },
        check: async () => {
          if (broken) throw new Error('SQLITE_IOERR at /secret/place')
          await store.check()
        },
      }),
    })
    try {
      const client = service.client()
      expect((await client.request('GET', '/v1/state')).status).toBe(200)
      broken = true
      const answer = await client.request('GET', '/v1/state')
      expectProblem(answer, 'service_unavailable')
      expect(answer.headers.get('retry-after')).toBe('2')
      expect(answer.text).not.toContain('SQLITE')
      expect((await fetch(`${service.url}/readyz`)).status).toBe(503)
      expect(service.lines.some((line) => line.includes('SQLITE_IOERR') && line.includes(answer.headers.get('x-request-id') ?? '?'))).toBe(
        true,
      )
      broken = false
      service.advance(1)
      expect((await fetch(`${service.url}/readyz`)).status).toBe(200)
    } finally {
      await service.close()
    }
  })

  test('a fault of our own is 500 with the request id and not a word more', async () => {
    let broken = false
    const service = await startTestService({
      options: {
        random: (bytes) => {
          if (broken && bytes === 16) throw new TypeError('the random of /secret/place is gone')
          return crypto.getRandomValues(new Uint8Array(bytes))
        },
      },
    })
    try {
      const client = service.client()
      await client.request('GET', '/v1/state')
      broken = true
      const answer = await client.request('GET', '/v1/state', { headers: { 'x-request-id': 'req_from-outside' } })
      expectProblem(answer, 'internal')
      expect(answer.text).not.toContain('secret')
    } finally {
      await service.close()
    }
  })

  test('a body that another parser of the host swallowed is a clear fault of the set-up', async () => {
    const swallow: RequestHandler = (request, _response, next) => {
      request.resume().on('end', () => next())
    }
    const service = await startTestService({ parser: swallow })
    try {
      const client = service.client()
      await client.request('GET', '/v1/state')
      const answer = await client.request('POST', '/v1/tokens', { body: { audience: AUDIENCE } })
      expectProblem(answer, 'internal')
      expect(service.lines.join('')).toContain('Mount the Stile router before that body parser')
    } finally {
      await service.close()
    }
  })
})

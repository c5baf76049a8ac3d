import type { ProblemCode } from '@stile/protocol'
import express, { type RequestHandler } from 'express'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerOf, type TestClient, type TestRequest } from './client.test-support.ts'
import { expectProblem } from './problem.test-support.ts'
import { AUDIENCE, startTestService, type TestService } from './service.test-support.ts'

/** Far more bytes than the kernel buffers. */
const MOST = 64 * 1_048_576
describe.each([
  ['reads bodies itself', 'none' as const],
  ['gets them from express.json of its host', express.json({ limit: '1mb' }) as RequestHandler],
])('bad input, if the service %s', (_name, parser) => {
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
          // far more than the kernel buffers: a server that reads all of it has no limit
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

  test('no body sent to any path makes the service answer 5xx', async () => {
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
        // if the host's own parser refuses a body, the host answers
        if (parser !== 'none' && !answer.headers.has('x-request-id')) return
        expect(answer.status, answer.text).toBeLessThan(500)
        if (answer.status >= 400) expect(answer.headers.get('content-type')).toBe('application/problem+json')
      }),
      { numRuns: 60 },
    )
  })
})

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { MARKER } from '../support/bad-bodies.ts'
import { type Endpoint, expectProblem, LICENSE, nameOf, startTarget, type Target } from '../support/bad-input.ts'
import { answerOf } from '../support/node-client.ts'
import { WEB_ORIGIN } from '../support/stack.ts'

let target: Target
beforeAll(async () => {
  target = await startTarget()
})
afterAll(() => target.close())
afterEach(() => target.expectCleanLog())

const all = (): readonly Endpoint[] => [...target.withBody, ...target.withoutBody]
const isSubject = ({ send }: Endpoint) => send === target.asSubject
const base = ({ path }: Endpoint) => (path().startsWith('/v1/admin') ? target.stack.urls.admin : target.stack.urls.service)
const bare = async (endpoint: Endpoint, headers: Readonly<Record<string, string>>) =>
  answerOf(
    await fetch(base(endpoint) + endpoint.path(), {
      method: endpoint.method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(endpoint.good === undefined ? {} : { body: JSON.stringify(endpoint.good) }),
    }),
  )

test('no endpoint takes a request without credentials, or with mangled ones', async () => {
  const session = await target.alice.session()
  const { headers } = await target.alice.service('GET', '/v1/state')
  const nonce = headers.get('dpop-nonce')
  for (const endpoint of all()) {
    const proof = await target.alice.proof(endpoint.method, base(endpoint) + endpoint.path(), session, { nonce })
    const mangled: Readonly<Record<string, string>>[] = [
      {},
      { authorization: 'Bearer' },
      { authorization: `Bearer ${MARKER}` },
      { authorization: `Bearer ${MARKER} ${MARKER}` },
      { authorization: `Basic ${btoa(`a:${MARKER}`)}` },
      { authorization: `Bearer ${'x'.repeat(9000)}` },
      { authorization: `Bearer stile_g_${'A'.repeat(43)}` },
      { authorization: `Bearer ${session}` },
      { authorization: `Token ${session}`, dpop: proof },
      { authorization: `Bearer ${session}`, dpop: MARKER },
      { authorization: `Bearer ${session}`, dpop: 'a.b.c' },
      { authorization: `Bearer ${session}`, dpop: `${proof}, ${proof}` },
      { authorization: `Bearer ${session}`, dpop: 'x'.repeat(5000) },
      { authorization: `Bearer ${session.slice(0, -6)}AAAAAA`, dpop: proof },
      { authorization: `Bearer ${'e30.'.repeat(2)}e30`, dpop: `e30.e30.${MARKER}` },
      { dpop: proof },
      { cookie: `session=${MARKER}` },
    ]
    for (const each of mangled) {
      const what = `${nameOf(endpoint)}: ${JSON.stringify(each).slice(0, 120)}`
      const answer = await bare(endpoint, each)
      expectProblem(answer, what)
      expect(answer.status, what).toBe(401)
    }
  }
})

test('a page of a foreign origin gets nothing to read from any endpoint', async () => {
  for (const endpoint of all().filter(isSubject)) {
    for (const origin of ['https://evil.example', 'null', `${WEB_ORIGIN}.evil.example`, MARKER, `${WEB_ORIGIN}/`]) {
      const answer = await endpoint.send(endpoint.method, endpoint.path(), endpoint.good, { headers: { origin } })
      expect(expectProblem(answer, `${nameOf(endpoint)} from ${origin}`)).toBe('origin_not_allowed')
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    }
  }
})

test('a key of another scope opens no endpoint', async () => {
  for (const endpoint of all().filter((each) => !isSubject(each))) {
    const key = endpoint.path().startsWith('/v1/admin') ? target.stack.keys.guard : target.stack.keys.write
    expect(expectProblem(await bare(endpoint, { authorization: `Bearer ${key}` }), nameOf(endpoint))).toBe('insufficient_scope')
  }
  const write = target.withBody.find(({ method }) => method === 'PUT') as Endpoint
  expect(expectProblem(await bare(write, { authorization: `Bearer ${target.stack.keys.read}` }), 'a write by a reader')).toBe(
    'insufficient_scope',
  )
})

test('positions and conditions that cannot be read are refused', async () => {
  const feed = target.withoutBody.find(({ path }) => path() === '/v1/feed') as Endpoint
  for (const position of [MARKER, '1', ':', 'a:b', 'a:-1', `a:${'9'.repeat(40)}`, `${'a'.repeat(500)}:1`])
    expect(expectProblem(await feed.send('GET', '/v1/feed', undefined, { headers: { 'last-event-id': position } }), position)).toBe(
      'invalid_request',
    )
  const write = target.withBody.find(({ method }) => method === 'PUT') as Endpoint
  for (const condition of [MARKER, '"x"', '"-1"', '"1.5"', '"1", "2"', 'W/"1"', '"99999999999999999999"']) {
    const answer = await write.send(
      'PUT',
      '/v1/admin/licenses/conditional',
      { tier: 'pro', state: 'active' },
      { headers: { 'if-match': condition } },
    )
    expect(['invalid_request', 'precondition_failed'], condition).toContain(expectProblem(answer, condition))
  }
})

test('queries that say two things, or nothing known, are refused', async () => {
  for (const [method, path, send] of [
    ['GET', `/v1/state?audience=${MARKER}`, target.asSubject],
    ['GET', '/v1/state?audience=a&audience=b', target.asSubject],
    ['GET', '/v1/events?audience=a&audience=b', target.asSubject],
    ['GET', '/v1/feed?after=x&after=y', target.asMachine('service', 'guard')],
    ['GET', '/v1/admin/licenses?after=x&after=y', target.asMachine('admin', 'write')],
  ] as const)
    expectProblem(await send(method, path, undefined), path)
})

test('mangled paths and unknown ids are refused', async () => {
  const long = 'x'.repeat(2000)
  for (const [method, path, body, send] of [
    ['GET', '/v1/licenses/%E0%A4%A', undefined, target.asMachine('service', 'guard')],
    ['GET', `/v1/licenses/${long}`, undefined, target.asMachine('service', 'guard')],
    ['GET', '/v1/licenses/%00', undefined, target.asMachine('service', 'guard')],
    ['PUT', '/v1/admin/licenses/%0a', LICENSE, target.asMachine('admin', 'write')],
    ['PUT', `/v1/admin/licenses/${long}`, LICENSE, target.asMachine('admin', 'write')],
    ['GET', '/v1/admin/licenses/nobody', undefined, target.asMachine('admin', 'write')],
    ['POST', '/v1/step-ups/__proto__/attempts', { method: 'totp', response: { code: '000000' } }, target.asSubject],
    ['POST', `/v1/step-ups/${long}/attempts`, { method: 'totp', response: { code: '000000' } }, target.asSubject],
    ['POST', `/v1/step-ups/${target.stepUp()}/methods/constructor`, {}, target.asSubject],
    ['POST', '/v1/authenticators/registrations/reg_nobody', { response: { code: '000000' } }, target.asSubject],
    ['PATCH', '/v1/authenticators/%00', { name: 'x' }, target.asSubject],
    ['DELETE', `/v1/authenticators/${long}`, undefined, target.asSubject],
    ['GET', '/v1/State', undefined, target.asSubject],
    ['GET', '/v1/state/', undefined, target.asSubject],
  ] as const)
    expectProblem(await send(method, path, body), `${method} ${path.slice(0, 60)}`)
})

test('a method that does nothing is refused with those that do', async () => {
  for (const endpoint of all()) {
    const answer = await answerOf(await fetch(base(endpoint) + endpoint.path(), { method: endpoint.method === 'PUT' ? 'POST' : 'PUT' }))
    if (endpoint.path().startsWith('/v1/admin/licenses/') && answer.status === 401) continue
    expect(expectProblem(answer, nameOf(endpoint))).toBe('method_not_allowed')
    expect(answer.headers.get('allow')).toContain(endpoint.method)
  }
})

import { PROBLEM_CODES, PROBLEMS, type ProblemCode } from '@stile/protocol'
import fc from 'fast-check'
import { WebAuthnEmulator } from 'nid-webauthn-emulator'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { BAD_BODIES, MARKER, mutationsOf, NO_OBJECTS, WRONG_VALUES } from '../support/bad-bodies.ts'
import { begin, enrollPasskey, enrollTotp, stepUpWithPasskey } from '../support/ceremonies.ts'
import { type Answer, answerOf, type NodeClient } from '../support/node-client.ts'
import { type Stack, startStack, WEB_ORIGIN } from '../support/stack.ts'

let stack: Stack
let alice: NodeClient
let emulator: WebAuthnEmulator
let totpSecret: string
/** An open step-up and an open enrolment, so that bad input gets as far as it can. */
let stepUp: string
let registration: string
beforeAll(async () => {
  stack = await startStack()
  emulator = new WebAuthnEmulator()
  await stack.license('acme', { tier: 'enterprise', state: 'active' })
  alice = await stack.person({ sub: 'alice', account: 'acme' })
  totpSecret = await enrollTotp(alice, stack.clock.now())
  await enrollPasskey(alice, emulator, { secret: totpSecret, now: stack.clock.now() })
  stack.clock.advance(200)
  stepUp = (await begin(alice, 'payouts.approve')).id
  await alice.service('POST', '/v1/authenticators/registrations', { method: 'totp' })
  await stepUpWithPasskey(alice, 'stile:authenticators', emulator)
  registration = String((await alice.service('POST', '/v1/authenticators/registrations', { method: 'totp' })).body.id)
  expect(registration).toMatch(/^reg_/)
})
afterAll(() => stack.close())

afterEach(() => {
  const log = stack.lines.join('\n')
  expect(log).not.toContain(MARKER)
  expect(log, 'tokens or proofs').not.toMatch(/eyJ[\w-]{8,}\.[\w-]*/)
  expect(log, 'API keys').not.toMatch(/stile_(?:g|lr|lw)_[\w-]{16,}/)
  expect(log, 'TOTP secrets').not.toContain(totpSecret)
  expect(stack.lines.filter((line) => line.includes('"level":"error"'))).toEqual([])
})

/** Checks that an answer is a refusal as RFC 9457 and the one table of codes say. */
function expectProblem({ status, headers, body, text }: Answer, what: string): ProblemCode {
  const code = body.code as ProblemCode
  expect(PROBLEM_CODES, `${what}: ${status} ${text.slice(0, 200)}`).toContain(code)
  expect({ status, type: body.type, said: body.status, title: body.title }, what).toEqual({
    status: PROBLEMS[code].status,
    type: `urn:stile:problem:${code}`,
    said: status,
    title: PROBLEMS[code].title,
  })
  expect(status, `${what}: ${text.slice(0, 200)}`).toBeLessThan(500)
  expect(status, what).toBeGreaterThanOrEqual(400)
  expect(headers.get('content-type'), what).toContain('application/problem+json')
  expect(headers.get('cache-control'), what).toBe('no-store')
  expect(headers.get('x-request-id'), what).toBeTruthy()
  expect(status === 401 ? headers.get('www-authenticate') : 'none needed', what).toBeTruthy()
  return code
}

type Endpoint = Readonly<{
  method: string
  path: () => string
  /** A body that would be taken, if there is one. */
  good?: unknown
  /** Whether a good answer proves or changes something that a bad one must not. */
  proves?: true
  send: (method: string, path: string, body: unknown, other?: Parameters<NodeClient['service']>[3]) => Promise<Answer>
}>

const asSubject: Endpoint['send'] = (method, path, body, other) => alice.service(method, path, body, other)

const asMachine =
  (base: 'service' | 'admin', key: 'guard' | 'write'): Endpoint['send'] =>
  async (method, path, body, { headers = {}, raw } = {}) => {
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    return answerOf(
      await fetch(stack.urls[base] + path, {
        method,
        headers: {
          authorization: `Bearer ${stack.keys[key]}`,
          ...(content === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(content === undefined ? {} : { body: content }),
      }),
    )
  }

const LICENSE = {
  tier: 'pro',
  state: 'active',
  features: ['reports.view'],
  endsAt: 4_000_000_000,
  requires: { level: 'mfa', maxAgeSeconds: 60, methods: ['totp'] },
}

const WITH_BODY: readonly Endpoint[] = [
  {
    method: 'POST',
    path: () => '/v1/step-ups',
    good: { feature: 'payouts.approve', audience: 'https://another.example', operation: { amount: '1.00' } },
    send: asSubject,
  },
  { method: 'POST', path: () => `/v1/step-ups/${stepUp}/methods/passkey`, good: {}, send: asSubject },
  {
    method: 'POST',
    path: () => `/v1/step-ups/${stepUp}/attempts`,
    proves: true,
    good: { method: 'totp', response: { code: '000000' } },
    send: asSubject,
  },
  { method: 'POST', path: () => '/v1/tokens', good: { audience: 'https://another.example', feature: 'payouts.approve' }, send: asSubject },
  { method: 'POST', path: () => '/v1/authenticators/registrations', good: { method: 'totp' }, send: asSubject },
  {
    method: 'POST',
    path: () => `/v1/authenticators/registrations/${registration}`,
    proves: true,
    good: { response: { code: '000000' }, name: 'Phone' },
    send: asSubject,
  },
  { method: 'PATCH', path: () => '/v1/authenticators/auth_unknown', proves: true, good: { name: 'Phone' }, send: asSubject },
  { method: 'PUT', path: () => '/v1/admin/licenses/scratch', good: LICENSE, send: asMachine('admin', 'write') },
]

const WITHOUT_BODY: readonly Endpoint[] = [
  { method: 'GET', path: () => '/v1/state', send: asSubject },
  { method: 'GET', path: () => '/v1/events', send: asSubject },
  { method: 'DELETE', path: () => '/v1/session', send: asSubject },
  { method: 'GET', path: () => '/v1/authenticators', send: asSubject },
  { method: 'DELETE', path: () => '/v1/authenticators/auth_unknown', send: asSubject },
  { method: 'GET', path: () => '/v1/policy', send: asMachine('service', 'guard') },
  { method: 'GET', path: () => '/v1/licenses/acme', send: asMachine('service', 'guard') },
  { method: 'GET', path: () => '/v1/feed', send: asMachine('service', 'guard') },
  { method: 'GET', path: () => '/v1/admin/licenses', send: asMachine('admin', 'write') },
  { method: 'GET', path: () => '/v1/admin/licenses/acme', send: asMachine('admin', 'write') },
]

const name = ({ method, path }: Endpoint) => `${method} ${path().replace(/(su|reg)_[\w-]+/, ':id')}`

describe('bodies', () => {
  test.each(BAD_BODIES)('$name is refused everywhere, for what it is', async ({ raw, headers = {}, codes, name: what }) => {
    for (const endpoint of WITH_BODY) {
      // an enrolment may be larger, because attestations are
      if (codes.includes('payload_too_large') === false || !endpoint.path().includes('registrations/'))
        expect(codes, `${name(endpoint)}: ${what}`).toContain(
          expectProblem(await endpoint.send(endpoint.method, endpoint.path(), undefined, { raw, headers }), `${name(endpoint)}: ${what}`),
        )
    }
  })

  test('a large body that does not say how large it is is cut off as soon as it shows', async () => {
    let sent = 0
    const part = new TextEncoder().encode(MARKER.repeat(400))
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += part.length
        if (sent > 50_000_000) controller.close()
        else controller.enqueue(part)
      },
    })
    const headers = { authorization: `Bearer ${stack.keys.write}`, 'content-type': 'application/json' }
    const url = `${stack.urls.admin}/v1/admin/licenses/scratch`
    const answer = await answerOf(await fetch(url, { method: 'PUT', headers, body, duplex: 'half' } as RequestInit))
    expect(expectProblem(answer, 'a stream')).toBe('payload_too_large')
    expect(sent, 'most of it was not waited for').toBeLessThan(25_000_000)
  })

  test('JSON that is no object is refused everywhere', async () => {
    for (const endpoint of WITH_BODY) {
      for (const raw of NO_OBJECTS) {
        const answer = await endpoint.send(endpoint.method, endpoint.path(), undefined, { raw })
        // starting a method needs nothing from its body
        if (endpoint.path().endsWith('/methods/passkey') && answer.status === 200) continue
        expectProblem(answer, `${name(endpoint)}: ${raw}`)
      }
    }
  })

  test('a body that is wrong in one place never breaks anything, and never counts as a right answer', async () => {
    for (const endpoint of WITH_BODY) {
      for (const { at, body } of mutationsOf(endpoint.good)) {
        const answer = await endpoint.send(endpoint.method, endpoint.path(), body)
        const what = `${name(endpoint)}: ${at} of ${JSON.stringify(body).slice(0, 200)}`
        // a license may go without extra features, a token without a feature: that is another good body
        if (!endpoint.proves && answer.status < 300) continue
        expectProblem(answer, what)
      }
    }
  })

  test('an assertion that is wrong in one place proves nothing', async () => {
    type Start = Parameters<WebAuthnEmulator['getJSON']>[1]
    // what proves nothing, and the handle, which an authenticator may leave out where it was told the credential (WebAuthn §7.2 step 6)
    const isFree = (at: string) => /^(clientExtensionResults|authenticatorAttachment|response\/userHandle: (absent|null|""))/.test(at)
    const asserted = async () => {
      const { body } = await alice.service('POST', `/v1/step-ups/${stepUp}/methods/passkey`, {})
      const started = (body as { methods: { method: string; start: Start }[] }).methods.find(({ method }) => method === 'passkey')
      return emulator.getJSON(WEB_ORIGIN, started?.start as Start)
    }
    const accepted = new Set<string>()
    const count = mutationsOf(await asserted()).length
    for (let index = 0; index < count; index++) {
      const { at, body: response } = mutationsOf(await asserted())[index] ?? { at: '', body: null }
      const answer = await alice.service('POST', `/v1/step-ups/${stepUp}/attempts`, { method: 'passkey', response })
      if (answer.status >= 300) expectProblem(answer, `${at} of ${JSON.stringify(response).slice(0, 300)}`)
      else {
        accepted.add(at)
        // the proof counts for two minutes, in which nothing would be asked
        stack.clock.advance(130)
        stepUp = (await begin(alice, 'payouts.approve')).id
      }
    }
    expect([...accepted].filter((at) => !isFree(at))).toEqual([])
  })

  test('an attestation that is wrong in one place enrols nothing', async () => {
    type Start = Parameters<WebAuthnEmulator['createJSON']>[1]
    const isFree = (at: string) =>
      /^(clientExtensionResults|authenticatorAttachment|response\/(transports|publicKey|authenticatorData))/.test(at)
    const attested = async () => {
      const { body } = await alice.service('POST', '/v1/authenticators/registrations', { method: 'passkey' })
      return { id: String(body.id), response: emulator.createJSON(WEB_ORIGIN, { ...(body.start as Start), excludeCredentials: [] }) }
    }
    // an enrolment that fails leaves the proof that it was begun with
    await alice.service('POST', '/v1/authenticators/registrations', { method: 'passkey' })
    await stepUpWithPasskey(alice, 'stile:authenticators', emulator)
    const accepted = new Set<string>()
    const count = mutationsOf((await attested()).response).length
    for (let index = 0; index < count; index++) {
      const { id, response: good } = await attested()
      const { at, body: response } = mutationsOf(good)[index] ?? { at: '', body: null }
      if (isFree(at)) continue
      const answer = await alice.service('POST', `/v1/authenticators/registrations/${id}`, { response })
      if (answer.status >= 300) expectProblem(answer, `${at} of ${JSON.stringify(response).slice(0, 300)}`)
      else accepted.add(at)
    }
    expect([...accepted]).toEqual([])
  })
})

describe('headers, queries, paths and methods', () => {
  const ALL = [...WITH_BODY, ...WITHOUT_BODY]
  const isSubject = ({ send }: Endpoint) => send === asSubject
  const base = ({ path }: Endpoint) => (path().startsWith('/v1/admin') ? stack.urls.admin : stack.urls.service)
  const bare = async (endpoint: Endpoint, headers: Readonly<Record<string, string>>) =>
    answerOf(
      await fetch(base(endpoint) + endpoint.path(), {
        method: endpoint.method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(endpoint.good === undefined ? {} : { body: JSON.stringify(endpoint.good) }),
      }),
    )

  test('whoever has no credentials, or mangled ones, gets nowhere at any endpoint', async () => {
    const session = await alice.session()
    const { headers } = await alice.service('GET', '/v1/state')
    const nonce = headers.get('dpop-nonce')
    for (const endpoint of ALL) {
      const proof = await alice.proof(endpoint.method, base(endpoint) + endpoint.path(), session, { nonce })
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
        const what = `${name(endpoint)}: ${JSON.stringify(each).slice(0, 120)}`
        const answer = await bare(endpoint, each)
        expectProblem(answer, what)
        expect(answer.status, what).toBe(401)
      }
    }
  })

  test('a page of a foreign origin gets nothing to read from any endpoint', async () => {
    for (const endpoint of ALL.filter(isSubject)) {
      for (const origin of ['https://evil.example', 'null', `${WEB_ORIGIN}.evil.example`, MARKER, `${WEB_ORIGIN}/`]) {
        const answer = await endpoint.send(endpoint.method, endpoint.path(), endpoint.good, { headers: { origin } })
        expect(expectProblem(answer, `${name(endpoint)} from ${origin}`)).toBe('origin_not_allowed')
        expect(answer.headers.get('access-control-allow-origin')).toBeNull()
      }
    }
  })

  test('a key of another scope opens no endpoint', async () => {
    for (const endpoint of ALL.filter((each) => !isSubject(each))) {
      const key = endpoint.path().startsWith('/v1/admin') ? stack.keys.guard : stack.keys.write
      expect(expectProblem(await bare(endpoint, { authorization: `Bearer ${key}` }), name(endpoint))).toBe('insufficient_scope')
    }
    const write = WITH_BODY.find(({ method }) => method === 'PUT') as Endpoint
    expect(expectProblem(await bare(write, { authorization: `Bearer ${stack.keys.read}` }), 'a write by a reader')).toBe(
      'insufficient_scope',
    )
  })

  test('positions and conditions that cannot be read are refused', async () => {
    const feed = WITHOUT_BODY.find(({ path }) => path() === '/v1/feed') as Endpoint
    for (const position of [MARKER, '1', ':', 'a:b', 'a:-1', `a:${'9'.repeat(40)}`, `${'a'.repeat(500)}:1`])
      expect(expectProblem(await feed.send('GET', '/v1/feed', undefined, { headers: { 'last-event-id': position } }), position)).toBe(
        'invalid_request',
      )
    const write = WITH_BODY.find(({ method }) => method === 'PUT') as Endpoint
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
      ['GET', `/v1/state?audience=${MARKER}`, asSubject],
      ['GET', '/v1/state?audience=a&audience=b', asSubject],
      ['GET', '/v1/events?audience=a&audience=b', asSubject],
      ['GET', '/v1/feed?after=x&after=y', asMachine('service', 'guard')],
      ['GET', '/v1/admin/licenses?after=x&after=y', asMachine('admin', 'write')],
    ] as const)
      expectProblem(await send(method, path, undefined), path)
  })

  test('paths that are mangled, and ids that are nobody’s, are refused', async () => {
    const long = 'x'.repeat(2000)
    for (const [method, path, body, send] of [
      ['GET', '/v1/licenses/%E0%A4%A', undefined, asMachine('service', 'guard')],
      ['GET', `/v1/licenses/${long}`, undefined, asMachine('service', 'guard')],
      ['GET', '/v1/licenses/%00', undefined, asMachine('service', 'guard')],
      ['PUT', '/v1/admin/licenses/%0a', LICENSE, asMachine('admin', 'write')],
      ['PUT', `/v1/admin/licenses/${long}`, LICENSE, asMachine('admin', 'write')],
      ['GET', '/v1/admin/licenses/nobody', undefined, asMachine('admin', 'write')],
      ['POST', '/v1/step-ups/__proto__/attempts', { method: 'totp', response: { code: '000000' } }, asSubject],
      ['POST', `/v1/step-ups/${long}/attempts`, { method: 'totp', response: { code: '000000' } }, asSubject],
      ['POST', `/v1/step-ups/${stepUp}/methods/constructor`, {}, asSubject],
      ['POST', '/v1/authenticators/registrations/reg_nobody', { response: { code: '000000' } }, asSubject],
      ['PATCH', '/v1/authenticators/%00', { name: 'x' }, asSubject],
      ['DELETE', `/v1/authenticators/${long}`, undefined, asSubject],
      ['GET', '/v1/State', undefined, asSubject],
      ['GET', '/v1/state/', undefined, asSubject],
    ] as const)
      expectProblem(await send(method, path, body), `${method} ${path.slice(0, 60)}`)
  })

  test('a method that does nothing is refused with those that do', async () => {
    for (const endpoint of ALL) {
      const answer = await answerOf(await fetch(base(endpoint) + endpoint.path(), { method: endpoint.method === 'PUT' ? 'POST' : 'PUT' }))
      if (endpoint.path().startsWith('/v1/admin/licenses/') && answer.status === 401) continue
      expect(expectProblem(answer, name(endpoint))).toBe('method_not_allowed')
      expect(answer.headers.get('allow')).toContain(endpoint.method)
    }
  })
})

test('whatever JSON is sent to whichever endpoint, the answer is a result or a problem that is known', async () => {
  const names = fc.constantFrom(
    'feature',
    'operation',
    'audience',
    'method',
    'response',
    'code',
    'name',
    'tier',
    'state',
    'id',
    '__proto__',
    'constructor',
  )
  const value = fc.oneof(
    fc.constantFrom(...WRONG_VALUES),
    fc.jsonValue({ maxDepth: 4 }),
    fc.constantFrom('totp', 'passkey', 'payouts.approve', 'pro', 'active'),
  )
  const body = fc.oneof(fc.dictionary(names, value, { maxKeys: 6 }), value)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...WITH_BODY), body, async (endpoint, sent) => {
      const answer = await endpoint.send(endpoint.method, endpoint.path(), sent)
      if (answer.status >= 300) expectProblem(answer, name(endpoint))
    }),
    { numRuns: 500, interruptAfterTimeLimit: 4000, markInterruptAsFailure: false },
  )
})

import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { answerOf } from './client.test-support.ts'
import { expectProblem } from './problem.test-support.ts'
import { AUDIENCE, ORIGIN, PUBLIC_URL, startTestService, type TestServiceOptions } from './service.test-support.ts'

/** A service, and the lines that it has logged of refused requests. */
async function start(options: TestServiceOptions = {}) {
  const service = await startTestService(options)
  onTestFinished(() => service.close())
  const lines = () => service.lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
  return { service, lines, refused: () => lines().find(({ msg }) => msg === 'request refused') }
}

test('whoever sets the service up behind a proxy reads which URL, method or token was expected, and which came', async () => {
  const { service, refused } = await start()
  const client = service.client()
  await client.request('GET', '/v1/state')
  const send = async (claims: Record<string, unknown>) => {
    const token = service.mint({ cnf: { jkt: client.jkt } })
    const headers = { authorization: `DPoP ${token}`, dpop: client.proof('GET', '/v1/state', token, claims), origin: ORIGIN }
    return await answerOf(await fetch(`${service.url}/v1/state?token=query-secret`, { headers }))
  }
  const other = await send({ htu: 'http://me:pass-secret@localhost:4000/v1/state?code=query-secret' })
  expectProblem(other, 'invalid_dpop_proof')
  const { detail } = other.body as { detail: string }
  expect(detail).toContain(`Expected htu: ${PUBLIC_URL}/v1/state; received: http://localhost:4000/v1/state.`)
  expect(other.headers.get('www-authenticate')).toContain(`${PUBLIC_URL}/v1/state`)
  await expect.poll(refused).toMatchObject({ code: 'invalid_dpop_proof', detail })
  expect((await send({ htm: 'POST' })).body.detail).toContain('Expected htm: GET; received: POST.')
  expect((await send({ ath: 'x' })).body.detail).toMatch(/Expected ath: [\w-]{43}; received: no SHA-256/)
  expect(service.lines.join('\n')).not.toContain('-secret')
})

test('a page that may not call the service is named, and the log says which may', async () => {
  const { service, refused } = await start()
  const preflight = await fetch(`${service.url}/v1/state`, { method: 'OPTIONS', headers: { origin: 'http://localhost:5173' } })
  const answer = await answerOf(preflight)
  expectProblem(answer, 'origin_not_allowed')
  const { detail } = answer.body as { detail: string }
  expect(detail).toContain('http://localhost:5173')
  expect(detail).toContain('clients[].origins')
  await expect.poll(refused).toMatchObject({ code: 'origin_not_allowed', detail, allowedOrigins: [ORIGIN] })
})

test.each(['null', 'https://app.example.com/path', 'secret\ttext'])('an Origin header that is none is not quoted: %j', async (origin) => {
  const { service } = await start()
  const answer = await answerOf(await fetch(`${service.url}/v1/state`, { headers: { origin } }))
  expectProblem(answer, 'origin_not_allowed')
  expect(answer.body.detail).toContain('no http or https URL')
  expect(answer.text).not.toContain(origin === 'null' ? 'nothing' : origin)
})

test.each([
  [{ origins: [ORIGIN] }, undefined],
  [{ origins: [ORIGIN, 'https://old.example.com'] }, ['https://old.example.com']],
  [{ origins: [ORIGIN], relatedOrigins: ['https://example.org'] }, ['https://example.org']],
])('origins for passkeys that no client lists are told at start: %j', async (webauthn, origins) => {
  const { lines } = await start({ options: { webauthn: { rpId: 'example.com', rpName: 'Example', ...webauthn } } })
  expect(lines().find((line) => line.allowedOrigins !== undefined)).toEqual(
    origins && expect.objectContaining({ level: 40, origins, allowedOrigins: [ORIGIN] }),
  )
})

test('a wildcard of a client lists all that it stands for', async () => {
  const clients = [{ id: 'web', origins: ['https://*.example.com'] }]
  const { lines } = await start({ options: { clients } })
  expect(lines().find((line) => line.allowedOrigins !== undefined)).toBeUndefined()
})

test.each<[string, unknown, string]>([
  ['a name', 'another', '"another"'],
  ['two names', ['another', 'third'], '"another", "third"'],
  ['none', undefined, 'none'],
  ['an empty list', [], 'none'],
  ['a long name', `x${'y'.repeat(500)}`, `"x${'y'.repeat(99)}…"`],
  ['a key', 'stile_g_secret', 'something that is no name'],
])('a session token for another audience is told with both names: %s', async (_, aud, received) => {
  const { service, refused } = await start()
  const answer = await service.client({ aud }).request('GET', '/v1/state')
  expectProblem(answer, 'invalid_token')
  const { detail } = answer.body as { detail: string }
  expect(detail).toContain(`Expected aud: "stile"; received: ${received}.`)
  expect(detail).toContain('issuers[].audience')
  await expect.poll(refused).toMatchObject({ code: 'invalid_token', detail })
})

/** The key set of an issuer at a URL, which is answered as the test says. */
async function keySet(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
}

test.each(['at a URL', 'in the configuration'])(
  'a session token whose key is not published is told with the key id and the issuer, and the log says where the keys are: %s',
  async (place) => {
    const url = await keySet((_, response) => void response.end('{"keys":[]}'))
    const { service, refused } = await start(place === 'at a URL' ? { issuer: { jwks: `${url}?key=query-secret` } } : {})
    const client = service.client((jkt) => service.mint({ cnf: { jkt } }, { kid: 'replaced-1' }))
    const answer = await client.request('GET', '/v1/state')
    expectProblem(answer, 'invalid_token')
    const { detail } = answer.body as { detail: string }
    expect(detail).toContain('issuer "main"')
    expect(detail).toContain('kid: "replaced-1"')
    expect(detail).toContain('SESSION_KEY')
    expect(detail).not.toContain('127.0.0.1')
    const jwks = place === 'at a URL' ? url : place
    await expect.poll(refused).toMatchObject({ code: 'invalid_token', detail, issuer: 'main', jwks })
    expect(service.lines.join('')).not.toContain('query-secret')
  },
)

test('an audience that there is not is named, and the log says which there are', async () => {
  const { service, refused } = await start()
  const client = service.client()
  await client.request('GET', '/v1/state')
  const answer = await client.request('POST', '/v1/tokens', { body: { audience: 'https://other.example', feature: 'reports.view' } })
  expectProblem(answer, 'invalid_request')
  const { detail } = answer.body as { detail: string }
  expect(detail).toContain('"https://other.example"')
  expect(detail).toContain('audiences[].id')
  expect(detail).not.toContain(AUDIENCE)
  await expect.poll(refused).toMatchObject({ code: 'invalid_request', audiences: [AUDIENCE] })
  // anybody can write anything there
  expect(service.lines.join('')).not.toContain('other.example')
})

describe('a key set that cannot be read', () => {
  const html: RequestListener = (_, response) => void response.setHeader('content-type', 'text/html').end('<html>')
  test.each<[string, RequestListener, string, boolean]>([
    ['is not found', (_, response) => void response.writeHead(404).end(), 'status 404', false],
    ['is a page', html, 'status 200 with content type "text/html"', false],
    ['fails', (_, response) => void response.writeHead(503).end(), 'status 503', true],
    ['hangs up', (request) => request.socket.destroy(), 'did not answer (', true],
  ])('and %s is one short warning in half a minute, and to be tried again only if that can help', async (_, answer, told, helps) => {
    const url = await keySet(answer)
    const { service, lines } = await start({ issuer: { jwks: `${url}?key=query-secret` } })
    const client = service.client()
    const ask = async () => {
      const refused = await client.request('GET', '/v1/state')
      expectProblem(refused, 'service_unavailable')
      expect((refused.body as { detail: string }).detail.includes('Try again')).toBe(helps)
    }
    const warnings = () => lines().filter(({ level, issuer }) => level === 40 && issuer === 'main')
    for (let index = 0; index < 3; index++) await ask()
    service.advance(6)
    await ask()
    expect(warnings()).toMatchObject([{ reason: expect.stringContaining(`${url} `) }])
    expect(warnings()[0]?.reason).toContain(told)
    service.advance(30)
    await ask()
    expect(warnings()).toHaveLength(2)
    await expect.poll(() => lines().filter(({ msg }) => msg === 'request failed')).toHaveLength(5)
    const loud = service.lines.filter((line) => JSON.parse(line).level > 20)
    expect(loud.filter((line) => line.includes('stack') || line.includes('cause'))).toEqual([])
    expect(lines().filter(({ level, fault }) => level === 20 && fault !== undefined)).toHaveLength(5)
    expect(service.lines.join('')).not.toContain('query-secret')
  })
})

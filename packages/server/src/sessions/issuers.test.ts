import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { createTestDomain, signJwt, TEST_ISSUER, TEST_START } from '../domain.test-support.ts'
import type { IssuerOptions } from '../options/options.ts'
import { createSessionTokens } from './session-token.ts'

const NOW = TEST_START
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }
const warnings: object[] = []
const log = { warn: (fields: object) => void warnings.push(fields) }
let requests = 0
let time = NOW

afterEach(() => {
  requests = 0
  time = NOW
  warnings.length = 0
})

/** A login provider that serves its keys over HTTP, and the verifier that is configured with their URL. */
async function provider(answer: RequestListener) {
  const server = createServer((request, response) => {
    requests++
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks?key=secret`
  const world = await createTestDomain()
  onTestFinished(() => world.close())
  const [issuer] = world.domain.options.issuers
  const tokens = createSessionTokens({
    issuers: [{ ...(issuer as IssuerOptions), jwks: url }],
    publicUrl: 'https://stile.example',
    now: () => time,
    fetch: globalThis.fetch,
    log,
  })
  return { tokens, server, url }
}

const mint = (header: object = {}) =>
  signJwt(
    { alg: 'ES256', typ: 'JWT', kid: 'one', ...header },
    {
      iss: TEST_ISSUER,
      aud: 'stile',
      sub: 'alice',
      sid: randomBytes(4).toString('hex'),
      iat: time,
      exp: time + 300,
      auth_time: time,
    },
    privateKey,
  )

const serve =
  (keys: readonly object[]): RequestListener =>
  (_, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))

test('keys are fetched once and used for every token', async () => {
  const { tokens } = await provider(serve([jwk]))
  await Promise.all(Array.from({ length: 5 }, () => tokens.verify(mint())))
  await tokens.verify(mint())
  expect(requests).toBe(1)
})

test('a flood of unknown key ids does not hammer the login provider', async () => {
  const { tokens } = await provider(serve([jwk]))
  for (let index = 0; index < 20; index++)
    await expect(tokens.verify(mint({ kid: `unknown-${index}` }))).rejects.toMatchObject({ code: 'invalid_token' })
  expect(requests).toBe(4)
  for (time = NOW; time < NOW + 60; time++) await expect(tokens.verify(mint({ kid: `at-${time}` }))).rejects.toThrow()
  expect(requests, 'and one more every three seconds').toBeLessThanOrEqual(4 + 20)
})

test('a token without a key id is refused where the issuer has several keys', async () => {
  const { tokens } = await provider(serve([jwk, { ...jwk, kid: 'two' }]))
  await expect(tokens.verify(mint({ kid: undefined }))).rejects.toMatchObject({ code: 'invalid_token' })
})

const html = { 'content-type': 'text/html; charset=utf-8' }
test.each<[string, RequestListener, string]>([
  ['fails', (_, response) => response.writeHead(500, html).end(), 'status 500 with content type "text/html"'],
  [
    'redirects',
    (_, response) => response.writeHead(302, { location: 'https://evil.example/jwks' }).end(),
    'status 302 with content type (none)',
  ],
  ['answers no key set', (_, response) => response.writeHead(200, html).end('<html>'), 'status 200 with content type "text/html"'],
  ['answers without keys', (_, response) => response.end('{"keys":7}'), 'status 200 with content type (none)'],
  ['answers without an end', (_, response) => void response.write('x'.repeat(300 * 1024)), 'status 200 with content type (none)'],
  [
    'names no type',
    (_, response) => response.writeHead(404, { 'content-type': 'secret' }).end(),
    'status 404 with content type (unreadable)',
  ],
  ['hangs up', (request) => request.socket.destroy(), 'did not answer'],
])('a login provider that %s is an outage of ours, told with its URL and what came', async (_, answer, told) => {
  const { tokens, url } = await provider(answer)
  const error = await tokens.verify(mint()).catch((each: unknown) => each)
  expect(error).toMatchObject({ code: 'service_unavailable', members: { retryAfter: 5 } })
  const { message } = (error as Error).cause as Error
  expect(message).toContain(`${url.split('?')[0]} `)
  expect(message).toContain(told)
  expect(message).not.toContain('secret')
})

test('a login provider that cannot be reached is asked again only after a while, and then works again', async () => {
  let up = false
  const { tokens } = await provider((request, response) => (up ? serve([jwk])(request, response) : request.socket.destroy()))
  for (let index = 0; index < 10; index++) await expect(tokens.verify(mint())).rejects.toMatchObject({ code: 'service_unavailable' })
  expect(requests).toBe(1)
  up = true
  time += 5
  await expect(tokens.verify(mint())).resolves.toMatchObject({ sub: 'alice' })
})

describe('a new key of a login provider', () => {
  test('counts at once, although the key set was read a moment ago', async () => {
    const keys = [jwk]
    const { tokens } = await provider((request, response) => serve(keys)(request, response))
    await tokens.verify(mint())
    keys.push({ ...jwk, kid: 'two' })
    await expect(tokens.verify(mint({ kid: 'two' }))).resolves.toMatchObject({ sub: 'alice' })
    expect(requests).toBe(2)
  })

  test('threat: made-up key ids keep it out. It counts within three seconds all the same', async () => {
    const keys = [jwk]
    const { tokens } = await provider((request, response) => serve(keys)(request, response))
    for (let index = 0; index < 20; index++) await expect(tokens.verify(mint({ kid: `unknown-${index}` }))).rejects.toThrow()
    keys.push({ ...jwk, kid: 'two' })
    await expect(tokens.verify(mint({ kid: 'two' }))).rejects.toMatchObject({ code: 'invalid_token' })
    time += 3
    await expect(tokens.verify(mint({ kid: 'two' }))).resolves.toMatchObject({ sub: 'alice' })
  })

  test('of a burst that needs it the key set is read once', async () => {
    const keys = [jwk]
    const { tokens } = await provider((request, response) => serve(keys)(request, response))
    await tokens.verify(mint())
    keys.push({ ...jwk, kid: 'two' })
    await Promise.all(Array.from({ length: 16 }, () => tokens.verify(mint({ kid: 'two' }))))
    expect(requests).toBe(2)
  })
})

describe('an outage of the key set', () => {
  async function outage(answer: RequestListener = (_, response) => response.writeHead(503).end()) {
    const state = { up: true, keys: [jwk] }
    const { tokens } = await provider((request, response) => (state.up ? serve(state.keys) : answer)(request, response))
    await tokens.verify(mint())
    state.up = false
    return { tokens, state }
  }

  test('leaves former keys good for a day, is told once, and is over when the set is back', async () => {
    const { tokens, state } = await outage()
    for (const later of [600, 601, 3_600, 50_000, 86_399]) {
      time = NOW + later
      await expect(tokens.verify(mint())).resolves.toMatchObject({ sub: 'alice' })
    }
    expect(warnings).toEqual([{ issuer: 'main', reason: expect.stringContaining('503') }])
    time = NOW + 86_400
    await expect(tokens.verify(mint())).rejects.toMatchObject({ code: 'service_unavailable' })
    state.up = true
    time += 5
    await expect(tokens.verify(mint())).resolves.toMatchObject({ sub: 'alice' })
    state.up = false
    time += 600
    await tokens.verify(mint())
    expect(warnings, 'the next one is told again').toHaveLength(2)
  })

  test('asks the login provider once in five seconds, however many tokens come', async () => {
    const { tokens } = await outage()
    time = NOW + 600
    for (let index = 0; index < 10; index++) await tokens.verify(mint())
    expect(requests).toBe(2)
    for (time = NOW + 600; time < NOW + 660; time++) await tokens.verify(mint())
    expect(requests).toBeLessThanOrEqual(2 + 12)
  })

  test('says nothing of a key that is not among the former ones: it may be a new one', async () => {
    const { tokens } = await outage()
    for (let index = 0; index < 3; index++)
      await expect(tokens.verify(mint({ kid: 'two' }))).rejects.toMatchObject({ code: 'service_unavailable', members: { retryAfter: 5 } })
    expect(requests).toBe(2)
    await expect(tokens.verify(mint()), 'and former ones go on').resolves.toMatchObject({ sub: 'alice' })
  })

  test('threat: a key that its issuer withdrew lives on. A set that can be read is the only one that counts', async () => {
    const { tokens, state } = await outage()
    Object.assign(state, { up: true, keys: [{ ...jwk, kid: 'two' }] })
    time = NOW + 600
    await expect(tokens.verify(mint())).rejects.toMatchObject({ code: 'invalid_token' })
    Object.assign(state, { up: true, keys: [] })
    time += 600
    await expect(tokens.verify(mint({ kid: 'two' }))).rejects.toMatchObject({ code: 'invalid_token' })
  })
})

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { createTestDomain, signJwt, TEST_ISSUER, TEST_START } from '../domain.test-support.ts'
import type { IssuerOptions } from '../options/options.ts'
import { createSessionTokens } from './session-token.ts'

const NOW = TEST_START
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }
let requests = 0
let time = NOW

afterEach(() => {
  requests = 0
  time = NOW
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
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
  const world = await createTestDomain()
  onTestFinished(() => world.close())
  const [issuer] = world.domain.options.issuers
  const tokens = createSessionTokens({
    issuers: [{ ...(issuer as IssuerOptions), jwks: url }],
    publicUrl: 'https://stile.example',
    now: () => time,
    fetch: globalThis.fetch,
  })
  return { tokens, server }
}

const mint = (header: object = {}) =>
  signJwt(
    { alg: 'ES256', typ: 'JWT', kid: 'one', ...header },
    { iss: TEST_ISSUER, aud: 'stile', sub: 'alice', sid: randomBytes(4).toString('hex'), iat: NOW, exp: NOW + 300 },
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
  expect(requests).toBe(1)
})

test('a token without a key id is refused where the issuer has several keys', async () => {
  const { tokens } = await provider(serve([jwk, { ...jwk, kid: 'two' }]))
  await expect(tokens.verify(mint({ kid: undefined }))).rejects.toMatchObject({ code: 'invalid_token' })
})

test.each<[string, RequestListener]>([
  ['fails', (_, response) => response.writeHead(500).end()],
  ['redirects elsewhere', (_, response) => response.writeHead(302, { location: 'https://evil.example/jwks' }).end()],
  ['answers no key set', (_, response) => response.end('<html>')],
  ['answers without keys', (_, response) => response.end('{"keys":7}')],
  ['answers without an end', (_, response) => void response.write('x'.repeat(300 * 1024))],
  ['hangs up', (request) => request.socket.destroy()],
])('a login provider that %s is an outage of ours, not a fault of the token', async (_, answer) => {
  const { tokens } = await provider(answer)
  await expect(tokens.verify(mint())).rejects.toMatchObject({ code: 'service_unavailable', members: { retryAfter: 5 } })
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

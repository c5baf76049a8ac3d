import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TEST_POLICY } from '../domain.test-support.ts'
import { type ScriptedProvider, startScriptedProvider } from '../methods/relogin/scripted-provider.test-support.ts'
import { parseOptions } from '../options/options.ts'
import { createSqliteStore } from '../stores/sqlite/index.ts'
import { createOutbound } from './outbound.ts'
import { createLoginProviders } from './provider.ts'
import { ProviderUnreachable } from './unavailable.ts'

const METADATA = '/.well-known/openid-configuration'
let time = 1000
const now = () => time

describe('the metadata of a login provider', () => {
  let provider: ScriptedProvider
  const start = async (metadata: Readonly<Record<string, unknown>> = {}) => {
    provider = await startScriptedProvider({ now, metadata })
  }
  const login = async (issuer = provider.issuer) => {
    const store = createSqliteStore({ path: ':memory:' })
    const { issuers } = parseOptions({
      publicUrl: 'https://stile.example',
      environment: 'test',
      secret: new Uint8Array(32),
      policy: TEST_POLICY,
      store,
      issuers: [
        {
          id: 'main',
          issuer: 'https://login.example',
          jwks: 'https://login.example/jwks',
          audience: 'stile',
          relogin: { issuer, clientId: 'stile', redirectUris: ['https://app.example/done'] },
        },
      ],
      clients: [{ id: 'web', origins: ['https://app.example'] }],
      audiences: [{ id: 'https://api.example', issuers: ['main'], clients: ['web'] }],
      webauthn: { rpId: 'example', rpName: 'Example', origins: ['https://app.example'] },
      log: 'silent',
    })
    const providers = await createLoginProviders({
      issuers,
      now,
      fetch: globalThis.fetch,
      log: { warn: () => {} },
      limits: { timeoutMilliseconds: 200 },
    })
    const found = providers.find('main')
    if (found === undefined) throw new Error('There is no login provider.')
    return found
  }
  const reads = () => provider.requests.filter((path) => path === METADATA).length

  beforeEach(() => {
    time = 1000
  })
  afterEach(() => provider.close())

  test('are read once for all who ask at the same time, and again after an hour', async () => {
    await start()
    const { metadata } = await login()
    await Promise.all(Array.from({ length: 8 }, () => metadata()))
    time += 3599
    expect((await metadata()).token_endpoint).toBe(`${provider.issuer}/token`)
    expect(reads()).toBe(1)
    time += 1
    await metadata()
    expect(reads()).toBe(2)
  })

  test('are used on for a day if they cannot be read again, and not for ever', async () => {
    await start()
    const { metadata } = await login()
    await metadata()
    provider.outage(METADATA, 500)
    time += 3600
    expect((await metadata()).issuer).toBe(provider.issuer)
    await metadata()
    expect(reads(), 'not asked again at once').toBe(2)
    time += 86_400
    await expect(metadata()).rejects.toThrow(ProviderUnreachable)
    provider.outage(METADATA)
    await expect(metadata(), 'nor a moment later').rejects.toThrow(ProviderUnreachable)
    time += 5
    expect((await metadata()).issuer).toBe(provider.issuer)
  })

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['of another issuer', { issuer: 'https://evil.example' }],
    ['without a token endpoint', { token_endpoint: undefined }],
    ['without keys', { jwks_uri: undefined }],
    ['with a page that is a script', { authorization_endpoint: 'javascript:alert(1)' }],
    ['with a page that is no URL', { authorization_endpoint: '/authorize' }],
  ])('threat: metadata %s are used', async (_, metadata) => {
    await start(metadata)
    await expect((await login()).metadata()).rejects.toThrow(ProviderUnreachable)
  })

  test.each<[string, 'silent' | 'huge' | number]>([
    ['that never come', 'silent'],
    ['without end', 'huge'],
    ['that moved', 302],
    ['that are gone', 404],
  ])('metadata %s are an outage, within bounds', async (_, outage) => {
    await start()
    provider.outage(METADATA, outage)
    await expect((await login()).metadata()).rejects.toThrow(ProviderUnreachable)
  })
})

describe('a request to a login provider', () => {
  test('threat: a redirect leads the secret of the service elsewhere', async () => {
    const seen: string[] = []
    const server = createServer((request, response) => {
      seen.push(request.url ?? '')
      response.writeHead(307, { location: '/stolen' }).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
    const response = await createOutbound(fetch)(url, { method: 'POST', headers: {}, body: new URLSearchParams({ secret: 's' }) })
    expect([response.status, seen]).toEqual([307, ['/token']])
    await new Promise((resolve) => server.close(resolve))
  })

  test('a body that drips for ever ends with the time of the whole answer', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const drip = setInterval(() => response.write(' '), 20)
      response.once('close', () => clearInterval(drip))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
    const request = createOutbound(fetch, { timeoutMilliseconds: 150 })(url, { method: 'GET', headers: {} })
    await expect(request).rejects.toThrow(/did not answer \/keys within 150 ms/)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  test('nothing of what was sent is in the error', async () => {
    const request = createOutbound(fetch)('http://127.0.0.1:1/token?code=quoted', {
      method: 'POST',
      headers: { authorization: 'Basic quoted' },
      body: new URLSearchParams({ code: 'quoted' }),
    })
    const error = (await request.catch((thrown: unknown) => thrown)) as Error
    expect(error).toBeInstanceOf(ProviderUnreachable)
    expect(error.message).not.toContain('quoted')
    expect(String((error.cause as Error).message)).not.toContain('quoted')
  })
})

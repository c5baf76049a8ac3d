import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { readEvents, type TestEvents } from './event-reader.test-support.ts'
import { PUBLIC_URL, startTestService, type TestService } from './service.test-support.ts'

describe('what guards are told', () => {
  let service: TestService
  afterEach(() => service.close())

  const get = async (path: string, key: string, headers: Record<string, string> = {}) =>
    await fetch(service.url + path, { headers: { authorization: `Bearer ${key}`, ...headers } })
  const open = async (key: string, headers: Record<string, string> = {}, query = ''): Promise<TestEvents> => {
    const abort = new AbortController()
    const response = await fetch(`${service.url}/v1/feed${query}`, {
      headers: { authorization: `Bearer ${key}`, ...headers },
      signal: abort.signal,
    })
    return readEvents(response, abort)
  }
  const putLicense = async (account: string, tier: string) => {
    const answer = await fetch(`${service.adminUrl}/v1/admin/licenses/${account}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${await service.key('licenses:write')}`, 'content-type': 'application/json' },
      body: JSON.stringify({ tier, state: 'active' }),
    })
    expect(answer.status).toBeLessThan(300)
  }
  const checkpointOf = async (event: { data: unknown }) => {
    const keys = createRemoteJWKSet(new URL(`${service.url}/.well-known/jwks.json`))
    const { jws } = event.data as { jws: string }
    return (await jwtVerify(jws, keys, { issuer: PUBLIC_URL, typ: 'stile-checkpoint+jwt', algorithms: ['ES256'] })).payload
  }

  test('the feed opens with a signed checkpoint, repeats it, and tells a changed license in between', async () => {
    service = await startTestService({ options: { heartbeatSeconds: 0.2 } })
    const feed = await open(await service.key('guard'))
    const first = await feed.next()
    if (first === undefined || !('event' in first)) throw new Error('nothing came')
    expect(first.event).toBe('checkpoint')
    const payload = await checkpointOf(first)
    const digest = service.service && (await service.store.policies.current())?.digest
    expect(payload).toMatchObject({ iss: PUBLIC_URL, policy: { revision: 1, digest } })
    expect(first.id).toBe(`${payload.generation}:${payload.seq}`)

    await putLicense('acme', 'pro')
    const license = await feed.nextNamed('license', 1000)
    expect(license.data).toMatchObject({ type: 'license', account: 'acme', license: { tier: 'pro', epoch: 1 } })
    const next = await checkpointOf(await feed.nextNamed('checkpoint'))
    expect(next.seq, 'a checkpoint vouches for what was sent before it').toBe(Number(license.id?.split(':')[1]))
    feed.close()
  })

  test('a guard that lost the line gets what it missed, once and in order', async () => {
    service = await startTestService()
    const key = await service.key('guard')
    const feed = await open(key)
    await feed.nextNamed('checkpoint')
    await putLicense('one', 'basic')
    const { id = '' } = await feed.nextNamed('license')
    feed.close()
    await putLicense('two', 'pro')
    await putLicense('three', 'pro')

    for (const resumed of [await open(key, { 'last-event-id': id }), await open(key, {}, `?after=${id}`)]) {
      const checkpoint = await resumed.next()
      expect(checkpoint, 'its place until the rest has been sent').toMatchObject({ event: 'checkpoint', id })
      expect((await resumed.nextNamed('license')).data).toMatchObject({ account: 'two' })
      expect((await resumed.nextNamed('license')).data).toMatchObject({ account: 'three' })
      resumed.close()
    }
  })

  test('threat: guards that leave before their feeds open leave feeds that never end', async () => {
    const { promise: hold, resolve: release } = Promise.withResolvers<void>()
    const seen = { held: 0, looks: 0 }
    service = await startTestService({
      options: { heartbeatSeconds: 0.05 },
      wrapStore: (store) => ({
        ...store,
        apiKeys: {
          ...store.apiKeys,
          findByHash(hash) {
            seen.looks += 1
            return store.apiKeys.findByHash(hash)
          },
        },
        changes: {
          ...store.changes,
          async generation() {
            seen.held += 1
            await hold
            return await store.changes.generation()
          },
        },
      }),
    })
    const abort = new AbortController()
    const headers = { authorization: `Bearer ${await service.key('guard')}` }
    const asking = fetch(`${service.url}/v1/feed`, { headers, signal: abort.signal }).catch(() => undefined)
    await expect.poll(() => seen.held).toBe(1)
    abort.abort()
    await asking
    // the service hears of it before its store answers
    await new Promise((later) => setTimeout(later, 100))
    release()
    await new Promise((later) => setTimeout(later, 50))
    const { looks } = seen
    await new Promise((later) => setTimeout(later, 300))
    expect(seen.looks, 'the key is looked at for every checkpoint').toBe(looks)
  })

  test('a position of another generation begins at the end, and the checkpoint says which generation it is', async () => {
    service = await startTestService({ options: { heartbeatSeconds: 0.1 } })
    await putLicense('acme', 'pro')
    const feed = await open(await service.key('guard'), { 'last-event-id': 'former:0' })
    const first = await feed.nextNamed('checkpoint')
    expect(first.id).not.toMatch(/^former:/)
    expect(await feed.next(), 'no license is told again').toMatchObject({ event: 'checkpoint' })
    feed.close()
  })

  test('the end of a session is a revocation', async () => {
    service = await startTestService()
    const feed = await open(await service.key('guard'))
    await feed.nextNamed('checkpoint')
    expect((await service.client().request('DELETE', '/v1/session')).status).toBe(204)
    expect((await feed.nextNamed('revoked')).data).toMatchObject({ subject: 'main|alice', sid: 's1' })
    feed.close()
  })

  test('a stolen key stops listening soon after it was revoked', async () => {
    service = await startTestService({ options: { heartbeatSeconds: 0.1 } })
    const feed = await open(await service.key('guard'))
    await feed.nextNamed('checkpoint')
    const [record] = await service.store.apiKeys.list()
    await service.store.apiKeys.revoke({ id: record?.id ?? '', now: service.now() })
    let last = await feed.next()
    for (let count = 0; last !== undefined && count < 5; count++) last = await feed.next()
    expect(last).toBeUndefined()
  })

  test('the policy has its digest as tag, and is sent again only if it changed', async () => {
    service = await startTestService()
    const key = await service.key('guard')
    const policy = await get('/v1/policy', key)
    expect(policy.status).toBe(200)
    const body = (await policy.json()) as { digest: string; revision: number; document: { format: number } }
    expect(body).toMatchObject({ revision: 1, document: { format: 1 } })
    expect(policy.headers.get('etag')).toBe(`"${body.digest}"`)
    const same = await get('/v1/policy', key, { 'if-none-match': `W/"${body.digest}"` })
    expect(same.status).toBe(304)
    expect(await same.text()).toBe('')
    expect((await get('/v1/policy', key, { 'if-none-match': '"other"' })).status).toBe(200)
  })

  test('a license comes with the cursor from which on the feed tells its changes', async () => {
    service = await startTestService()
    const key = await service.key('guard')
    expect(await (await get('/v1/licenses/nobody', key)).json()).toEqual({ account: 'nobody', cursor: expect.any(Number), license: null })
    await putLicense('main|alice', 'pro')
    const license = (await (await get(`/v1/licenses/${encodeURIComponent('main|alice')}?subject=main%7Calice`, key)).json()) as object
    expect(license).toMatchObject({ account: 'main|alice', license: { tier: 'pro', state: 'active' } })
  })

  test('a key of another scope, an expired or a foreign one is refused everywhere', async () => {
    service = await startTestService()
    const reader = await service.key('licenses:read')
    const expired = await service.key('guard', 1)
    service.advance(2)
    for (const path of ['/v1/policy', '/v1/licenses/acme', '/v1/feed']) {
      const wrongScope = await get(path, reader)
      expect(wrongScope.status).toBe(403)
      expect(wrongScope.headers.get('www-authenticate')).toMatch(/^Bearer error="insufficient_scope"/)
      for (const key of [expired, 'stile_g_nothing', service.mint()]) {
        const refused = await get(path, key)
        expect(refused.status).toBe(401)
        expect(refused.headers.get('www-authenticate'), 'says that it is wrong, all alike').toMatch(
          /^Bearer error="invalid_token", error_d/,
        )
      }
      const without = await fetch(`${service.url}${path}`)
      expect([without.status, without.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    }
    const malformed = await get('/v1/feed?after=nonsense', await service.key('guard'))
    expect(malformed.status).toBe(400)
  })
})

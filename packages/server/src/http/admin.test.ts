import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerOf } from './client.test-support.ts'
import { startTestService, type TestService } from './service.test-support.ts'

describe('licenses through the admin API', () => {
  let service: TestService
  beforeAll(async () => {
    service = await startTestService()
  })
  afterAll(() => service.close())

  const call = async (method: string, path: string, key: string, body?: unknown, headers: Record<string, string> = {}) =>
    await answerOf(
      await fetch(service.adminUrl + path, {
        method,
        headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )

  test('a license is made, read, changed only from the epoch that was read, and listed', async () => {
    const key = await service.key('licenses:write')
    const path = '/v1/admin/licenses/acme'
    expect((await call('GET', path, key)).status).toBe(404)
    const made = await call('PUT', path, key, { tier: 'basic', state: 'active' })
    expect(made).toMatchObject({ status: 201, body: { account: 'acme', epoch: 1, tier: 'basic' } })
    expect(made.headers.get('etag')).toBe('"1"')
    const same = await call('PUT', path, key, { tier: 'basic', state: 'active' })
    expect(same, 'a write that changes nothing keeps the epoch').toMatchObject({ status: 200, body: { epoch: 1 } })
    const raised = await call('PUT', path, key, { tier: 'pro', state: 'active' }, { 'if-match': '"1"' })
    expect(raised).toMatchObject({ status: 200, body: { epoch: 2, tier: 'pro' } })
    const stale = await call('PUT', path, key, { tier: 'basic', state: 'active' }, { 'if-match': '"1"' })
    expect(stale).toMatchObject({ status: 412, body: { code: 'precondition_failed', detail: expect.stringContaining('2') } })
    expect(await call('PUT', path, key, { tier: 'basic', state: 'active' }, { 'if-match': 'nonsense' })).toMatchObject({ status: 400 })
    const read = await call('GET', path, key)
    expect(read).toMatchObject({ status: 200, body: { epoch: 2, tier: 'pro' } })
    expect(await call('GET', '/v1/admin/licenses', key)).toMatchObject({ status: 200, body: { licenses: [{ account: 'acme' }] } })
  })

  test('a typo in a body is an error that names it, and writes nothing', async () => {
    const key = await service.key('licenses:write')
    const answer = await call('PUT', '/v1/admin/licenses/typo', key, { tier: 'por', state: 'active', fetures: [] })
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect(answer.text).toContain('Did you mean')
    expect((await call('GET', '/v1/admin/licenses/typo', key)).status).toBe(404)
  })

  test('a key that may only read cannot write, and a guard’s key can do neither', async () => {
    const reader = await service.key('licenses:read')
    const guard = await service.key('guard')
    expect((await call('GET', '/v1/admin/licenses/acme', reader)).status).toBe(200)
    expect(await call('PUT', '/v1/admin/licenses/acme', reader, { tier: 'enterprise', state: 'active' })).toMatchObject({ status: 403 })
    expect(await call('GET', '/v1/admin/licenses/acme', guard)).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } })
    expect(await call('GET', '/v1/admin/licenses/acme', 'nonsense')).toMatchObject({ status: 401 })
    expect((await service.store.licenses.get('acme'))?.tier).toBe('pro')
  })

  test('the admin API is not on the public port, nor the public API on the admin port', async () => {
    const key = await service.key('licenses:write')
    expect((await fetch(`${service.url}/v1/admin/licenses/acme`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(404)
    expect((await fetch(`${service.adminUrl}/v1/state`)).status).toBe(404)
  })
})

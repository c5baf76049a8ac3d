import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startMailServer, type TestMailServer } from '../mail/smtp.test-support.ts'
import { answerOf } from './client.test-support.ts'
import { startTestService, type TestService } from './service.test-support.ts'

const SUBJECT = 'main%7Calice'

/** Somebody has lost one of their devices and calls support. */
describe('one device through the admin API', () => {
  let server: TestMailServer
  let service: TestService
  beforeEach(async () => {
    server = await startMailServer()
    service = await startTestService({ options: { mail: { from: 'no-reply@example.com', url: server.url } } })
  })
  afterEach(() => service.close())

  const admin = async (method: string, path: string, key: string, body?: object) =>
    answerOf(
      await fetch(`${service.adminUrl}/v1/admin/subjects/${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      }),
    )
  const arrive = async (sid: string) => {
    const client = service.client({ sid })
    expect((await client.request('GET', '/v1/state')).status).toBe(200)
    return client
  }

  test('is found among those of the subject and forgotten: its session ends, the others go on, and the owner is told', async () => {
    const [lost, kept] = [await arrive('s1'), await arrive('s2')]
    const reader = await service.key('subjects:read')
    const read = async () => (await admin('GET', SUBJECT, reader)).body.devices as readonly Readonly<{ id: string }>[]
    expect(await read()).toHaveLength(2)
    expect(await read()).toContainEqual({
      id: lost.jkt,
      firstSeenAt: expect.any(Number),
      lastSeenAt: expect.any(Number),
      known: false,
    })
    const path = `${SUBJECT}/devices/${lost.jkt}`
    const writer = await service.key('subjects:write')
    expect(await admin('PUT', `${SUBJECT}/email`, writer, { address: 'alice@example.com' })).toMatchObject({ status: 200 })
    expect(await admin('DELETE', path, writer)).toMatchObject({ status: 204, text: '' })
    expect((await read()).map(({ id }) => id)).toEqual([kept.jkt])
    expect(await lost.request('GET', '/v1/state')).toMatchObject({ status: 401, body: { code: 'session_ended' } })
    expect((await kept.request('GET', '/v1/state')).status).toBe(200)
    await vi.waitFor(() => expect(server.inbox()).toHaveLength(1), { timeout: 10_000, interval: 50 })
    expect(server.newest()).toMatchObject({ to: ['alice@example.com'], subject: expect.stringContaining('signed out') })
    expect(await admin('DELETE', path, writer)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })

  test('threat: a key of another scope, or the name of another subject, would sign somebody out', async () => {
    const client = await arrive('s1')
    const path = `${SUBJECT}/devices/${client.jkt}`
    for (const scope of ['subjects:read', 'sessions:write', 'licenses:write', 'guard'] as const)
      expect(await admin('DELETE', path, await service.key(scope))).toMatchObject({ status: 403 })
    const writer = await service.key('subjects:write')
    expect(await admin('DELETE', `main%7Cbob/devices/${client.jkt}`, writer)).toMatchObject({ status: 404 })
    expect(await admin('DELETE', `nobody%7Calice/devices/${client.jkt}`, writer)).toMatchObject({ status: 400 })
    expect((await fetch(`${service.url}/v1/admin/subjects/${path}`, { method: 'DELETE' })).status).toBe(404)
    expect((await client.request('GET', '/v1/state')).status).toBe(200)
  })
})

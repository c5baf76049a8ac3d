import { afterEach, describe, expect, test } from 'vitest'
import { MAX_STREAMS_PER_BUDGET } from '../changes/limits.ts'
import { startTestService, type TestService } from './service.test-support.ts'

describe('the state as a stream', () => {
  let service: TestService
  afterEach(() => service.close())

  const putLicense = async (account: string, body: object) => {
    const answer = await fetch(`${service.adminUrl}/v1/admin/licenses/${account}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${await service.key('licenses:write')}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(answer.status).toBeLessThan(300)
  }

  test('tells the state at once, and a changed license within a second', async () => {
    service = await startTestService()
    const events = await service.client().events()
    expect(events.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(events.response.headers.get('dpop-nonce')).toBeTruthy()
    const first = await events.nextNamed('state')
    expect(first.data).toMatchObject({ account: 'acme', license: null, decisions: { 'reports.export': { outcome: 'upgrade' } } })
    expect(first.id).toBe(String((first.data as { revision: number }).revision))

    await putLicense('acme', { tier: 'pro', state: 'active' })
    const changed = await events.nextNamed('state', 1000)
    expect(changed.data).toMatchObject({ license: { tier: 'pro', epoch: 1 }, decisions: { 'reports.export': { outcome: 'enroll' } } })
    expect(Number(changed.id)).toBeGreaterThan(Number(first.id))
    events.close()
  })

  test('a page that comes back after a while is asked for a nonce once, and has its stream', async () => {
    service = await startTestService()
    const client = service.client()
    await client.request('GET', '/v1/state')
    service.advance(600)
    const former = client.nonce()
    const events = await client.events()
    expect(events.response.status).toBe(200)
    expect(client.nonce()).not.toBe(former)
    expect(await events.nextNamed('state')).toMatchObject({ data: { account: 'acme' } })
    events.close()
  })

  test('says nothing of what concerns others', async () => {
    service = await startTestService({ options: { heartbeatSeconds: 0.1 } })
    const events = await service.client().events()
    await events.nextNamed('state')
    await putLicense('another', { tier: 'pro', state: 'active' })
    // two heartbeats are longer than a change takes
    expect(await events.next()).toEqual({ comment: '' })
    expect(await events.next()).toEqual({ comment: '' })
    events.close()
  })

  test('begins without a message if the client is up to date, and with one if it is not', async () => {
    service = await startTestService({ options: { heartbeatSeconds: 0.1 } })
    const client = service.client()
    const events = await client.events()
    const { id = '' } = await events.nextNamed('state')
    events.close()

    const resumed = await client.events('/v1/events', { 'last-event-id': id })
    expect(await resumed.next(), 'a heartbeat first').toEqual({ comment: '' })
    resumed.close()

    await putLicense('acme', { tier: 'basic', state: 'active' })
    const behind = await client.events('/v1/events', { 'last-event-id': id })
    expect(await behind.next()).toMatchObject({ event: 'state', data: { license: { tier: 'basic' } } })
    behind.close()
  })

  test('sends the state again at the moment at which the license changes by itself', async () => {
    service = await startTestService({ options: { heartbeatSeconds: 0.1 } })
    await putLicense('acme', { tier: 'pro', state: 'active', endsAt: service.now() + 60 })
    const events = await service.client().events()
    expect((await events.nextNamed('state')).data).toMatchObject({ license: { state: 'active' } })
    service.advance(61)
    expect((await events.nextNamed('state')).data).toMatchObject({ license: { state: 'expired' } })
    events.close()
  })

  test('ends with the session, on all its devices, and says so', async () => {
    service = await startTestService()
    const phone = service.client()
    const desk = service.client()
    const events = await Promise.all([phone.events(), desk.events()])
    await Promise.all(events.map((each) => each.nextNamed('state')))
    expect((await phone.request('DELETE', '/v1/session')).status).toBe(204)
    for (const each of events) {
      expect((await each.nextNamed('end')).data).toEqual({ code: 'session_ended' })
      expect(await each.next()).toBeUndefined()
    }
    const after = await desk.request('GET', '/v1/state')
    expect(after).toMatchObject({ status: 401, body: { code: 'session_ended' } })
  })

  test('ends when the session token expires', async () => {
    service = await startTestService({ options: { heartbeatSeconds: 0.1 } })
    const events = await service.client().events()
    await events.nextNamed('state')
    service.advance(301)
    let last = await events.next()
    while (last !== undefined && 'comment' in last) last = await events.next()
    expect(last, 'no message, only the end').toBeUndefined()
  })

  test('threat: a thief with the session token would keep the pages of the owner out of their streams', async () => {
    service = await startTestService()
    const [owner, thief] = [service.client({ cnf: undefined }), service.client({ cnf: undefined })]
    await owner.request('GET', '/v1/state')
    const open = []
    for (let count = 0; count < MAX_STREAMS_PER_BUDGET; count++) open.push(await thief.events())
    expect((await thief.request('GET', '/v1/events')).body.code).toBe('too_many_streams')
    open.push(await owner.events())
    expect(open.map(({ response }) => response.status)).toEqual(Array(MAX_STREAMS_PER_BUDGET + 1).fill(200))
    for (const each of open) each.close()
  })

  test('threat: somebody who acts for a subject closes the streams of the subject', async () => {
    service = await startTestService()
    const [owner, helper] = [service.client(), service.client({ act: { sub: 'support' }, sid: 's-support' })]
    const open = []
    for (let count = 0; count < MAX_STREAMS_PER_BUDGET; count++) open.push(await helper.events())
    expect((await helper.request('GET', '/v1/events')).body.code).toBe('too_many_streams')
    open.push(await owner.events())
    expect(open.map(({ response }) => response.status)).toEqual(Array(MAX_STREAMS_PER_BUDGET + 1).fill(200))
    for (const each of open) each.close()
  })

  test('a subject holds only so many open, and a closed one makes room', async () => {
    service = await startTestService()
    const client = service.client()
    const open = []
    for (let count = 0; count < MAX_STREAMS_PER_BUDGET; count++) open.push(await client.events())
    const refused = await client.request('GET', '/v1/events')
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_streams', title: 'Too many open streams', retryAfter: 10 } })
    expect(refused.headers.get('retry-after')).toBe('10')
    const other = await service.client({ sub: 'mallory' }).events()
    expect(other.response.status, 'others are not kept out').toBe(200)
    open[0]?.close()
    await expect
      .poll(async () => {
        const again = await client.events()
        again.close()
        return again.response.status
      })
      .toBe(200)
    for (const each of [...open, other]) each.close()
  })

  test('threat: requests that are given up before their streams open keep the places of the subject', async () => {
    const held = { hold: Promise.resolve(), count: 0 }
    service = await startTestService({
      wrapStore: (store) => ({
        ...store,
        devices: {
          ...store.devices,
          async find(key) {
            held.count += 1
            await held.hold
            return await store.devices.find(key)
          },
        },
      }),
    })
    const client = service.client()
    await client.request('GET', '/v1/state')
    const { promise, resolve } = Promise.withResolvers<void>()
    held.hold = promise
    held.count = 0
    const abort = new AbortController()
    const asking = Array.from({ length: MAX_STREAMS_PER_BUDGET }, () => client.events('/v1/events', {}, abort).catch(() => undefined))
    await expect.poll(() => held.count).toBeGreaterThan(0)
    abort.abort()
    await Promise.all(asking)
    // the service hears of it before its store answers
    await new Promise((later) => setTimeout(later, 100))
    resolve()
    await expect
      .poll(async () => {
        const events = await client.events()
        events.close()
        return events.response.status
      })
      .toBe(200)
  })

  test('ends in order when the service shuts down, which readyz says too', async () => {
    service = await startTestService()
    const events = await service.client().events()
    await events.nextNamed('state')
    await service.service.close()
    expect(await events.next()).toBeUndefined()
    const ready = await fetch(`${service.url}/readyz`)
    expect(ready.status).toBe(503)
    expect(ready.headers.get('retry-after')).toBeTruthy()
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200)
  })

  test('is refused to an audience that the client may not ask for', async () => {
    service = await startTestService()
    const refused = await service.client().request('GET', '/v1/events?audience=https://other.example')
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  })
})

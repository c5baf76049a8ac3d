import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestService, type TestService } from './service.test-support.ts'

describe('readyz', () => {
  let service: TestService
  let checks = 0
  let broken = false
  let time = 1_800_000_000
  beforeAll(async () => {
    service = await startTestService({
      options: { now: () => time },
      wrapStore: (store) => ({
        ...store,
        check: async () => {
          checks += 1
          if (broken) throw new Error('disk I/O error')
          await store.check()
        },
      }),
    })
  })
  afterAll(() => service.close())

  const ready = async () => (await fetch(`${service.url}/readyz`)).status
  const burst = async () => new Set(await Promise.all(Array.from({ length: 30 }, ready)))

  test('threat: anybody could make the store write as often as they ask', async () => {
    checks = 0
    expect(await burst()).toEqual(new Set([200]))
    expect(await burst()).toEqual(new Set([200]))
    expect(checks).toBe(1)
    time += 1
    broken = true
    expect(await burst()).toEqual(new Set([503]))
    expect(checks).toBe(2)
    time += 1
    broken = false
    expect(await burst()).toEqual(new Set([200]))
    expect(checks).toBe(3)
  })
})

describe('HEAD', () => {
  let service: TestService
  beforeAll(async () => {
    service = await startTestService()
  })
  afterAll(() => service.close())

  test('threat: a stream that can never say anything would be held open', async () => {
    const client = service.client()
    await client.request('GET', '/v1/state')
    const events = await client.request('HEAD', '/v1/events')
    expect([events.status, events.headers.get('allow')]).toEqual([405, 'GET'])
    const headers = { authorization: `Bearer ${await service.key('guard')}` }
    const feed = await fetch(`${service.url}/v1/feed`, { method: 'HEAD', headers })
    expect([feed.status, feed.headers.get('allow')]).toEqual([405, 'GET'])
  })

  test('answers as GET does, without the body, if there is one', async () => {
    const answer = await service.client().request('HEAD', '/v1/state')
    expect([answer.status, answer.text]).toEqual([200, ''])
  })
})

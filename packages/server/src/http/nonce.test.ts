import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerOf } from './client.test-support.ts'
import { expectProblem } from './problem.test-support.ts'
import { ORIGIN, startTestService, type TestService } from './service.test-support.ts'

describe('the nonce of the first proof', () => {
  let service: TestService
  beforeAll(async () => {
    service = await startTestService()
  })
  afterAll(() => service.close())
  const ask = async (init: RequestInit = {}) => answerOf(await fetch(`${service.url}/v1/nonce`, init))

  test('a page gets one without credentials, and its first proof counts', async () => {
    const answer = await ask({ headers: { origin: ORIGIN } })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(answer.headers.get('access-control-expose-headers')).toMatch(/DPoP-Nonce/i)
    const nonce = answer.headers.get('dpop-nonce')
    const token = service.mint()
    const dpop = service.client().proof('GET', '/v1/state', token, { nonce })
    const first = await fetch(`${service.url}/v1/state`, { headers: { origin: ORIGIN, authorization: `Bearer ${token}`, dpop } })
    expect(first.status).toBe(200)
  })

  test('threat: a page of an origin that is no client’s reads the answer', async () => {
    const answer = await ask({ headers: { origin: 'https://evil.example' } })
    expectProblem(answer, 'origin_not_allowed')
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('nothing but GET is answered', async () => {
    expectProblem(await ask({ method: 'POST' }), 'method_not_allowed')
  })
})

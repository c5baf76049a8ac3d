import type { RequestHandler } from 'express'
import { describe, expect, test } from 'vitest'
import { expectProblem } from './problem.test-support.ts'
import { AUDIENCE, startTestService } from './service.test-support.ts'

describe('a fault on the side of the service', () => {
  test('a store that fails is 503 with a time to wait, shows nothing outside, and opens nothing', async () => {
    let broken = false
    const service = await startTestService({
      wrapStore: (store) => ({
        ...store,
        sessions: {
          ...store.sessions,
          touch: async (input) => {
            if (broken) throw new Error('SQLITE_IOERR at /secret/place')
            return await store.sessions.touch(input)
          },
        },
        check: async () => {
          if (broken) throw new Error('SQLITE_IOERR at /secret/place')
          await store.check()
        },
      }),
    })
    try {
      const client = service.client()
      expect((await client.request('GET', '/v1/state')).status).toBe(200)
      broken = true
      const answer = await client.request('GET', '/v1/state')
      expectProblem(answer, 'service_unavailable')
      expect(answer.headers.get('retry-after')).toBe('2')
      expect(answer.text).not.toContain('SQLITE')
      expect((await fetch(`${service.url}/readyz`)).status).toBe(503)
      expect(service.lines.some((line) => line.includes('SQLITE_IOERR') && line.includes(answer.headers.get('x-request-id') ?? '?'))).toBe(
        true,
      )
      broken = false
      service.advance(1)
      expect((await fetch(`${service.url}/readyz`)).status).toBe(200)
    } finally {
      await service.close()
    }
  })

  test('a fault in the code is 500 with the request id and not a word more', async () => {
    let broken = false
    const service = await startTestService({
      options: {
        random: (bytes) => {
          if (broken && bytes === 16) throw new TypeError('the random of /secret/place is gone')
          return crypto.getRandomValues(new Uint8Array(bytes))
        },
      },
    })
    try {
      const client = service.client()
      await client.request('GET', '/v1/state')
      broken = true
      const answer = await client.request('GET', '/v1/state', { headers: { 'x-request-id': 'req_from-outside' } })
      expectProblem(answer, 'internal')
      expect(answer.text).not.toContain('secret')
    } finally {
      await service.close()
    }
  })

  test('a body that another parser of the host swallowed is a clear fault of the set-up', async () => {
    const swallow: RequestHandler = (request, _response, next) => {
      request.resume().on('end', () => next())
    }
    const service = await startTestService({ parser: swallow })
    try {
      const client = service.client()
      await client.request('GET', '/v1/state')
      const answer = await client.request('POST', '/v1/tokens', { body: { audience: AUDIENCE } })
      expectProblem(answer, 'internal')
      expect(service.lines.join('')).toContain('Mount the Stile router before that body parser')
    } finally {
      await service.close()
    }
  })
})

import compression from 'compression'
import express from 'express'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mounted } from '../support/mounted.ts'
import { type Stack, startStack } from '../support/stack.ts'

/** How soon an event must be there, in milliseconds. A heartbeat, which would push out what is held back, comes only after 15 s. */
const SOON_MS = 3_000

describe.each([
  ['as it is', compression()],
  ['that compresses whatever it can', compression({ threshold: 0, filter: () => true })],
])('behind the compression middleware %s', (_, middleware) => {
  let stack: Stack
  beforeAll(async () => {
    const arrange = (router: express.Router) => express().use(middleware).use('/stile', router)
    stack = await startStack({ path: '/stile', service: { heartbeatSeconds: 15 }, run: mounted({ arrange }) })
  })
  afterAll(() => stack.close())

  test('a page gets its state at once, and every change of it', async () => {
    await stack.license('acme', { tier: 'basic', state: 'active' })
    const alice = await stack.person({ sub: 'alice', account: 'acme' })
    const { headers } = await alice.service('GET', '/v1/state')
    const url = `${stack.urls.service}/v1/events`
    const session = await alice.session()
    const abort = new AbortController()
    const response = await fetch(url, {
      headers: {
        authorization: `Bearer ${session}`,
        dpop: await alice.proof('GET', url, session, { nonce: headers.get('dpop-nonce') }),
        accept: 'text/event-stream',
      },
      signal: abort.signal,
    })
    expect(response.headers.get('cache-control')).toBe('no-store, no-transform')
    expect(response.headers.get('content-encoding')).toBeNull()
    let text = ''
    const reading = (async () => {
      const decoder = new TextDecoder()
      for await (const part of response.body ?? []) text += decoder.decode(part, { stream: true })
    })().catch(() => undefined)
    await expect.poll(() => text, { timeout: SOON_MS }).toContain('"tier":"basic"')
    await stack.license('acme', { tier: 'pro', state: 'active' })
    await expect.poll(() => text, { timeout: SOON_MS }).toContain('"tier":"pro"')
    abort.abort()
    await reading
  })

  test('the feed reaches a guard at once, and a downgrade closes what it opened', async () => {
    await stack.license('globex', { tier: 'pro', state: 'active' })
    const bob = await stack.person({ sub: 'bob', account: 'globex' })
    const status = async () => (await bob.api('GET', '/export')).status
    await expect.poll(status, { timeout: SOON_MS }).toBe(401)
    await stack.license('globex', { tier: 'basic', state: 'active' })
    await expect.poll(status, { timeout: SOON_MS }).toBe(403)
  })

  test('what is no stream is compressed as the host likes', async () => {
    const response = await fetch(`${stack.urls.service}/.well-known/stile`, { headers: { 'accept-encoding': 'gzip' } })
    expect(await response.json()).toMatchObject({ issuer: stack.urls.service })
  })
})

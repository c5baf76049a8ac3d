import { definePolicy } from '@stile/policy'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startMailServer, type TestMailServer } from '../mail/smtp.test-support.ts'
import type { Store } from '../stores/store.ts'
import { answerOf } from './client.test-support.ts'
import { startTestService, type TestService } from './service.test-support.ts'

const POLICY = definePolicy({
  format: 1,
  features: { recent: { requires: { level: 'session', maxAge: '5m' } } },
  tiers: { basic: { features: ['recent'] } },
  license: { none: { tier: 'basic' } },
})

let server: TestMailServer
let service: TestService
beforeEach(async () => {
  server = await startMailServer()
  service = await startTestService({ options: { policy: POLICY, mail: { from: 'no-reply@example.com', url: server.url } } })
})
afterEach(() => service.close())

const put = async (subject: string, body: unknown, key: string) =>
  answerOf(
    await fetch(`${service.adminUrl}/v1/admin/subjects/${encodeURIComponent(subject)}/email`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  )

describe('the address of a subject through the admin API', () => {
  test('is pinned, changed after 72 hours, and the former one is told within a second', async () => {
    const key = await service.key('subjects:write')
    expect(await put('main|alice', { address: ' Ada@EXAMPLE.com' }, key)).toMatchObject({
      status: 200,
      body: { subject: 'main|alice', address: 'Ada@example.com' },
    })
    const changed = await put('main|alice', { address: 'new@example.com' }, key)
    const settlesAt = (changed.body as { settlesAt: number }).settlesAt
    expect(Math.abs(settlesAt - service.now() - 259_200)).toBeLessThan(5)
    await vi.waitFor(() => expect(server.inbox()).toHaveLength(1), { timeout: 5000, interval: 50 })
    expect(server.newest()).toMatchObject({ to: ['Ada@example.com'], subject: expect.stringMatching(/email address.*about to change/) })
    const back = await put('main|alice', { address: 'Ada@example.com' }, key)
    expect(back.body).toEqual({ subject: 'main|alice', address: 'Ada@example.com' })
  })

  test('threat: sessions are ended by an administrator, and the lost device stays known or their owner hears nothing', async () => {
    await put('main|alice', { address: 'ada@example.com' }, await service.key('subjects:write'))
    const { devices } = service.store
    await devices.see({ subject: 'main|alice', jkt: 'lost', name: 'Firefox on Windows', now: service.now() })
    const browser = service.client({ auth_time: service.now() })
    expect((await browser.request('GET', '/v1/state')).status).toBe(200)
    const key = await service.key('sessions:write')
    const end = async (query: string) =>
      answerOf(
        await fetch(`${service.adminUrl}/v1/admin/sessions/${encodeURIComponent('main|alice')}${query}`, {
          method: 'DELETE',
          headers: { authorization: `Bearer ${key}` },
        }),
      )
    for (const wrong of ['?devices=', '?devices=keep', '?devices=forget&devices=keep'])
      expect(await end(wrong)).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect((await browser.request('GET', '/v1/state')).status).toBe(200)
    expect((await end('')).status).toBe(204)
    await vi.waitFor(() => expect(server.inbox()).toHaveLength(1), { timeout: 10_000, interval: 50 })
    expect(server.newest()).toMatchObject({ to: ['ada@example.com'], subject: expect.stringMatching(/signed out/) })
    expect((await browser.request('GET', '/v1/state')).status).toBe(401)
    expect((await end('?devices=forget')).status).toBe(204)
    await vi.waitFor(() => expect(server.inbox()).toHaveLength(2), { timeout: 10_000, interval: 50 })
    expect(server.newest()?.text).toMatch(/again on each device/)
  })

  test('threat: a store that fails for a moment would keep people from hearing', async () => {
    let failures = 0
    const wrapStore = (store: Store): Store => ({
      ...store,
      outbox: {
        ...store.outbox,
        claim: (input) => {
          failures += 1
          return failures === 1 ? Promise.reject(new Error('disk')) : store.outbox.claim(input)
        },
      },
    })
    await service.close()
    service = await startTestService({ options: { mail: { from: 'no-reply@example.com', url: server.url } }, wrapStore })
    const key = await service.key('subjects:write')
    for (const address of ['ada@example.com', 'new@example.com']) await put('main|alice', { address }, key)
    await vi.waitFor(() => expect(server.inbox()).toHaveLength(1), { timeout: 5000, interval: 50 })
    expect(service.lines.join('')).toContain('notices could not be sent')
  })

  test.each([
    ['nowhere|alice', { address: 'x@evil.example' }],
    ['alice', { address: 'x@evil.example' }],
    ['main|al\u0000ice', { address: 'x@evil.example' }],
    ['main|alice', { address: 'Ada <x@evil.example>' }],
    ['main|alice', { address: 'x@evil.example\r\nBcc: b@example.com' }],
    ['main|alice', {}],
    ['main|alice', null],
  ])('refuses %j with %j, and repeats nothing of it', async (subject, body) => {
    const answer = await put(subject, body, await service.key('subjects:write'))
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect(answer.text).not.toContain('evil')
  })

  test.each(['subjects:read', 'licenses:write', 'guard'] as const)('threat: a key of scope %s would change it', async (scope) => {
    expect((await put('main|alice', { address: 'x@evil.example' }, await service.key(scope))).status).toBe(403)
    expect(await service.store.addresses.get('main|alice')).toBeNull()
  })
})

describe('a code by mail over HTTP', () => {
  const begin = () => {
    const client = service.client({ auth_time: service.now() - 3600 })
    return { client, started: client.request('POST', '/v1/step-ups', { body: { feature: 'recent' } }) }
  }

  test('proves the session, and neither code nor address reaches a log', async () => {
    await put('main|alice', { address: 'ada@example.com' }, await service.key('subjects:write'))
    const { client, started } = begin()
    const { body } = await started
    expect(body).toMatchObject({
      status: 'open',
      methods: [{ method: 'email-otp', hint: 'a•••@example.com' }, { method: 'relogin' }],
    })
    expect(await client.request('POST', `/v1/step-ups/${body.id}/methods/email-otp`, { body: {} })).toMatchObject({
      body: { methods: [{ method: 'email-otp', start: { sentTo: 'a•••@example.com' } }, {}] },
    })
    const code = server.code()
    const answer = (typed: string) =>
      client.request('POST', `/v1/step-ups/${body.id}/attempts`, { body: { method: 'email-otp', response: { code: typed } } })
    const wrong = await answer(code === '000000' ? '111111' : '000000')
    expect(wrong).toMatchObject({ status: 422, body: { failure: 'wrong_code', attemptsLeft: 4 } })
    const early = await client.request('POST', `/v1/step-ups/${body.id}/methods/email-otp`, { body: {} })
    expect(early).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } })
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(25)
    expect(await answer(code)).toMatchObject({ status: 200, body: { status: 'done', issued: { amr: ['otp'] } } })
    expect(service.lines.join('')).not.toContain(code)
    expect(service.lines.join('')).not.toContain('ada@example.com')
  })

  test('threat: a refusal of the mail server would bring code or address into a log', async () => {
    await put('main|alice', { address: 'ada@example.com' }, await service.key('subjects:write'))
    server.answer('refuse-mail')
    const { client, started } = begin()
    const { body } = await started
    const answer = await client.request('POST', `/v1/step-ups/${body.id}/methods/email-otp`, { body: {} })
    expect(answer).toMatchObject({ status: 503, body: { code: 'mail_unavailable' } })
    const log = service.lines.join('')
    expect(log).toContain('The mail was not taken over')
    expect(log).not.toMatch(/ada@example\.com|do not like|Your code/)
  })
})

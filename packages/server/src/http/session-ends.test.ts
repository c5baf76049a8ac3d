import express from 'express'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ScriptedProvider, startScriptedProvider } from '../methods/relogin/scripted-provider.test-support.ts'
import { answerOf } from './client.test-support.ts'
import { ORIGIN, startTestService, type TestService } from './service.test-support.ts'

describe('what ends sessions from outside', () => {
  let provider: ScriptedProvider
  let services: Readonly<Record<'plain' | 'parsed', TestService>>
  const now = () => Math.floor(Date.now() / 1000)

  beforeAll(async () => {
    provider = await startScriptedProvider({ now })
    const options = {
      issuers: [
        {
          id: 'main',
          issuer: provider.issuer,
          jwks: `${provider.issuer}/jwks`,
          audience: 'stile',
          claims: { account: 'account' },
          relogin: { clientId: 'stile', redirectUris: [`${ORIGIN}/done`] },
        },
      ],
    }
    services = {
      plain: await startTestService({ options }),
      parsed: await startTestService({ options, parser: express.urlencoded({ extended: true }) }),
    }
  })
  afterAll(async () => {
    await Promise.all(Object.values(services).map((service) => service.close()))
    await provider.close()
  })

  const logoutToken = (claims: Readonly<Record<string, unknown>>) =>
    provider.sign(
      {
        iss: provider.issuer,
        aud: 'stile',
        iat: now(),
        exp: now() + 120,
        jti: crypto.randomUUID(),
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
        ...claims,
      },
      { typ: 'logout+jwt' },
    )
  const post = async (service: TestService, body: RequestInit['body'], headers: Readonly<Record<string, string>> = {}, issuer = 'main') =>
    answerOf(await fetch(`${service.url}/v1/backchannel-logout/${issuer}`, { method: 'POST', headers, ...(body != null && { body }) }))
  /** A browser whose session began a while ago. */
  const browserOf = async (service: TestService, sub: string, sid: string) => {
    const claims = { iss: provider.issuer, aud: 'stile', sub, sid, account: 'acme', auth_time: now() - 60, iat: now(), exp: now() + 300 }
    const token = await provider.sign(claims, { typ: 'JWT' })
    const browser = service.client(() => token)
    expect((await browser.request('GET', '/v1/state')).status).toBe(200)
    return { ...browser, status: async () => (await browser.request('GET', '/v1/state')).status }
  }

  test.each(['plain', 'parsed'] as const)('a logout token in a form ends the session, and its stream (%s)', async (kind) => {
    const service = services[kind]
    const [laptop, phone] = [await browserOf(service, 'alice', `${kind}-1`), await browserOf(service, 'alice', `${kind}-2`)]
    const events = await laptop.events()
    await events.nextNamed('state')
    const answer = await post(
      service,
      new URLSearchParams({ logout_token: await logoutToken({ sub: 'alice', sid: `${kind}-1` }), other: 'x' }),
    )
    expect(answer).toMatchObject({ status: 200, text: '' })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect((await events.nextNamed('end')).data).toEqual({ code: 'session_ended' })
    expect([await laptop.status(), await phone.status()]).toEqual([401, 200])
    await post(service, new URLSearchParams({ logout_token: await logoutToken({ sub: 'alice' }) }))
    expect(await phone.status()).toBe(401)
  })

  test('what is no logout is answered 400 and ends nothing', async () => {
    const service = services.plain
    const browser = await browserOf(service, 'bob', 'b1')
    const good = await logoutToken({ sub: 'bob' })
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const answers = await Promise.all([
      post(service, ''),
      post(service, new URLSearchParams()),
      post(service, new URLSearchParams({ logout_token: '' })),
      post(service, new URLSearchParams({ logout_token: 'garbage' })),
      post(service, `logout_token=${good}&logout_token=${good}`, form),
      post(service, JSON.stringify({ logout_token: good }), { 'content-type': 'application/json' }),
      post(service, `logout_token=${good}`, { 'content-type': 'text/plain' }),
      post(services.parsed, `logout_token[]=${good}`, form),
      post(services.parsed, `logout_token=${good}&logout_token=${good}`, form),
    ])
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
    expect(await post(service, new URLSearchParams({ logout_token: good }), {}, 'unknown')).toMatchObject({ status: 404 })
    expect(await post(service, `logout_token=${'a'.repeat(20_000)}`, form)).toMatchObject({ status: 413 })
    expect(await answerOf(await fetch(`${service.url}/v1/backchannel-logout/main?logout_token=${good}`))).toMatchObject({ status: 405 })
    expect(await browser.status()).toBe(200)
  })

  test('threat: a page of an allowed origin learns what a logout was answered', async () => {
    const headers = { origin: ORIGIN }
    const answer = await post(services.plain, new URLSearchParams({ logout_token: 'x' }), headers)
    const preflight = await fetch(`${services.plain.url}/v1/backchannel-logout/main`, { method: 'OPTIONS', headers })
    for (const each of [answer.headers, preflight.headers]) expect(each.get('access-control-allow-origin')).toBeNull()
  })

  test('support ends one session of a subject, or all, with a key of that scope alone', async () => {
    const service = services.plain
    const [one, two, other] = [
      await browserOf(service, 'carol', 'c 1/%'),
      await browserOf(service, 'carol', 'c2'),
      await browserOf(service, 'dave', 'd1'),
    ]
    const call = async (path: string, key: string, method = 'DELETE') =>
      answerOf(await fetch(`${service.adminUrl}/v1/admin/sessions/${path}`, { method, headers: { authorization: `Bearer ${key}` } }))
    const key = await service.key('sessions:write')
    const subject = encodeURIComponent('main|carol')
    for (const scope of ['guard', 'licenses:write', 'licenses:read'] as const)
      expect(await call(subject, await service.key(scope))).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } })
    expect(await call(subject, 'nonsense')).toMatchObject({ status: 401 })
    expect(await call('carol', key)).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect(await call(encodeURIComponent('main|carol\u0000act:x'), key)).toMatchObject({ status: 400 })
    expect(await call(`${subject}/${encodeURIComponent('\u0000')}`, key)).toMatchObject({ status: 400 })
    expect(await call(subject, key, 'GET')).toMatchObject({ status: 405 })

    const events = await two.events()
    await events.nextNamed('state')
    expect((await call(`${subject}/${encodeURIComponent('c 1/%')}`, key)).status).toBe(204)
    expect([await one.status(), await two.status()]).toEqual([401, 200])
    expect((await call(subject, key)).status).toBe(204)
    expect((await events.nextNamed('end')).data).toEqual({ code: 'session_ended' })
    expect([await two.status(), await other.status()]).toEqual([401, 200])
    expect((await call(encodeURIComponent('main|nobody'), key)).status, 'the answer does not say who exists').toBe(204)
  })

  test('threat: another device on the session that was spared goes on to receive its state and tokens', async () => {
    const service = services.plain
    const [own, thief] = [await browserOf(service, 'erin', 'e1'), await browserOf(service, 'erin', 'e1')]
    const [ownEvents, thiefEvents] = [await own.events(), await thief.events()]
    const { id } = await ownEvents.nextNamed('state')
    await thiefEvents.nextNamed('state')
    await service.store.sessions.endAll({
      subject: 'main|erin',
      except: { sid: 'e1', jkt: own.jkt },
      now: now(),
      change: { at: now(), type: 'revoked', subject: 'main|erin', before: now() },
    })
    expect((await thiefEvents.nextNamed('end')).data).toEqual({ code: 'session_ended' })
    expect((await ownEvents.nextNamed('state')).id).not.toBe(id)
    expect([await own.status(), await thief.status()]).toEqual([200, 401])
    ownEvents.close()
  })
})

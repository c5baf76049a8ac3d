import express from 'express'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { WebAuthnEmulator } from 'nid-webauthn-emulator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { totpCode } from './client.test-support.ts'
import { AUDIENCE, ORIGIN, PUBLIC_URL, startTestService, type TestService } from './service.test-support.ts'

/** The router stands where a foreign app may have put it: its own parser not yet, or already, at work. */
describe.each([
  ['before the body parser of its host', 'none' as const],
  ['behind express.json of its host', express.json()],
  ['behind express.raw of its host', express.raw({ type: '*/*' })],
])('a user steps up for a premium feature, mounted %s', (_place, parser) => {
  let service: TestService
  beforeAll(async () => {
    service = await startTestService({ parser })
  })
  afterAll(() => service.close())

  const grant = async (account: string, tier: string) => {
    const answer = await fetch(`${service.adminUrl}/v1/admin/licenses/${account}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${await service.key('licenses:write')}`, 'content-type': 'application/json' },
      body: JSON.stringify({ tier, state: 'active' }),
    })
    expect(answer.status).toBeLessThan(300)
  }

  const verified = async (token: string) => {
    const keys = createRemoteJWKSet(new URL(`${service.url}/.well-known/jwks.json`))
    return await jwtVerify(token, keys, {
      issuer: PUBLIC_URL,
      audience: AUDIENCE,
      typ: 'at+jwt',
      algorithms: ['ES256'],
      currentDate: new Date(service.now() * 1000),
    })
  }

  test('with a code of an authenticator app', async () => {
    await grant('totp-co', 'pro')
    const alice = service.client({ account: 'totp-co', sub: 'totp-user' })

    const state = await alice.request('GET', '/v1/state')
    expect(state.status).toBe(200)
    expect(state.body).toMatchObject({
      subject: 'main|totp-user',
      account: 'totp-co',
      license: { tier: 'pro' },
      decisions: {
        'reports.view': { outcome: 'permit' },
        'reports.export': { outcome: 'enroll' },
        'payouts.approve': { outcome: 'upgrade' },
      },
      authenticators: [],
    })

    const registration = await alice.request('POST', '/v1/authenticators/registrations', { body: { method: 'totp' } })
    expect(registration).toMatchObject({ status: 201, body: { method: 'totp' } })
    const { id, start } = registration.body as unknown as { id: string; start: { secret: string; uri: string } }
    expect(start.uri).toMatch(/^otpauth:\/\/totp\//)
    const enrolled = await alice.request('POST', `/v1/authenticators/registrations/${id}`, {
      body: { response: { code: totpCode(start.secret, service.now()) }, name: 'Phone' },
    })
    expect(enrolled).toMatchObject({ status: 201, body: { method: 'totp', level: 'mfa', name: 'Phone' } })

    // the enrolment was a proof, which has grown too old by now
    service.advance(16 * 60)
    const started = await alice.request('POST', '/v1/step-ups', { body: { feature: 'reports.export' } })
    expect(started).toMatchObject({ status: 201, body: { status: 'open', requirement: { level: 'mfa' }, attemptsLeft: 5 } })
    const wrong = await alice.request('POST', `/v1/step-ups/${started.body.id}/attempts`, {
      body: { method: 'totp', response: { code: totpCode(start.secret, service.now() - 3600) } },
    })
    expect(wrong).toMatchObject({ status: 422, body: { code: 'attempt_failed', failure: 'wrong_code', attemptsLeft: 4 } })
    const done = await alice.request('POST', `/v1/step-ups/${started.body.id}/attempts`, {
      body: { method: 'totp', response: { code: totpCode(start.secret, service.now()) } },
    })
    expect(done).toMatchObject({ status: 200, body: { status: 'done', feature: 'reports.export' } })

    const { issued } = done.body as unknown as { issued: { token: string } }
    const { payload } = await verified(issued.token)
    expect(payload).toMatchObject({
      sub: 'main|totp-user',
      account: 'totp-co',
      acr: 'urn:stile:acr:mfa',
      cnf: { jkt: alice.jkt },
      lic: { tier: 'pro' },
      client_id: 'web',
    })

    const token = await alice.request('POST', '/v1/tokens', { body: { audience: AUDIENCE, feature: 'reports.export' } })
    expect(token).toMatchObject({ status: 200, body: { acr: 'urn:stile:acr:mfa' } })
    const again = await alice.request('POST', `/v1/step-ups/${started.body.id}/attempts`, {
      body: { method: 'totp', response: { code: totpCode(start.secret, service.now() + 30) } },
    })
    expect(again, 'a step-up is used once').toMatchObject({ status: 410, body: { code: 'step_up_expired' } })
  })

  test('with a passkey', async () => {
    await grant('passkey-co', 'enterprise')
    const emulator = new WebAuthnEmulator()
    const bob = service.client({ account: 'passkey-co', sub: 'passkey-user' })

    const registration = await bob.request('POST', '/v1/authenticators/registrations', { body: { method: 'passkey' } })
    expect(registration.status).toBe(201)
    const { id, start } = registration.body as unknown as { id: string; start: Parameters<typeof emulator.createJSON>[1] }
    const enrolled = await bob.request('POST', `/v1/authenticators/registrations/${id}`, {
      body: { response: emulator.createJSON(ORIGIN, start), name: 'Laptop' },
    })
    expect(enrolled).toMatchObject({ status: 201, body: { method: 'passkey', level: 'phr', name: 'Laptop' } })

    service.advance(5 * 60)
    const refused = await bob.request('POST', '/v1/tokens', { body: { feature: 'payouts.approve' } })
    expect(refused).toMatchObject({ status: 401, body: { code: 'insufficient_user_authentication', feature: 'payouts.approve' } })
    expect(refused.headers.get('www-authenticate')).toMatch(
      /^DPoP error="insufficient_user_authentication", .*acr_values="phr phrh", max_age="120"/,
    )

    const started = await bob.request('POST', '/v1/step-ups', { body: { feature: 'payouts.approve' } })
    const { methods } = started.body as unknown as { methods: { method: string; start: Parameters<typeof emulator.getJSON>[1] }[] }
    expect(methods[0]?.method).toBe('passkey')
    const restarted = await bob.request('POST', `/v1/step-ups/${started.body.id}/methods/passkey`, { body: {} })
    expect(restarted.status).toBe(200)
    const fresh = (restarted.body as unknown as typeof started.body & { methods: typeof methods }).methods[0]
    const done = await bob.request('POST', `/v1/step-ups/${started.body.id}/attempts`, {
      body: { method: 'passkey', response: emulator.getJSON(ORIGIN, fresh?.start as never) },
    })
    expect(done).toMatchObject({ status: 200, body: { status: 'done' } })
    const { payload } = await verified((done.body as unknown as { issued: { token: string } }).issued.token)
    expect(payload).toMatchObject({ acr: 'phr', sub: 'main|passkey-user' })

    const listed = await bob.request('GET', '/v1/authenticators')
    expect(listed.body).toMatchObject({ authenticators: [{ method: 'passkey', name: 'Laptop' }] })
    const { authenticators } = listed.body as unknown as { authenticators: { id: string }[] }
    const path = `/v1/authenticators/${authenticators[0]?.id}`
    expect(await bob.request('PATCH', path, { body: { name: 'Desk' } })).toMatchObject({ status: 200, body: { name: 'Desk' } })
    const asked = await bob.request('DELETE', path)
    expect(asked).toMatchObject({
      status: 401,
      body: {
        feature: 'stile:authenticators',
        operation: { change: 'remove', id: authenticators[0]?.id, method: 'passkey', name: 'Desk' },
      },
    })
    const { feature, operation } = asked.body
    const removal = await bob.request('POST', '/v1/step-ups', { body: { feature, operation } })
    expect(removal).toMatchObject({ status: 201, body: { feature, operation, status: 'open' } })
    const way = (removal.body as unknown as { methods: typeof methods }).methods[0]
    const response = emulator.getJSON(ORIGIN, way?.start as never)
    const confirmed = await bob.request('POST', `/v1/step-ups/${removal.body.id}/attempts`, { body: { method: 'passkey', response } })
    expect(confirmed).toMatchObject({ status: 200, body: { status: 'done', operation } })
    expect((await bob.request('DELETE', path)).status).toBe(204)
    const after = await bob.request('GET', '/v1/state')
    expect(after.body, 'what a removed passkey proved counts no longer').toMatchObject({
      authenticators: [],
      decisions: { 'payouts.approve': { outcome: 'enroll' } },
    })
  })

  test('and the host keeps its own body parser and its own 404', async () => {
    const own = await fetch(`${service.host}/own`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
    })
    expect(own.headers.get('x-request-id')).toBeNull()
    const missing = await fetch(`${service.host}/missing`)
    expect(await missing.text()).toBe('not found, says the host')
  })
})

import type { Registration } from '@stile/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startMailServer, type TestMailServer } from '../mail/smtp.test-support.ts'
import { answerOf, type TestClient, totpCode } from './client.test-support.ts'
import { ISSUER, ORIGIN, startTestService, type TestService } from './service.test-support.ts'

let server: TestMailServer
let service: TestService
beforeEach(async () => {
  server = await startMailServer()
  service = await startTestService({
    options: { mail: { from: 'no-reply@example.com', url: server.url }, recovery: { url: `${ORIGIN}/recover` } },
  })
})
afterEach(() => service.close())

const SUBJECT = encodeURIComponent('main|alice')

async function admin(method: string, path: string, key: string, body?: unknown) {
  const headers = { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) }
  return answerOf(
    await fetch(`${service.adminUrl}/v1/admin/subjects/${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
  )
}

async function enrolApp(client: TestClient) {
  const begun = await client.request('POST', '/v1/authenticators/registrations', { body: { method: 'totp' } })
  if (begun.status !== 201) return { ...begun, secret: '' }
  const { id, start } = begun.body as unknown as Extract<Registration, { method: 'totp' }>
  const enrolled = await client.request('POST', `/v1/authenticators/registrations/${id}`, {
    body: { response: { code: totpCode(start.secret, service.now()) } },
  })
  return { ...enrolled, secret: start.secret }
}

/** Makes ten codes, with the proof that it asks for. */
async function makeCodes(client: TestClient, secret: string) {
  const asked = await client.request('POST', '/v1/recovery/codes', { body: {} })
  expect(asked).toMatchObject({ status: 401, body: { feature: 'stile:authenticators', operation: { change: 'codes' } } })
  service.advance(30)
  const { feature, operation } = asked.body
  const begun = await client.request('POST', '/v1/step-ups', { body: { feature, operation } })
  expect(begun).toMatchObject({ status: 201, body: { operation } })
  const response = { code: totpCode(secret, service.now()) }
  await client.request('POST', `/v1/step-ups/${begun.body.id}/attempts`, { body: { method: 'totp', response } })
  return client.request('POST', '/v1/recovery/codes', { body: {} })
}

/** Somebody with an app and ten codes; the app is then lost. */
async function lost(): Promise<readonly string[]> {
  const client = service.client()
  const { status, secret } = await enrolApp(client)
  expect(status).toBe(201)
  const made = await makeCodes(client, secret)
  expect(made.status).toBe(201)
  service.advance(3600)
  return (made.body as { codes: string[] }).codes
}

describe('recovery over HTTP', () => {
  test('leads somebody who has lost everything on a new device from a code to an app', async () => {
    const codes = await lost()
    const client = service.client({ sid: 's2' })
    expect(await enrolApp(client)).toMatchObject({ status: 401, body: { code: 'insufficient_user_authentication' } })
    expect(await client.request('GET', '/v1/recovery')).toMatchObject({ status: 200, body: { codesLeft: 10 } })
    expect(await client.request('POST', '/v1/recovery', { body: { code: 'nonsense' } })).toMatchObject({
      status: 422,
      body: { code: 'recovery_failed' },
    })
    const redeemed = await client.request('POST', '/v1/recovery', { body: { code: codes[3] } })
    expect(redeemed).toMatchObject({ status: 201, body: { expiresAt: expect.any(Number), methods: ['passkey', 'security-key', 'totp'] } })
    expect(await enrolApp(client)).toMatchObject({ status: 201, body: { boundBy: { method: 'recovery-code', level: 'session' } } })
    expect(await client.request('GET', '/v1/recovery')).toMatchObject({ body: { codesLeft: 9 } })
  })

  test('threat: an attacker who signed in before the recovery would stay signed in', async () => {
    const codes = await lost()
    const early = service.now()
    const thief = service.client(() => service.mint({ sid: 'stolen', auth_time: early }))
    expect((await thief.request('GET', '/v1/state')).status).toBe(200)
    service.advance(1)
    const client = service.client({ sid: 's2' })
    expect((await client.request('POST', '/v1/recovery', { body: { code: codes[0] } })).status).toBe(201)
    expect(await thief.request('GET', '/v1/state')).toMatchObject({ status: 401, body: { code: 'session_ended' } })
    const unseen = service.client(() => service.mint({ sid: 'unseen', auth_time: early }))
    expect(await unseen.request('GET', '/v1/state')).toMatchObject({ status: 401 })
    expect((await client.request('GET', '/v1/state')).status).toBe(200)
    // and a ticket ends with the session that it is for
    await client.request('DELETE', '/v1/session')
    expect((await enrolApp(client)).status).toBe(401)
  })

  test('asks for a sign-in first, with the challenge of RFC 9470', async () => {
    const codes = await lost()
    let at = service.now() - 400
    const client = service.client((jkt) => service.mint({ sid: 's2', auth_time: at, cnf: { jkt } }))
    const refused = await client.request('POST', '/v1/recovery', { body: { code: codes[0] } })
    expect(refused).toMatchObject({ status: 401, body: { feature: 'stile:recovery', requirement: { methods: ['relogin'] } } })
    expect(refused.headers.get('www-authenticate')).toContain('max_age="300"')
    expect(await client.request('POST', '/v1/tokens', { body: { feature: 'stile:recovery' } })).toMatchObject({ status: 401 })
    at = service.now()
    expect((await client.request('POST', '/v1/tokens', { body: { feature: 'stile:recovery' } })).status).toBe(200)
  })

  test('threat: a code, a link or a ticket would stand in the log', async () => {
    const codes = await lost()
    const key = await service.key('subjects:write')
    const { url } = (await admin('POST', `${SUBJECT}/recovery`, key, { deliver: false })).body as { url: string }
    const token = url.split('=')[1] as string
    const client = service.client({ sid: 's2' })
    await client.request('POST', '/v1/recovery', { body: { code: codes[0] } })
    await client.request('POST', '/v1/recovery', { body: { link: token } })
    const log = service.lines.join('\n')
    expect(log).toContain('/v1/recovery')
    for (const secret of [...codes, token]) expect(log).not.toContain(secret)
  })
})

describe('subjects through the admin API', () => {
  test('are read, and get a link by mail that works once', async () => {
    await lost()
    const writer = await service.key('subjects:write')
    await admin('PUT', `${SUBJECT}/email`, writer, { address: 'alice@example.com' })
    expect(await admin('GET', SUBJECT, await service.key('subjects:read'))).toMatchObject({
      status: 200,
      body: {
        subject: 'main|alice',
        authenticators: [{ method: 'totp', level: 'mfa', boundBy: { method: 'login' } }],
        recovery: { codesLeft: 10, email: { hint: 'a•••@example.com' } },
        sessions: 1,
      },
    })
    const sent = await admin('POST', `${SUBJECT}/recovery`, writer, {})
    expect(sent).toMatchObject({ status: 202, body: { sentTo: 'a•••@example.com', expiresAt: expect.any(Number) } })
    expect(sent.body).not.toHaveProperty('url')
    const link = /stile-recovery=([A-Za-z0-9_-]{43})/.exec(server.newest('alice@example.com').text)?.[1]
    const client = service.client({ sid: 's2' })
    expect((await client.request('POST', '/v1/recovery', { body: { link } })).status).toBe(201)
    expect((await client.request('POST', '/v1/recovery', { body: { link } })).status).toBe(422)
    expect(await enrolApp(client)).toMatchObject({ body: { boundBy: { method: 'admin', level: 'session' } } })
  })

  test('lose what a thief has enrolled, and with it every proof and token that it gave', async () => {
    await lost()
    const writer = await service.key('subjects:write')
    await admin('PUT', `${SUBJECT}/email`, writer, { address: 'alice@example.com' })
    const read = async () =>
      (await admin('GET', SUBJECT, writer)).body as Readonly<{ authenticators: readonly Readonly<{ id: string }>[]; sessions: number }>
    const { authenticators } = await read()
    const path = `${SUBJECT}/authenticators/${authenticators[0]?.id}`
    for (const scope of ['subjects:read', 'sessions:write', 'licenses:write', 'guard'] as const)
      expect(await admin('DELETE', path, await service.key(scope))).toMatchObject({ status: 403 })
    expect(await admin('DELETE', `main%7Cbob/authenticators/${authenticators[0]?.id}`, writer)).toMatchObject({
      status: 404,
    })
    expect((await read()).authenticators).toHaveLength(1)
    expect(await admin('DELETE', path, writer)).toMatchObject({ status: 204 })
    expect((await read()).authenticators).toEqual([])
    expect(await admin('DELETE', path, writer)).toMatchObject({ status: 404 })
  })

  test('threat: a key that may only read, or is for something else, would hand out links', async () => {
    for (const scope of ['subjects:read', 'licenses:write', 'sessions:write', 'guard'] as const)
      expect(await admin('POST', `${SUBJECT}/recovery`, await service.key(scope), { deliver: false })).toMatchObject({ status: 403 })
    for (const scope of ['licenses:write', 'guard'] as const)
      expect(await admin('GET', SUBJECT, await service.key(scope))).toMatchObject({ status: 403 })
    expect(await admin('GET', SUBJECT, await service.key('subjects:write'))).toMatchObject({ status: 200 })
    expect((await fetch(`${service.url}/v1/admin/subjects/${SUBJECT}`)).status).toBe(404)
  })

  test('are refused if nothing can be sent, or the subject is unknown', async () => {
    const key = await service.key('subjects:write')
    expect(await admin('POST', `${SUBJECT}/recovery`, key, {})).toMatchObject({ status: 409, body: { code: 'method_unavailable' } })
    for (const other of ['alice', 'other%7Calice', encodeURIComponent(`${ISSUER}|alice`)])
      expect(await admin('POST', `${other}/recovery`, key, { deliver: false })).toMatchObject({ status: 400 })
    expect(await admin('POST', `${SUBJECT}/recovery`, key, { deliver: 'no' })).toMatchObject({ status: 400 })
  })
})

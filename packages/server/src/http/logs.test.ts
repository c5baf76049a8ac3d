import { WebAuthnEmulator } from 'nid-webauthn-emulator'
import { expect, test } from 'vitest'
import { totpCode } from './client.test-support.ts'
import { ORIGIN, startTestService } from './service.test-support.ts'

/**
 * Someone who reads the logs, or the problem bodies that users paste into tickets, must learn nothing that opens anything. Everything
 * secret of a whole journey is collected and looked for in every line.
 */
test('no secret, token, code, proof, challenge or key appears in any line of the log or in any problem', async () => {
  const secrets: Record<string, string> = {}
  const answers: string[] = []
  let broken = false
  const service = await startTestService({
    wrapStore: (store) => ({
      ...store,
      authenticators: {
        ...store.authenticators,
        list: async (subject) => {
          if (broken) throw new Error('the disk is full')
          return await store.authenticators.list(subject)
        },
      },
    }),
  })
  try {
    const write = await service.key('licenses:write')
    secrets.licensesKey = write
    await fetch(`${service.adminUrl}/v1/admin/licenses/acme`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${write}`, 'content-type': 'application/json' },
      body: JSON.stringify({ tier: 'enterprise', state: 'active' }),
    })
    const session = service.mint()
    secrets.session = session
    const alice = service.client()
    secrets.proof = alice.proof('GET', '/v1/state', session)
    await fetch(`${service.url}/v1/state?token=query-secret-1&access_token=query-secret-2`, {
      headers: {
        authorization: `Bearer ${session}`,
        dpop: secrets.proof,
        cookie: 'sid=cookie-secret-value',
        'stile-assurance': 'assurance-secret-value',
        'stile-proof': 'proof-secret-value',
      },
    })
    Object.assign(secrets, {
      query: 'query-secret',
      cookie: 'cookie-secret-value',
      assurance: 'assurance-secret-value',
      stileProof: 'proof-secret-value',
    })

    const registration = await alice.request('POST', '/v1/authenticators/registrations', { body: { method: 'totp' } })
    const { id, start } = registration.body as unknown as { id: string; start: { secret: string } }
    secrets.totpSecret = start.secret
    secrets.code = totpCode(start.secret, service.now())
    secrets.wrongCode = totpCode(start.secret, service.now() - 86_400)
    const finish = `/v1/authenticators/registrations/${id}`
    answers.push((await alice.request('POST', finish, { body: { response: { code: secrets.wrongCode } } })).text)
    answers.push((await alice.request('POST', finish, { body: { response: { code: secrets.code } } })).text)
    service.advance(30)
    secrets.secondCode = totpCode(start.secret, service.now())
    await alice.request('POST', finish, { body: { response: { code: secrets.secondCode } } })

    // a fault in the middle of things, whose line is longest
    broken = true
    answers.push((await alice.request('GET', '/v1/state')).text)
    broken = false
    const state = await alice.request('GET', '/v1/state')
    secrets.token = (state.body as unknown as { token: { token: string } }).token.token
    const emulator = new WebAuthnEmulator()
    const passkey = await alice.request('POST', '/v1/authenticators/registrations', { body: { method: 'passkey' } })
    if (passkey.status === 201) {
      const { id: passkeyId, start: creation } = passkey.body as unknown as { id: string; start: { challenge: string } }
      secrets.challenge = creation.challenge
      const response = emulator.createJSON(ORIGIN, creation as never)
      answers.push((await alice.request('POST', `/v1/authenticators/registrations/${passkeyId}`, { body: { response } })).text)
    }
    answers.push((await alice.request('POST', '/v1/tokens', { body: { feature: 'reports.nothing' } })).text)
    answers.push(
      (await alice.request('POST', '/v1/tokens', { raw: `{"code":"${secrets.code}"`, headers: { 'content-type': 'application/json' } }))
        .text,
    )
    const events = await alice.events()
    await events.nextNamed('state')
    events.close()
    await fetch(`${service.url}/v1/policy`, { headers: { authorization: 'Bearer stile_g_mistyped-key-value' } })
    secrets.mistypedKey = 'stile_g_mistyped-key-value'
    await expect.poll(() => service.lines.filter((line) => line.includes('/v1/events')).length).toBe(1)

    expect(service.lines.length).toBeGreaterThan(10)
    expect(service.lines.join('\n'), 'the failed write was logged').toContain('the disk is full')
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret.length, name).toBeGreaterThan(5)
      // a JWT is not to be found by its header alone
      const needle = secret.startsWith('eyJ') ? (secret.split('.').at(-1) ?? secret) : secret
      expect(
        service.lines.filter((line) => line.includes(needle)),
        `${name} in the log`,
      ).toEqual([])
      expect(
        answers.filter((text) => text.startsWith('{"type"') && text.includes(needle)),
        `${name} in a problem`,
      ).toEqual([])
    }
    for (const line of service.lines) expect(line.toLowerCase()).not.toMatch(/"(authorization|dpop|cookie|headers|body|query)":/)
  } finally {
    await service.close()
  }
})

test('the handshake of a nonce is no warning, and a refusal is one', async () => {
  const service = await startTestService()
  try {
    const alice = service.client()
    expect((await alice.request('GET', '/v1/state')).status).toBe(200)
    expect((await alice.request('GET', '/v1/nothing')).status).toBe(404)
    const logged = service.lines.map((line) => JSON.parse(line)).filter(({ requestId }) => requestId !== undefined)
    expect(logged.map(({ level, status, code }) => ({ level, status, code }))).toEqual([
      { level: 20, status: 401, code: 'use_dpop_nonce' },
      { level: 30, status: 200 },
      { level: 40, status: 404, code: 'not_found' },
    ])
  } finally {
    await service.close()
  }
})

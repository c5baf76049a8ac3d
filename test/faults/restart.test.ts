import { WebAuthnEmulator } from 'nid-webauthn-emulator'
import { afterEach, expect, test } from 'vitest'
import { enrollPasskey, enrollTotp, stepUpWithPasskey, stepUpWithTotp, tokenOf } from '../support/ceremonies.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { codeAt } from '../support/totp.ts'
import { until } from '../support/until.ts'

let stack: Stack
afterEach(() => stack.close())

test('a second start keeps licenses, authenticators, signing keys, API keys and what was used up', async () => {
  stack = await startStack()
  const emulator = new WebAuthnEmulator()
  await stack.license('acme', { tier: 'enterprise', state: 'active', features: [] })
  const alice = await stack.person({ sub: 'alice', account: 'acme' })
  const secret = await enrollTotp(alice, stack.clock.now())
  await enrollPasskey(alice, emulator, { secret, now: stack.clock.now() })
  const ended = await stack.person({ sub: 'ended', account: 'acme' })
  expect((await ended.service('DELETE', '/v1/session')).status).toBe(204)
  const { jwks_uri: jwks } = (await (await fetch(`${stack.urls.service}/.well-known/stile`)).json()) as { jwks_uri: string }
  const readLicense = async () => {
    const headers = { authorization: `Bearer ${stack.keys.read}` }
    return (await fetch(`${stack.urls.admin}/v1/admin/licenses/acme`, { headers })).json()
  }
  const before = {
    keys: await (await fetch(jwks)).json(),
    license: await readLicense(),
    authenticators: (await alice.service('GET', '/v1/authenticators')).body,
    token: await tokenOf(alice),
  }
  expect((await alice.api('POST', '/payouts', { token: before.token })).status).toBe(200)
  const usedCode = codeAt(secret, stack.clock.now())

  await stack.stopService()
  await stack.startService()

  expect(await (await fetch(jwks)).json()).toEqual(before.keys)
  expect(await readLicense()).toEqual(before.license)
  expect((await alice.service('GET', '/v1/authenticators')).body).toEqual(before.authenticators)
  expect((await ended.service('GET', '/v1/state')).body).toMatchObject({ code: 'session_ended' })
  await until(async () => (await alice.api('POST', '/payouts', { token: before.token })).status === 200, 'the token from before')

  // a code that was spent before stays spent
  const thief = await stack.person({ sub: 'alice', account: 'acme', sid: 'sid-of-the-thief' })
  const opened = await thief.service('POST', '/v1/step-ups', { feature: 'reports.export' })
  const replayed = { method: 'totp', response: { code: usedCode } }
  expect(await thief.service('POST', `/v1/step-ups/${opened.body.id}/attempts`, replayed)).toMatchObject({
    status: 422,
    body: { failure: 'code_used' },
  })
  stack.clock.advance(16 * 60)
  expect(await stepUpWithTotp(alice, 'reports.export', codeAt(secret, stack.clock.now()))).toMatch(/^eyJ/)
  expect(await stepUpWithPasskey(alice, 'payouts.approve', emulator)).toMatch(/^eyJ/)
})

test('another rpId than that of the passkeys in the store is refused with what to do, and the old one goes on', async () => {
  stack = await startStack()
  const emulator = new WebAuthnEmulator()
  await stack.license('acme', { tier: 'enterprise', state: 'active' })
  const alice = await stack.person({ sub: 'alice', account: 'acme' })
  await enrollPasskey(alice, emulator)
  await stack.stopService()

  const moved = { rpId: 'example.com', rpName: 'Test', origins: ['https://app.example.com'] }
  const refusal = await stack.startService({ webauthn: moved }).catch((error: Error) => error)
  expect(refusal).toBeInstanceOf(Error)
  expect((refusal as Error).message).toMatch(/webauthn\.rpId: is "example\.com".*belong to "localhost"[\s\S]*allowRpIdChange/)
  await expect(fetch(`${stack.urls.service}/healthz`), 'nothing listens').rejects.toThrow()

  await stack.startService()
  stack.clock.advance(3 * 60)
  expect(await stepUpWithPasskey(alice, 'payouts.approve', emulator)).toMatch(/^eyJ/)
})

test('another secret than the one that sealed the store is refused, and nothing is sealed anew', async () => {
  stack = await startStack()
  const before = await (await fetch(`${stack.urls.service}/.well-known/jwks.json`)).json()
  await stack.stopService()
  const other = Buffer.alloc(32, 1).toString('base64')
  await expect(stack.startService({ secret: other })).rejects.toThrow(/secret/i)
  await stack.startService()
  expect(await (await fetch(`${stack.urls.service}/.well-known/jwks.json`)).json()).toEqual(before)
})

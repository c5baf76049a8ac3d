import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import { WebAuthnEmulator } from 'nid-webauthn-emulator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { begin, enrollPasskey, enrollTotp, stepUpWithPasskey, stepUpWithTotp, tokenOf } from '../support/ceremonies.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { codeAt } from '../support/totp.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

/** Verifies a token with nothing but what the service publishes, by a library that the guard does not verify with. */
async function verified(token: string): Promise<JWTPayload> {
  const metadata = (await (await fetch(`${stack.urls.service}/.well-known/stile`)).json()) as { issuer: string; jwks_uri: string }
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(metadata.jwks_uri)), {
    issuer: metadata.issuer,
    audience: stack.urls.api,
    typ: 'at+jwt',
    algorithms: ['ES256'],
    requiredClaims: ['exp', 'iat', 'nbf', 'jti', 'sub'],
    currentDate: new Date(stack.clock.now() * 1000),
  })
  return payload
}

test('a license, an authenticator app and a step-up open a premium feature, and nothing less does', async () => {
  const alice = await stack.person({ sub: 'alice', account: 'acme' })

  const before = await alice.service('GET', '/v1/state')
  expect(before.body).toMatchObject({
    subject: 'app|alice',
    account: 'acme',
    license: null,
    decisions: { 'reports.view': { outcome: 'permit' }, 'reports.export': { outcome: 'upgrade', next: { tiers: ['pro', 'enterprise'] } } },
  })
  const unpaid = await alice.api('GET', '/export')
  expect(unpaid).toMatchObject({ status: 403, body: { code: 'license_required', next: { tiers: ['pro', 'enterprise'] } } })

  expect((await stack.license('acme', { tier: 'pro', state: 'active' })).status).toBe(201)
  const paid = await alice.service('GET', '/v1/state')
  expect(paid.body).toMatchObject({ license: { tier: 'pro' }, decisions: { 'reports.export': { outcome: 'enroll' } } })
  expect(await alice.service('POST', '/v1/step-ups', { feature: 'reports.export' })).toMatchObject({
    status: 403,
    body: { code: 'enrollment_required' },
  })

  const secret = await enrollTotp(alice, stack.clock.now())
  stack.clock.advance(16 * 60)
  await stack.heard()
  const refused = await alice.api('GET', '/export')
  expect(refused).toMatchObject({ status: 401, body: { code: 'insufficient_user_authentication', feature: 'reports.export' } })
  const token = await stepUpWithTotp(alice, 'reports.export', codeAt(secret, stack.clock.now()))

  expect(await verified(token)).toMatchObject({
    sub: 'app|alice',
    account: 'acme',
    sid: 'sid-alice',
    acr: 'urn:stile:acr:mfa',
    amr: ['otp', 'mfa'],
    cnf: { jkt: alice.jkt },
    lic: { tier: 'pro', state: 'active' },
  })
  expect(await alice.api('GET', '/export', { token })).toMatchObject({ status: 200, body: { content: 'the lines' } })
  expect(stack.api.served).toEqual(['the lines'])
  const after = await alice.service('GET', '/v1/state')
  expect(after.body).toMatchObject({ decisions: { 'reports.export': { outcome: 'permit' }, 'payouts.approve': { outcome: 'upgrade' } } })
})

test('a passkey opens what a code cannot', async () => {
  const emulator = new WebAuthnEmulator()
  await stack.license('bank', { tier: 'enterprise', state: 'active' })
  const bob = await stack.person({ sub: 'bob', account: 'bank' })
  const secret = await enrollTotp(bob, stack.clock.now())
  expect(await bob.service('POST', '/v1/step-ups', { feature: 'payouts.approve' })).toMatchObject({
    status: 403,
    body: { code: 'enrollment_required' },
  })
  await enrollPasskey(bob, emulator, { secret, now: stack.clock.now() })
  // what the enrolment proved has grown too old
  stack.clock.advance(3 * 60)
  await stack.heard()

  const { id } = await begin(bob, 'payouts.approve')
  const code = codeAt(secret, stack.clock.now())
  expect(await bob.service('POST', `/v1/step-ups/${id}/attempts`, { method: 'totp', response: { code } })).toMatchObject({
    status: 409,
    body: { code: 'method_unavailable' },
  })
  // good for reports, and too weak for payouts
  const weak = await tokenOf(bob)
  expect(await bob.api('GET', '/export', { token: weak })).toMatchObject({ status: 200 })
  expect(await bob.api('POST', '/payouts', { token: weak })).toMatchObject({
    status: 401,
    body: { code: 'insufficient_user_authentication', requirement: { level: 'phr', maxAgeSeconds: 120 } },
  })
  const token = await stepUpWithPasskey(bob, 'payouts.approve', emulator)

  expect(await verified(token)).toMatchObject({ sub: 'app|bob', acr: 'phr', cnf: { jkt: bob.jkt }, lic: { tier: 'enterprise' } })
  expect(await bob.api('POST', '/payouts', { token })).toMatchObject({ status: 200, body: { content: 'the payout' } })
})

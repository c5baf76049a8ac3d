import { randomUUID } from 'node:crypto'
import { WebAuthnEmulator } from 'nid-webauthn-emulator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LIMITS } from '../limits.ts'
import { USER_HEADER } from '../support/api.ts'
import { enrollPasskey, enrollTotp, stepUpWithTotp, tokenOf } from '../support/ceremonies.ts'
import type { Answer, NodeClient } from '../support/node-client.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { codeAt } from '../support/totp.ts'
import { until } from '../support/until.ts'

let stack: Stack
let alice: NodeClient
/** Her token, as it would be found in a log or a browser's memory. */
let token: string
beforeAll(async () => {
  stack = await startStack()
  await stack.license('acme', { tier: 'pro', state: 'active' })
  await stack.license('other-co', { tier: 'pro', state: 'active' })
  alice = await stack.person({ sub: 'alice', account: 'acme' })
  await enrollTotp(alice, stack.clock.now())
  token = await tokenOf(alice)
  expect((await alice.api('GET', '/export', { token })).status).toBe(200)
})
afterAll(() => stack.close())

/** Runs an attack and checks that no handler ran for it. */
async function attack(work: () => Promise<Answer>, code: string, status = 401): Promise<Answer> {
  const before = stack.api.served.length
  const answer = await work()
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code })
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(stack.api.served, 'nothing was served').toHaveLength(before)
  return answer
}

const url = (path: string) => stack.urls.api + path

describe('a thief who has the token and not the key', () => {
  let thief: NodeClient
  beforeAll(async () => {
    // even signed in as her, on a device of the thief's own
    thief = await stack.person({ sub: 'alice', account: 'acme' })
  })

  test('a stolen token without a proof opens nothing', async () => {
    const answer = await attack(() => thief.api('GET', '/export', { token, proof: null }), 'invalid_dpop_proof')
    expect(answer.headers.get('www-authenticate')).toMatch(/^DPoP error="invalid_dpop_proof".* algs="ES256"$/)
  })

  test('a stolen token with a proof of another key opens nothing, even where the thief is the first to use it', async () => {
    const victim = await stack.person({ sub: 'victim', account: 'acme' })
    const other = await stack.person({ sub: 'victim', account: 'acme' })
    await enrollTotp(victim, stack.clock.now())
    const unused = await tokenOf(victim)
    await attack(() => other.api('GET', '/export', { token: unused }), 'invalid_dpop_proof')
    expect((await victim.api('GET', '/export', { token: unused })).status).toBe(200)
    await attack(() => other.api('GET', '/export', { token: unused }), 'invalid_dpop_proof')
  })

  test('a stolen token sent as Bearer, for which no key is needed elsewhere, opens nothing', async () => {
    await attack(() => thief.api('GET', '/export', { headers: { authorization: `Bearer ${token}` } }), 'invalid_token')
  })

  test('a stolen token in the side header opens nothing without its key', async () => {
    const headers = { 'stile-assurance': token, 'stile-proof': await thief.proof('GET', url('/export'), token) }
    await attack(() => thief.api('GET', '/export', { headers }), 'invalid_dpop_proof')
  })

  test('a proof that was seen on the wire is worth nothing the second time', async () => {
    const proof = await alice.proof('GET', url('/export'), token)
    expect((await alice.api('GET', '/export', { token, proof })).status).toBe(200)
    await attack(() => thief.api('GET', '/export', { token, proof }), 'invalid_dpop_proof')
  })

  test.each([
    ['another path', 'GET', '/lines'],
    ['another method', 'POST', '/export'],
  ])('a proof that was caught before it was used is worth nothing for %s', async (_, method, path) => {
    const proof = await alice.proof(method, url(path), token)
    await attack(() => thief.api('GET', '/export', { token, proof }), 'invalid_dpop_proof')
  })

  test('a proof for another host, token or time is worth nothing', async () => {
    const another = await tokenOf(alice)
    const now = stack.clock.now()
    const proofs = [
      await alice.proof('GET', 'https://evil.example/export', token),
      await alice.proof('GET', url('/export'), another),
      await alice.proof('GET', url('/export'), token, { iat: now - 62 }),
      await alice.proof('GET', url('/export'), token, { iat: now + 62 }),
      await alice.proof('GET', url('/export'), token, { jti: undefined }),
    ]
    for (const proof of proofs) await attack(() => thief.api('GET', '/export', { token, proof }), 'invalid_dpop_proof')
  })

  test('two proofs at once, of which one is right, are refused', async () => {
    const right = await alice.proof('GET', url('/export'), token)
    const wrong = await thief.proof('GET', url('/export'), token)
    await attack(() => thief.api('GET', '/export', { token, proof: `${wrong}, ${right}` }), 'invalid_dpop_proof')
  })
})

describe('a thief who has even the key', () => {
  const asUser = (user: Readonly<Record<string, string>>) => ({
    [USER_HEADER]: JSON.stringify({ sub: 'alice', account: 'acme', sid: 'sid-alice', ...user }),
  })

  test.each([
    ['subject, a fellow member', { sub: 'mallory' }],
    ['account', { account: 'other-co' }],
    ['session of the same subject', { sid: 'sid-later' }],
  ])('a token of another %s opens nothing', async (_, user) => {
    await attack(() => alice.api('GET', '/export', { token, headers: asUser(user) }), 'invalid_token')
  })

  test('a token for another API opens nothing here', async () => {
    const foreign = await tokenOf(alice, { audience: 'https://another.example' })
    await attack(() => alice.api('GET', '/export', { token: foreign }), 'invalid_token')
  })

  test('a token that was changed by one letter opens nothing', async () => {
    const [header = '', payload = '', signature = ''] = token.split('.')
    const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), jti: randomUUID() }
    const changed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`
    await attack(() => alice.api('GET', '/export', { token: changed }), 'invalid_token')
  })

  test('a session token, which every page has, does not stand for an assurance token', async () => {
    await attack(async () => alice.api('GET', '/export', { token: await alice.session() }), 'invalid_token')
  })

  test('a token that says it needs no signature opens nothing', async () => {
    const header = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
    await attack(() => alice.api('GET', '/export', { token: `${header}.${token.split('.')[1]}.AAAA` }), 'invalid_token')
  })
})

describe('what was good and is no longer', () => {
  test('an expired token opens nothing, while a new one for the same proof does', async () => {
    const old = await tokenOf(alice)
    stack.clock.advance(306)
    await stack.heard()
    const answer = await attack(() => alice.api('GET', '/export', { token: old }), 'invalid_token')
    expect(answer.body.detail).toMatch(/expired/)
    expect((await alice.api('GET', '/export', { token: await tokenOf(alice) })).status).toBe(200)
  })

  test('a proof that has grown too old opens nothing, however new the token', async () => {
    stack.clock.advance(16 * 60)
    await stack.heard()
    const fresh = await tokenOf(alice)
    const answer = await attack(() => alice.api('GET', '/export', { token: fresh }), 'insufficient_user_authentication')
    expect(answer.headers.get('www-authenticate')).toContain('max_age="900"')
  })

  test('a token of a session that has ended opens nothing within a second, on any device', async () => {
    const bob = await stack.person({ sub: 'bob', account: 'acme' })
    await enrollTotp(bob, stack.clock.now())
    const stolen = await tokenOf(bob)
    expect((await bob.api('GET', '/export', { token: stolen })).status).toBe(200)
    expect((await bob.service('DELETE', '/v1/session')).status).toBe(204)
    await until(async () => (await bob.api('GET', '/export', { token: stolen })).status !== 200, 'the end of the session', LIMITS.promised)
    await attack(() => bob.api('GET', '/export', { token: stolen }), 'invalid_token')
    const again = await stack.person({ sub: 'bob', account: 'acme' })
    for (const device of [bob, again])
      expect(await device.service('POST', '/v1/tokens', {}), 'nor is there a new one').toMatchObject({
        status: 401,
        body: { code: 'session_ended' },
      })
  })

  test('a token from before a downgrade opens nothing within a second: what the license lacks is said, what it still has needs a new token', async () => {
    await stack.license('shrinking', { tier: 'enterprise', state: 'active' })
    const carol = await stack.person({ sub: 'carol', account: 'shrinking' })
    const secret = await enrollTotp(carol, stack.clock.now())
    await enrollPasskey(carol, new WebAuthnEmulator(), { secret, now: stack.clock.now() })
    const rich = await tokenOf(carol)
    expect((await carol.api('POST', '/payouts', { token: rich })).status).toBe(200)
    expect((await stack.license('shrinking', { tier: 'pro', state: 'active' })).status).toBe(200)
    await until(async () => (await carol.api('POST', '/payouts', { token: rich })).status !== 200, 'the downgrade', LIMITS.promised)
    const answer = await attack(() => carol.api('POST', '/payouts', { token: rich }), 'license_required', 403)
    expect(answer.headers.get('www-authenticate'), 'proving more would not help').toBeNull()
    expect(answer.body.next).toEqual({ tiers: ['enterprise'] })
    await attack(() => carol.api('GET', '/export', { token: rich }), 'invalid_token')
    const poor = await tokenOf(carol)
    expect((await carol.api('GET', '/export', { token: poor })).status).toBe(200)
    await attack(() => carol.api('POST', '/payouts', { token: poor }), 'license_required', 403)
  })

  test('a token from before a suspension opens nothing within a second', async () => {
    await stack.license('unpaid', { tier: 'pro', state: 'active' })
    const grace = await stack.person({ sub: 'grace', account: 'unpaid' })
    await enrollTotp(grace, stack.clock.now())
    const old = await tokenOf(grace)
    expect((await grace.api('GET', '/export', { token: old })).status).toBe(200)
    await stack.license('unpaid', { tier: 'pro', state: 'suspended' })
    await until(async () => (await grace.api('GET', '/export', { token: old })).status !== 200, 'the suspension', LIMITS.promised)
    for (const token of [old, await tokenOf(grace)])
      expect((await attack(() => grace.api('GET', '/export', { token }), 'denied', 403)).body.reasons).toContainEqual(
        expect.objectContaining({ code: 'license_suspended' }),
      )
  })

  test('a token from before a change that opens nothing is exchanged without a prompt', async () => {
    await stack.license('steady', { tier: 'pro', state: 'active' })
    const dave = await stack.person({ sub: 'dave', account: 'steady' })
    await enrollTotp(dave, stack.clock.now())
    const old = await tokenOf(dave)
    await stack.license('steady', { tier: 'pro', state: 'trialing' })
    await until(async () => (await dave.api('GET', '/export', { token: old })).status !== 200, 'the change', LIMITS.promised)
    await attack(() => dave.api('GET', '/export', { token: old }), 'invalid_token')
    expect((await dave.api('GET', '/export', { token: await tokenOf(dave) })).status).toBe(200)
  })

  test('a proof from before an upgrade does not open what was bought: a fresh one is demanded', async () => {
    await stack.license('growing', { tier: 'basic', state: 'active' })
    const erin = await stack.person({ sub: 'erin', account: 'growing' })
    const key = await enrollTotp(erin, stack.clock.now())
    stack.clock.advance(60)
    await stack.license('growing', { tier: 'pro', state: 'active' })
    await stack.heard()
    const early = await tokenOf(erin)
    await until(async () => (await erin.api('GET', '/export', { token: early })).status !== 403, 'the upgrade', LIMITS.promised)
    const answer = await attack(() => erin.api('GET', '/export', { token: early }), 'insufficient_user_authentication')
    expect(answer.body.reasons).toContainEqual(expect.objectContaining({ code: 'license_upgraded' }))
    expect(answer.body.requirement).toMatchObject({ level: 'mfa', provenAfter: expect.any(Number) })
    const fresh = await stepUpWithTotp(erin, 'reports.export', codeAt(key, stack.clock.now()))
    expect((await erin.api('GET', '/export', { token: fresh })).status).toBe(200)
  })

  test('the code that was used to enrol cannot be used by whoever looked over the shoulder', async () => {
    const frank = await stack.person({ sub: 'frank', account: 'acme' })
    const now = stack.clock.now()
    const key = await enrollTotp(frank, now)
    const thief = await stack.person({ sub: 'frank', account: 'acme', sid: 'sid-of-the-thief' })
    const opened = await thief.service('POST', '/v1/step-ups', { feature: 'reports.export' })
    expect(opened.status).toBe(201)
    const attempt = { method: 'totp', response: { code: codeAt(key, now) } }
    const answer = await thief.service('POST', `/v1/step-ups/${opened.body.id}/attempts`, attempt)
    expect(answer).toMatchObject({ status: 422, body: { code: 'attempt_failed', failure: 'code_used' } })
  })
})

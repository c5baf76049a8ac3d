import { type AssuranceClaims, parseAssuranceClaims } from '@stile/protocol'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTestDomain, TEST_AUDIENCE, TEST_CLIENT, TEST_URL, type TestDomain } from '../domain.test-support.ts'
import { writeLicense } from '../licenses/licenses.ts'
import type { Caller } from '../sessions/caller.ts'
import { loadStanding, type Standing } from '../standing/standing.ts'
import { audienceFor } from './audience.ts'
import { type IssueToken, issueToken } from './issue.ts'

async function start() {
  const world = await createTestDomain({
    options: {
      clients: [
        { id: TEST_CLIENT, origins: ['https://app.example'] },
        { id: 'other', origins: ['https://other.example'] },
      ],
      audiences: [
        { id: 'https://other.example/api', issuers: ['main'], clients: ['other'] },
        { id: TEST_AUDIENCE, issuers: ['main'], clients: [TEST_CLIENT, 'other'] },
      ],
    },
  })
  onTestFinished(() => world.close())
  return world
}

async function issue(world: TestDomain, change: Partial<Standing> = {}, ask: Partial<IssueToken> = {}, caller: Partial<Caller> = {}) {
  const standing = { ...(await loadStanding(world.domain, await world.caller(caller))), ...change }
  const issued = await issueToken(world.domain, standing, { audience: TEST_AUDIENCE, ...ask })
  const keys = createLocalJWKSet(world.domain.keyring.jwks() as never)
  const { payload, protectedHeader } = await jwtVerify(issued.token, keys, {
    currentDate: new Date(world.clock.now() * 1000),
    algorithms: ['ES256'],
    typ: 'at+jwt',
  })
  return { issued, claims: payload as unknown as AssuranceClaims, header: protectedHeader }
}

test('a token says all that a guard needs, and the protocol reads it', async () => {
  const world = await start()
  const now = world.clock.now()
  await writeLicense(world.domain, 'acme', { tier: 'pro', state: 'active', features: ['payouts.approve'] })
  const { issued, claims, header } = await issue(world)
  expect(claims).toEqual({
    iss: TEST_URL,
    aud: TEST_AUDIENCE,
    sub: 'main|alice',
    exp: now + 300,
    iat: now,
    nbf: now,
    jti: expect.stringMatching(/^[\w-]{22}$/),
    client_id: TEST_CLIENT,
    sid: 's1',
    account: 'acme',
    acr: 'urn:stile:acr:session',
    amr: ['pwd'],
    auth_time: now,
    proofs: [{ method: 'login', acr: 'urn:stile:acr:session', amr: ['pwd'], auth_time: now }],
    cnf: { jkt: expect.stringMatching(/^[\w-]{43}$/) },
    lic: { id: expect.stringMatching(/^lic_/), epoch: 1, tier: 'pro', features: ['payouts.approve'], state: 'active', raised_at: now },
    pol: { revision: 1, digest: world.domain.policy().digest },
    risk: 'normal',
  })
  expect(header).toMatchObject({ alg: 'ES256', typ: 'at+jwt', kid: world.domain.keyring.signingKey().kid })
  expect(issued).toMatchObject({ expiresAt: claims.exp, acr: claims.acr, amr: claims.amr, authTime: claims.auth_time })
  expect(parseAssuranceClaims(claims)).toEqual(claims)
})

test('an account without a license is said to have none', async () => {
  expect((await issue(await start())).claims.lic).toBeNull()
})

test('a token never outlives the license that it names', async () => {
  const world = await start()
  const now = world.clock.now()
  await writeLicense(world.domain, 'acme', { tier: 'pro', state: 'active', endsAt: now + 40 })
  const { issued, claims } = await issue(world)
  expect({ exp: claims.exp, expiresAt: issued.expiresAt, changes: claims.lic?.changes_at }).toEqual({
    exp: now + 40,
    expiresAt: now + 40,
    changes: now + 40,
  })
})

test('threat: a stolen token is used from another device: it is bound to the device key', async () => {
  const world = await start()
  expect((await issue(world, {}, {}, { jkt: 'k'.repeat(43) })).claims.cnf).toEqual({ jkt: 'k'.repeat(43) })
})

test('a token names who acts for the subject', async () => {
  const world = await start()
  expect((await issue(world, {}, {}, { actor: 'support' })).claims).toMatchObject({ sub: 'main|alice', act: { sub: 'support' } })
  expect((await issue(world)).claims).not.toHaveProperty('act')
})

test('a token for an operation names its feature, digest and salt', async () => {
  const world = await start()
  const operation = { feature: 'payouts.approve', digest: 'd'.repeat(43), salt: 's'.repeat(22) }
  expect((await issue(world, {}, { operation })).claims.authorization_details).toEqual([{ type: 'stile_operation', ...operation }])
  expect((await issue(world)).claims).not.toHaveProperty('authorization_details')
})

describe('the proof that a token names', () => {
  const at = (world: TestDomain, ago: number) => world.clock.now() - ago
  const proofsOf = (world: TestDomain) =>
    [
      { method: 'login', level: 'session', amr: ['pwd'], authTime: at(world, 10) },
      { method: 'passkey', level: 'phr', amr: ['pop', 'user', 'mfa'], authTime: at(world, 600) },
      { method: 'passkey', level: 'mfa', amr: ['pop', 'mfa'], authTime: at(world, 500) },
      { method: 'totp', level: 'mfa', amr: ['otp', 'mfa'], authTime: at(world, 60) },
    ] as const

  test('is the newest one that meets what was asked, never the strength of one with the age of another', async () => {
    const world = await start()
    const proofs = proofsOf(world)
    expect((await issue(world, { proofs }, { requirement: { level: 'mfa', maxAgeSeconds: 900 } })).claims).toMatchObject({
      acr: 'urn:stile:acr:mfa',
      amr: ['otp', 'mfa'],
      auth_time: at(world, 60),
    })
    expect((await issue(world, { proofs }, { requirement: { level: 'phr' } })).claims).toMatchObject({
      acr: 'phr',
      auth_time: at(world, 600),
    })
    expect((await issue(world, { proofs }, { requirement: { level: 'mfa', methods: ['passkey'] } })).claims).toMatchObject({
      acr: 'urn:stile:acr:mfa',
      auth_time: at(world, 500),
    })
  })

  test('is the strongest where nothing was asked, and of two alike the newest', async () => {
    const world = await start()
    const proofs = proofsOf(world)
    expect((await issue(world, { proofs })).claims).toMatchObject({ acr: 'phr', auth_time: at(world, 600) })
    expect((await issue(world, { proofs: proofs.filter(({ level }) => level !== 'phr') })).claims).toMatchObject({
      acr: 'urn:stile:acr:mfa',
      auth_time: at(world, 60),
    })
  })

  test('comes with all others, so that a guard can judge each feature', async () => {
    const world = await start()
    expect((await issue(world, { proofs: proofsOf(world) })).claims.proofs).toHaveLength(4)
  })

  test('is missing where nothing meets what was asked: then there is no token', async () => {
    const world = await start()
    const requirement = { level: 'phr', maxAgeSeconds: 120 } as const
    await expect(issue(world, { proofs: proofsOf(world) }, { requirement })).rejects.toMatchObject({
      code: 'insufficient_user_authentication',
      members: { requirement },
    })
  })
})

describe('the audience', () => {
  test('is one that the client and the issuer may ask for', async () => {
    const world = await start()
    await expect(issue(world, {}, { audience: 'https://other.example/api' })).rejects.toMatchObject({ code: 'denied' })
    await expect(issue(world, {}, {}, { issuer: 'unlisted' })).rejects.toMatchObject({ code: 'denied' })
    await expect(issue(world, {}, { audience: 'https://nowhere.example' })).rejects.toMatchObject({ code: 'invalid_request' })
  })

  test('is the first one that they may ask for where none is named', async () => {
    const { domain } = await start()
    expect(audienceFor(domain, { issuer: 'main', client: TEST_CLIENT })).toBe(TEST_AUDIENCE)
    expect(audienceFor(domain, { issuer: 'main', client: 'other' })).toBe('https://other.example/api')
    expect(() => audienceFor(domain, { issuer: 'main', client: 'unknown' })).toThrow(expect.objectContaining({ code: 'denied' }))
  })
})

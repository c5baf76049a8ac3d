import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTestDomain, TEST_ISSUER, TEST_START } from '../domain.test-support.ts'
import type { IssuerOptions } from '../options/options.ts'
import { createSessionTokens } from './session-token.ts'

const NOW = TEST_START

/** The verifier of one issuer whose tokens are not written as most are. */
async function world(change: Partial<IssuerOptions> = {}) {
  const { domain, issuer, close } = await createTestDomain()
  onTestFinished(close)
  const warnings: object[] = []
  const [main] = domain.options.issuers
  const tokens = createSessionTokens({
    issuers: [{ ...(main as IssuerOptions), ...change }],
    publicUrl: 'https://stile.example',
    now: () => NOW,
    fetch: globalThis.fetch,
    log: { warn: (fields) => void warnings.push(fields) },
  })
  const refusal = async (claims: object, header: object = {}): Promise<string> =>
    tokens.verify(issuer.mint({ ...claims }, { ...header })).then(
      () => 'accepted',
      ({ code, message }) => `${code}: ${message}`,
    )
  return { tokens, issuer, warnings, refusal }
}

describe('a token without typ', () => {
  test('is refused in these words, unless its issuer is known to send none', async () => {
    expect(await (await world()).refusal({}, { typ: undefined })).toMatch(/^invalid_token: .* has no typ/)
    expect(await (await world({ typ: ['JWT', null] })).refusal({}, { typ: undefined })).toBe('accepted')
    expect(await (await world({ typ: [null] })).refusal({}, { typ: undefined })).toBe('accepted')
  })

  test('threat: the opt-in lets in tokens of another typ', async () => {
    const { refusal } = await world({ typ: ['JWT', null] })
    for (const typ of ['at+jwt', 'application/AT+jwt', 'logout+jwt', '', 'null', null, 0, [], {}])
      expect(await refusal({}, { typ })).toMatch(/^invalid_token/)
    expect(await refusal({}, { typ: 'JWT' })).toBe('accepted')
  })

  test('threat: a logout token of the same issuer, which may have no typ, opens a session', async () => {
    const { refusal } = await world({ typ: ['JWT', null] })
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
    for (const typ of [undefined, 'JWT']) expect(await refusal({ events }, { typ })).toMatch(/^invalid_token/)
  })
})

test('Ed25519 is an algorithm by this name too (RFC 9864), if it is listed', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'ed', alg: 'Ed25519' }] } as never
  const mint = (alg: string) => {
    const payload = { iss: TEST_ISSUER, aud: 'stile', sub: 'alice', iat: NOW, exp: NOW + 60, auth_time: NOW }
    const input = [{ alg, typ: 'JWT', kid: 'ed' }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`
  }
  const { tokens } = await world({ jwks, algs: ['Ed25519'] })
  await expect(tokens.verify(mint('Ed25519'))).resolves.toMatchObject({ sub: 'alice' })
  await expect(tokens.verify(mint('EdDSA'))).rejects.toMatchObject({ code: 'invalid_token' })
  const others = await world({ jwks, algs: ['EdDSA'] })
  await expect(others.tokens.verify(mint('Ed25519'))).rejects.toMatchObject({ code: 'invalid_token' })
})

describe('times whose digits come as a text', () => {
  test('are read as numbers are', async () => {
    const { tokens, issuer, warnings } = await world()
    const token = issuer.mint({ exp: `${NOW + 300}`, iat: `${NOW}`, nbf: `${NOW}`, auth_time: `${NOW - 60}` })
    expect(await tokens.verify(token)).toMatchObject({ expiresAt: NOW + 300, login: { authTime: NOW - 60 } })
    expect(warnings).toEqual([])
  })

  test.each([
    ['has expired', { exp: `${NOW}` }],
    ['lies in the future', { iat: `${NOW + 31}` }],
    ['is not valid yet', { nbf: `${NOW + 31}` }],
    ['comes from a login in the future', { auth_time: `${NOW + 31}` }],
    ['comes from a login in milliseconds', { auth_time: `${NOW}000` }],
  ])('threat: a token that %s passes because its time is a text', async (_, claims) => {
    expect(await (await world()).refusal(claims)).toMatch(/^invalid_token/)
  })
})

describe('a time of the login that does not help', () => {
  test.each([
    ['missing', undefined],
    ['null', null],
    ['in words', '2026-11-30T06:00:00Z'],
    ['an object', { seconds: NOW }],
  ])('%s is warned of once per issuer, with the name of the claim and nothing of the token', async (_, auth_time) => {
    const { refusal, warnings } = await world()
    for (const sub of ['ada', 'bob']) expect(await refusal({ sub, auth_time })).toBe('accepted')
    expect(warnings).toEqual([{ issuer: 'main', claim: 'auth_time' }])
  })

  test('threat: anybody fills the log. A token that is refused is not warned of', async () => {
    const { refusal, warnings } = await world()
    await refusal({ auth_time: undefined, aud: 'another' })
    await refusal({ auth_time: undefined }, { kid: 'unknown' })
    expect(warnings).toEqual([])
  })
})

test('an address that is verified by a text is warned of once, unless the issuer may say it so', async () => {
  const { refusal, warnings } = await world()
  for (const sub of ['ada', 'bob']) expect(await refusal({ sub, email_verified: 'true' })).toBe('accepted')
  expect(await refusal({ email_verified: true })).toBe('accepted')
  expect(warnings).toEqual([{ issuer: 'main', claim: 'email_verified' }])
  const allowed = await world({ emailVerifiedAsText: true })
  expect(await allowed.refusal({ email_verified: 'true' })).toBe('accepted')
  expect(allowed.warnings).toEqual([])
})

test('a token over the limit is called too long, and one at the limit is read', async () => {
  const { tokens, issuer, refusal } = await world()
  const padding = (length: number) => issuer.mint({ padding: 'x'.repeat(length) })
  const fits = Array.from({ length: 200 }, (_, less) => padding(5_900 - less)).find(({ length }) => length <= 8192) as string
  expect(fits.length).toBeGreaterThan(8_180)
  await expect(tokens.verify(fits)).resolves.toMatchObject({ sub: 'alice' })
  expect(await refusal({ padding: 'x'.repeat(9_000) })).toMatch(/^invalid_token: .* too long/)
  await expect(tokens.verify('x'.repeat(8_192))).rejects.toThrow(/cannot be read|can be read/)
})

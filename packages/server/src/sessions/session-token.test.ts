import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDomain, signJwt, TEST_AUDIENCE, TEST_ISSUER, TEST_START, TEST_URL, type TestDomain } from '../domain.test-support.ts'
import type { IssuerOptions } from '../options/options.ts'
import { createSessionTokens, type SessionTokens } from './session-token.ts'

const NOW = TEST_START
let world: TestDomain
beforeAll(async () => {
  world = await createTestDomain()
})
afterAll(() => world.close())

const log = { warn: () => {} }

/** The verifier of the one issuer, changed as a test wants it. */
function tokensOf(change: Partial<IssuerOptions> = {}): SessionTokens {
  const [issuer] = world.domain.options.issuers
  return createSessionTokens({
    issuers: [{ ...(issuer as IssuerOptions), ...change }],
    publicUrl: TEST_URL,
    now: world.clock.now,
    fetch: globalThis.fetch,
    log,
  })
}

const claimsOf = (change: Partial<IssuerOptions['claims']>): Partial<IssuerOptions> => ({
  claims: { ...(world.domain.options.issuers[0] as IssuerOptions).claims, ...change },
})

async function refusal(claims: object, header: object = {}, change: Partial<IssuerOptions> = {}): Promise<unknown> {
  return tokensOf(change)
    .verify(world.issuer.mint({ ...claims }, { ...header }))
    .then(
      () => 'accepted',
      (error) => error.code,
    )
}

test('a session token says who someone is, in which session, and what the primary login was', async () => {
  const token = world.issuer.mint({ amr: ['pwd'], acr: 'unmapped' })
  expect(await tokensOf().verify(token)).toEqual({
    issuer: 'main',
    issuedAt: world.clock.now(),
    sub: 'alice',
    account: 'acme',
    sid: 's1',
    confirmedKey: undefined,
    login: { method: 'login', level: 'session', amr: ['pwd'], authTime: NOW },
    actor: undefined,
    displayName: undefined,
    expiresAt: NOW + 300,
  })
})

describe('tokens that somebody else made', () => {
  test('a token without a signature, or signed with the public key as a shared secret, is refused', async () => {
    const [, body] = world.issuer.mint().split('.')
    const none = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${body}.AA`
    await expect(tokensOf().verify(none)).rejects.toMatchObject({ code: 'invalid_token' })
    await expect(tokensOf({ algs: ['none' as 'ES256'] }).verify(none)).rejects.toMatchObject({ code: 'invalid_token' })
    const shared = await new SignJWT({ iss: TEST_ISSUER, aud: 'stile', sub: 'alice', sid: 's1', iat: NOW, exp: NOW + 60 })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: 'login-1' })
      .sign(Buffer.from(JSON.stringify(world.issuer.publicJwk)))
    await expect(tokensOf({ algs: ['HS256' as 'ES256'] }).verify(shared)).rejects.toMatchObject({ code: 'invalid_token' })
  })

  test('a token of another key, even with the right key id, is refused', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const payload = { iss: TEST_ISSUER, aud: 'stile', sub: 'mallory', sid: 's1', iat: NOW, exp: NOW + 60 }
    const forged = signJwt({ alg: 'ES256', typ: 'JWT', kid: 'login-1' }, payload, other.privateKey)
    await expect(tokensOf().verify(forged)).rejects.toMatchObject({ code: 'invalid_token' })
    await expect(tokensOf().verify(forged)).rejects.toMatchObject({ code: 'invalid_token' })
  })

  test('a key that travels in the header is not trusted', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = other.publicKey.export({ format: 'jwk' })
    const payload = { iss: TEST_ISSUER, aud: 'stile', sub: 'mallory', sid: 's1', iat: NOW, exp: NOW + 60 }
    const forged = signJwt({ alg: 'ES256', typ: 'JWT', jwk, jku: 'https://evil.example/jwks' }, payload, other.privateKey)
    await expect(tokensOf().verify(forged)).rejects.toMatchObject({ code: 'invalid_token' })
  })

  test('a changed token is refused, also after the right one was seen', async () => {
    const tokens = tokensOf()
    const token = world.issuer.mint()
    await tokens.verify(token)
    const [head, , signature] = token.split('.')
    const body = Buffer.from(JSON.stringify({ iss: TEST_ISSUER, aud: 'stile', sub: 'bob', sid: 's1', iat: NOW, exp: NOW + 60 })).toString(
      'base64url',
    )
    await expect(tokens.verify(`${head}.${body}.${signature}`)).rejects.toMatchObject({ code: 'invalid_token' })
  })

  test('an assurance token of Stile never opens a session, whatever the configuration lists', async () => {
    const assurance = await world.domain.keyring.sign(
      { iss: TEST_URL, aud: TEST_AUDIENCE, sub: 'main|alice', sid: 's1', iat: NOW, exp: NOW + 60 },
      { typ: 'at+jwt' },
    )
    await expect(tokensOf().verify(assurance)).rejects.toMatchObject({ code: 'invalid_token' })
    for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt'])
      expect(await refusal({}, { typ }, { typ: ['JWT', 'at+jwt'] })).toBe('invalid_token')
    expect(() => tokensOf({ issuer: TEST_URL })).toThrow(/Stile itself/)
    expect(() => tokensOf({ issuer: `${TEST_URL}/` })).toThrow(/Stile itself/)
  })
})

describe('what is checked', () => {
  test('an algorithm or typ that is not listed is refused', async () => {
    expect(await refusal({}, {}, { algs: ['RS256'] })).toBe('invalid_token')
    for (const typ of [undefined, 'logout+jwt', 'JWE', 1]) expect(await refusal({}, { typ })).toBe('invalid_token')
    for (const typ of ['jwt', 'application/jwt']) expect(await refusal({}, { typ })).toBe('accepted')
  })

  test('issuer and audience are compared exactly', async () => {
    for (const iss of [undefined, `${TEST_ISSUER}/`, 'https://LOGIN.example', [TEST_ISSUER]])
      expect(await refusal({ iss })).toBe('invalid_token')
    for (const aud of [undefined, 'another', 'Stile', [], ['another'], { stile: 1 }]) expect(await refusal({ aud })).toBe('invalid_token')
    expect(await refusal({ aud: ['another', 'stile'] })).toBe('accepted')
  })

  test.each([
    ['without exp', { exp: undefined }],
    ['whose exp is a text without digits', { exp: 'tomorrow' }],
    ['whose exp is a text of hexadecimal digits', { exp: '0x7fffffff' }],
    ['whose exp has passed, as a text', { exp: String(NOW) }],
    ['that speaks of an event, as a logout token does', { events: {} }],
    ['that expires this second', { exp: NOW }],
    ['without iat', { iat: undefined }],
    ['issued in the future', { iat: NOW + 31 }],
    ['not valid yet', { nbf: NOW + 31 }],
    ['whose nbf is a text', { nbf: 'soon' }],
    ['whose login lies in the future', { auth_time: NOW + 31 }],
    ['whose login is in milliseconds', { auth_time: NOW * 1000 }],
    ['without sub', { sub: undefined }],
    ['with an empty sub', { sub: '' }],
    ['with a sub that is a number', { sub: 7 }],
    ['with a sub of 256 characters', { sub: 'x'.repeat(256) }],
    ['with a control character in sub', { sub: 'alice\u0000act:bob' }],
    ['with a sub that is a way to another path', { sub: '..' }],
    ['with an account that is a way to another path', { account: '.' }],
    ['with half a character in the account', { account: 'a\ud800' }],
    ['with half a surrogate pair in sub', { sub: 'a\ud800' }],
    ['with an account that is no text', { account: 7 }],
    ['with an empty account', { account: '' }],
    ['with a sid that is no text', { sid: 7 }],
    ['with a sid that is too long', { sid: 'x'.repeat(256) }],
    ['larger than a session token needs to be', { padding: 'x'.repeat(9000) }],
  ])('a token %s is refused', async (_, claims) => {
    expect(await refusal(claims)).toBe('invalid_token')
  })

  test.each([
    ['whose sub has 255 characters', { sub: 'ü'.repeat(255) }],
    ['issued within the skew of clocks', { iat: NOW + 30, nbf: NOW + 30, auth_time: NOW + 30 }],
    ['without a session', { sid: undefined }],
    ['without an account', { account: null }],
  ])('a token %s is accepted', async (_, claims) => {
    expect(await refusal(claims)).toBe('accepted')
  })

  test('a token older than the configuration allows is refused, whatever its exp', async () => {
    const claims = { iat: NOW - 301, exp: NOW + 86_400 }
    expect(await refusal(claims)).toBe('accepted')
    expect(await refusal(claims, {}, { maxTokenAgeSeconds: 300 })).toBe('invalid_token')
  })

  test('what is remembered of a token is its signature and nothing else: it still expires', async () => {
    const tokens = tokensOf()
    const token = world.issuer.mint({ exp: NOW + 10 })
    await tokens.verify(token)
    world.clock.advance(10)
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'invalid_token' })
    world.clock.advance(-10)
  })
})

describe('the key that a token is for', () => {
  const jkt = 'a'.repeat(43)

  test('is named by cnf.jkt', async () => {
    expect(await tokensOf().verify(world.issuer.mint({ cnf: { jkt, kid: 'more' } }))).toMatchObject({ confirmedKey: jkt })
    expect(await tokensOf().verify(world.issuer.mint({ cnf: null }))).toMatchObject({ confirmedKey: undefined })
  })

  test('threat: a token that is bound to something else, or in a way that cannot be read, passes for one that is bound to nothing', async () => {
    for (const cnf of [
      {},
      'text',
      7,
      true,
      [],
      { jkt: 7 },
      { jkt: '' },
      { jkt: 'short' },
      { jkt: `${jkt}=` },
      { 'x5t#S256': jkt },
      { jwk: {} },
    ])
      expect(await refusal({ cnf }), JSON.stringify(cnf)).toBe('invalid_token')
  })

  test('threat: a token without a key gets in although its issuer is held to name one', async () => {
    expect(await refusal({}, {}, { requireCnf: true })).toBe('invalid_token')
    expect(await refusal({ cnf: null }, {}, { requireCnf: true })).toBe('invalid_token')
    expect(await refusal({ cnf: { jkt } }, {}, { requireCnf: true })).toBe('accepted')
  })
})

describe('the names of claims', () => {
  test('a name may be a URL', async () => {
    const claims = claimsOf({ account: 'https://app.example/org', session: 'https://app.example/sid' })
    const token = world.issuer.mint({ 'https://app.example/org': 'org_1', 'https://app.example/sid': 'x' })
    expect(await tokensOf(claims).verify(token)).toMatchObject({ account: 'org_1', sid: 'x' })
  })

  test('a name with a dot is the name of a claim; only act.sub is a path', async () => {
    const claims = claimsOf({ account: 'org.id', subject: 'a:b' })
    const token = world.issuer.mint({ 'org.id': 'literal', org: { id: 'nested' }, 'a:b': 'carol' })
    expect(await tokensOf(claims).verify(token)).toMatchObject({ account: 'literal', sub: 'carol' })
  })

  test('a claim is never read from what every object has', async () => {
    await expect(tokensOf(claimsOf({ account: 'constructor' })).verify(world.issuer.mint())).resolves.toMatchObject({ account: undefined })
    await expect(tokensOf(claimsOf({ subject: '__proto__' })).verify(world.issuer.mint())).rejects.toMatchObject({ code: 'invalid_token' })
  })

  test('a claim that differs in every token cannot name the session, nor the time of the login', () => {
    for (const session of ['jti', 'iat', 'exp', 'nbf']) expect(() => tokensOf(claimsOf({ session }))).toThrow(/session claim/)
    for (const authTime of ['iat', 'exp', 'nbf']) expect(() => tokensOf(claimsOf({ authTime }))).toThrow(/time of the login/)
  })

  test('the name to show is the e-mail address or else the name, where they are mapped', async () => {
    const token = world.issuer.mint({ email: 'alice@example.com', name: 'Alice' })
    expect(await tokensOf(claimsOf({ email: 'email', name: 'name' })).verify(token)).toMatchObject({ displayName: 'alice@example.com' })
    expect(await tokensOf(claimsOf({ name: 'name' })).verify(token)).toMatchObject({ displayName: 'Alice' })
    expect(await tokensOf(claimsOf({ email: 'mail' })).verify(token)).toMatchObject({ displayName: undefined })
  })
})

describe('the primary login', () => {
  test('counts for more than the session only through the acrMap', async () => {
    const acrMap = { 'urn:idp:mfa': 'mfa' } as const
    const login = async (acr: unknown) => (await tokensOf({ acrMap: acrMap as never }).verify(world.issuer.mint({ acr }))).login.level
    expect(await login('urn:idp:mfa')).toBe('mfa')
    for (const acr of ['urn:idp:other', 'constructor', undefined, 1, ['urn:idp:mfa']]) expect(await login(acr)).toBe('session')
  })

  test('is infinitely old without a time: when a token was issued is not when its user signed in', async () => {
    for (const time of [undefined, null, 'yesterday', `${NOW} `, `${NOW}.5`, `-${NOW}`, '', [NOW], -1, 0])
      expect((await tokensOf().verify(world.issuer.mint({ auth_time: time }))).login.authTime).toBe(0)
  })

  test('has the amr that the issuer gives, bounded', async () => {
    const amr = async (value: unknown) => (await tokensOf().verify(world.issuer.mint({ amr: value }))).login.amr
    expect(await amr(['pwd', 'otp'])).toEqual(['pwd', 'otp'])
    expect(await amr('pwd')).toEqual([])
    expect(await amr(['pwd', 7, null, 'x'.repeat(65), ''])).toEqual(['pwd'])
    expect(await amr(Array.from({ length: 40 }, (_, index) => `m${index}`))).toHaveLength(16)
  })
})

describe('someone who acts for the subject', () => {
  test('is named by act.sub, or by the claim that the configuration names', async () => {
    expect(await tokensOf().verify(world.issuer.mint({ act: { sub: 'support' } }))).toMatchObject({ sub: 'alice', actor: 'support' })
    const named = tokensOf(claimsOf({ actor: 'https://app.example/actor' }))
    expect(await named.verify(world.issuer.mint({ 'https://app.example/actor': 'support' }))).toMatchObject({ actor: 'support' })
  })

  test('an acting party that cannot be understood never passes as the subject', async () => {
    for (const act of [{}, { sub: '' }, { sub: 7 }, 'support', [], true, { sub: 'x'.repeat(256) }])
      expect(await refusal({ act })).toBe('invalid_token')
  })
})

test('whatever the claims are, a token is refused with a code or its names are bounded texts', async () => {
  const name = fc.constantFrom('sub', 'sid', 'account', 'act', 'acr', 'amr', 'auth_time', 'exp', 'iat', 'nbf', 'aud', 'iss')
  await fc.assert(
    fc.asyncProperty(name, fc.jsonValue(), async (claim, value) => {
      const found = await tokensOf()
        .verify(world.issuer.mint({ [claim]: value }))
        .catch((error) => error.code as string)
      if (typeof found === 'string') {
        expect(found).toBe('invalid_token')
        return
      }
      for (const text of [found.sub, found.sid ?? 'x', found.account ?? 'x', found.actor ?? 'x']) expect(text).toMatch(/^\P{Cc}{1,255}$/u)
      expect(found.login.authTime).toBeLessThanOrEqual(NOW + 30)
    }),
  )
})

test('whatever is sent instead of a token is refused with a code', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), async (token) => {
      await expect(tokensOf().verify(token)).rejects.toMatchObject({ code: 'invalid_token' })
    }),
  )
})

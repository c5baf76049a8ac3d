import { createLocalJWKSet, decodeJwt, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { createSessionIssuer, generateSessionKey, type SessionClaims } from './session-issuer.ts'

const NOW = 1_800_000_000
const usual: SessionClaims = { sub: 'ada', account: 'acme', sid: 's1', authTime: NOW - 10, amr: ['pwd'], email: 'ada@example.com' }

async function make(more: Partial<Parameters<typeof createSessionIssuer>[0]> = {}) {
  return createSessionIssuer({
    issuer: 'https://app.example.com',
    audience: 'https://stile.example.com',
    privateKey: await generateSessionKey(),
    now: () => NOW,
    ...more,
  })
}

test('a session token is verified with the published keys and says who is signed in', async () => {
  const issuer = await make()
  const { payload, protectedHeader } = await jwtVerify(await issuer.mint(usual), createLocalJWKSet(issuer.jwks), {
    issuer: 'https://app.example.com',
    audience: 'https://stile.example.com',
    typ: 'JWT',
    algorithms: ['ES256'],
    currentDate: new Date(NOW * 1_000),
  })
  expect(payload).toMatchObject({ sub: 'ada', account: 'acme', sid: 's1', auth_time: NOW - 10, amr: ['pwd'], iat: NOW, exp: NOW + 300 })
  expect(protectedHeader.kid).toBe(issuer.jwks.keys[0]?.kid)
  expect(payload.jti).toBeTypeOf('string')
})

test('an address is only called verified where the application says so', async () => {
  const issuer = await make()
  const claims = async (session: SessionClaims) => decodeJwt(await issuer.mint(session))
  expect(await claims(usual)).not.toHaveProperty('email_verified')
  expect(await claims({ ...usual, emailVerified: true })).toMatchObject({ email: 'ada@example.com', email_verified: true })
  expect(await claims({ ...usual, emailVerified: false })).toMatchObject({ email_verified: false })
  const wrong = { ...usual, emailVerified: 'true' as unknown as boolean }
  await expect(issuer.mint(wrong)).rejects.toMatchObject({ code: 'invalid_session', message: expect.stringContaining('emailVerified') })
})

test('threat: the private key is published', async () => {
  const issuer = await make()
  expect(JSON.stringify(issuer.jwks)).not.toContain('"d"')
})

test('what is given wrong is named, with the fix, and without the key', async () => {
  const { privateKey: rsa } = await generateKeyPair('RS256', { extractable: true })
  const { privateKey: p384 } = await generateKeyPair('ES384', { extractable: true })
  const { d: _d, ...publicOnly } = await generateSessionKey()
  const wrong: readonly [string, Record<string, unknown>][] = [
    ['issuer', { issuer: '' }],
    ['audience', { audience: undefined }],
    ['ttlSeconds', { ttlSeconds: 301 }],
    ['ttlSeconds', { ttlSeconds: 0 }],
    ['privateKey', { privateKey: publicOnly }],
    ['privateKey', { privateKey: await exportJWK(rsa) }],
    ['privateKey', { privateKey: await exportJWK(p384) }],
    ['privateKey', { privateKey: 'secret' }],
    ['privateKey', { privateKey: 'null' }],
    ['privateKey', { privateKey: '' }],
    ['privateKey', { privateKey: undefined as unknown as string }],
  ]
  for (const [option, change] of wrong) {
    await expect(make(change)).rejects.toMatchObject({ code: 'invalid_option', option, message: expect.not.stringContaining('secret') })
  }
})

test('a key may be given as the JSON that an environment variable holds', async () => {
  const privateKey = await generateSessionKey()
  expect((await make({ privateKey: JSON.stringify(privateKey) })).jwks).toEqual((await make({ privateKey })).jwks)
})

test('a key that is missing is told from one that is wrong, with the variable to set', async () => {
  await expect(make({ privateKey: '' })).rejects.toMatchObject({ message: expect.stringMatching(/missing.*SESSION_KEY/) })
})

test('threat: a token for one device key says what the login of another was', async () => {
  const issuer = await make()
  const [jkt, other] = ['a'.repeat(43), 'b'.repeat(43)]
  const session = { sub: 'ada', sid: 's1' }
  const login = { at: NOW - 10, jkt, acr: 'urn:mfa', amr: ['pwd', 'otp'] }
  const claims = async (more: Partial<SessionClaims>) => decodeJwt(await issuer.mint({ ...session, ...more }))
  expect(await claims({ jkt, login })).toMatchObject({ cnf: { jkt }, auth_time: NOW - 10, acr: 'urn:mfa', amr: ['pwd', 'otp'] })
  for (const more of [{ jkt: other, login }, { login }, { jkt }]) {
    const minted = await claims(more)
    for (const claim of ['auth_time', 'acr', 'amr']) expect(minted).not.toHaveProperty(claim)
    expect(minted.cnf).toEqual(more.jkt === undefined ? undefined : { jkt: more.jkt })
  }
})

test('a login and a key that cannot be understood are named', async () => {
  const issuer = await make()
  const jkt = 'a'.repeat(43)
  const wrong: readonly [string, Record<string, unknown>][] = [
    ['jkt', { jkt: 'short' }],
    ['jkt', { jkt: 7 }],
    ['login.jkt', { jkt, login: { at: NOW } }],
    ['login.at', { jkt, login: { at: NOW * 1_000, jkt } }],
    ['login.at', { jkt, login: { at: undefined, jkt } }],
    ['login.at', { jkt, login: { at: NOW + 60, jkt } }],
    ['amr', { jkt, login: { at: NOW, jkt, amr: 'pwd' } }],
    ['authTime', { jkt, login: { at: NOW, jkt }, authTime: NOW }],
    ['authTime', { jkt, login: { at: NOW, jkt }, acr: 'urn:mfa' }],
    ['authTime', {}],
  ]
  for (const [option, more] of wrong)
    await expect(issuer.mint({ sub: 'ada', sid: 's1', ...more } as SessionClaims)).rejects.toMatchObject({
      code: 'invalid_session',
      option,
    })
})

test('threat: a session token without a subject or session, or with an authentication time that was made up', async () => {
  const issuer = await make()
  const wrong: readonly [string, Record<string, unknown>][] = [
    ['sub', { sub: '' }],
    ['sid', { sid: undefined }],
    ['account', { account: 7 }],
    ['account', { account: '..' }],
    ['sub', { sub: 'a\u0007' }],
    ['sid', { sid: '\ud800' }],
    ['amr', { amr: 'pwd' }],
    ['authTime', { authTime: NOW * 1_000 }],
    ['authTime', { authTime: NOW + 60 }],
    ['authTime', { authTime: 0 }],
    ['authTime', { authTime: 1.5 }],
  ]
  for (const [claim, change] of wrong) {
    await expect(issuer.mint({ ...usual, ...change } as SessionClaims)).rejects.toMatchObject({ code: 'invalid_session', option: claim })
  }
})

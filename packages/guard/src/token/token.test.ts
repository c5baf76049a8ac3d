import { createHmac, createPublicKey, KeyObject, sign as signBytes } from 'node:crypto'
import { type AssuranceClaims, isBase64url } from '@stile/protocol'
import fc from 'fast-check'
import { createLocalJWKSet, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import type { KeyLookup } from '../service/jwks.ts'
import { type Keys, license, makeKeys } from '../wire.test-support.ts'
import { createTokenVerifier, type TokenVerifier } from './token.ts'

const ISSUER = 'https://stile.example.com'
const AUDIENCE = 'https://api.example.com'
const NOW = 1_800_000_000

let keys: Keys
let verify: TokenVerifier
let jose: (token: string) => Promise<boolean>

beforeAll(async () => {
  keys = await makeKeys('k1')
  const known = new Map([['k1', createPublicKey({ key: { ...keys.jwk }, format: 'jwk' })]])
  const lookup = (kid: string): KeyLookup => {
    const key = known.get(kid)
    return key === undefined ? { status: 'unknown' } : { status: 'known', key }
  }
  verify = createTokenVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: { lookup }, now: () => NOW })
  const set = createLocalJWKSet({ keys: [{ ...keys.jwk, kid: 'k1', alg: 'ES256', use: 'sig' }] })
  jose = (token) =>
    jwtVerify(token, set, {
      typ: 'at+jwt',
      algorithms: ['ES256'],
      issuer: ISSUER,
      audience: AUDIENCE,
      requiredClaims: ['exp', 'nbf', 'sub', 'jti'],
      clockTolerance: 30,
      maxTokenAge: 300,
      currentDate: new Date(NOW * 1_000),
    }).then(
      () => true,
      () => false,
    )
})

function claims(change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { id, epoch, tier, features, state } = license('pro', 1)
  const usual: AssuranceClaims = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'demo|ada',
    exp: NOW + 300,
    iat: NOW,
    nbf: NOW,
    jti: 'jti-1',
    client_id: 'web',
    sid: 'sid-1',
    account: 'acme',
    acr: 'phr',
    amr: ['user'],
    auth_time: NOW,
    proofs: [{ method: 'passkey', acr: 'phr', amr: ['user'], auth_time: NOW }],
    cnf: { jkt: 'k'.repeat(43) },
    lic: { id, epoch, tier, features, state },
    pol: { revision: 1, digest: 'd' },
    risk: 'normal',
  }
  return { ...usual, ...change }
}

const sign = (payload: object, header: object = {}, by = keys): Promise<string> =>
  new SignJWT({ ...payload }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1', ...header }).sign(by.privateKey)
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const isValid = (token: string): boolean => verify(token).status === 'valid'

test('an assurance token of the service is valid, the first time and the next', async () => {
  const token = await sign(claims())
  expect(verify(token)).toMatchObject({ status: 'valid', claims: { sub: 'demo|ada' } })
  expect(isValid(token)).toBe(true)
  expect(isValid(await sign(claims(), { typ: 'application/AT+JWT' }))).toBe(true)
})

test('threat: alg none, with and without a signature', async () => {
  const [, payload, signature] = (await sign(claims())).split('.')
  for (const alg of ['none', 'None', 'NONE', '']) {
    const header = encode({ alg, typ: 'at+jwt', kid: 'k1' })
    expect(isValid(`${header}.${payload}.`)).toBe(false)
    expect(isValid(`${header}.${payload}.${signature}`)).toBe(false)
  }
})

test('threat: HS256 with the public key as the secret', () => {
  const pem = createPublicKey({ key: { ...keys.jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const signed = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: 'k1' })}.${encode(claims())}`
  expect(isValid(`${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`)).toBe(false)
})

test('threat: another JWT of the same key is taken for an assurance token', async () => {
  for (const typ of ['JWT', 'stile-checkpoint+jwt', 'dpop+jwt', 'at+jwt ', 'x/at+jwt', 7]) {
    expect(isValid(await sign(claims(), { typ }))).toBe(false)
  }
})

test('threat: the key comes with the token', async () => {
  const thief = await makeKeys('k1')
  for (const header of [{}, { jwk: thief.jwk }, { jku: 'https://evil.example.com/jwks' }, { kid: 'k2', jwk: thief.jwk }]) {
    expect(isValid(await sign(claims(), header, thief))).toBe(false)
  }
  expect(isValid(await sign(claims(), { kid: undefined }))).toBe(false)
})

test('a header that asks to understand something is refused', async () => {
  expect(isValid(await sign(claims(), { b64: true, crit: ['b64'] }))).toBe(false)
  expect(isValid(await sign(claims(), { b64: false }))).toBe(false)
})

test('threat: ECDSA as DER, or a signature of zeros', async () => {
  const [header, payload] = (await sign(claims())).split('.')
  expect(isValid(`${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`)).toBe(false)
  expect(isValid(`${header}.${payload}.${Buffer.alloc(70, 0x30).toString('base64url')}`)).toBe(false)
})

test('a token longer than 8 KB is not looked at', async () => {
  expect(isValid(await sign(claims({ amr: Array.from({ length: 900 }, () => 'abcdefgh') })))).toBe(false)
})

test.each(['iat', 'nbf', 'both'])('threat: a clock that is far ahead; one within 30 seconds is none (%s)', async (which) => {
  const ahead = (seconds: number): Promise<string> => {
    const time = NOW + seconds
    const iat = which === 'nbf' ? NOW : time
    return sign(claims({ iat, exp: iat + 300, ...(which !== 'iat' && { nbf: time }) }))
  }
  expect(isValid(await ahead(29))).toBe(true)
  expect(isValid(await ahead(31))).toBe(false)
})

test('a token whose key was withdrawn is refused, although its signature was seen to be right', async () => {
  const token = await sign(claims())
  const key = createPublicKey({ key: { ...keys.jwk }, format: 'jwk' })
  let answer: KeyLookup = { status: 'known', key }
  const once = createTokenVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: { lookup: () => answer }, now: () => NOW })
  expect(once(token).status).toBe('valid')
  answer = { status: 'known', key: createPublicKey({ key: { ...(await makeKeys()).jwk }, format: 'jwk' }) }
  expect(once(token).status).toBe('invalid')
  answer = { status: 'known', key }
  expect(once(token).status).toBe('valid')
  answer = { status: 'unknown' }
  expect(once(token).status).toBe('invalid')
})

test('threat: the last second is stretched. Each limit of time holds to the second', async () => {
  const at = async (change: Readonly<Record<string, number>>): Promise<boolean> => isValid(await sign(claims(change)))
  expect([await at({ exp: NOW - 4 }), await at({ exp: NOW - 5 })]).toEqual([true, false])
  expect([await at({ nbf: NOW + 30 }), await at({ nbf: NOW + 31 })]).toEqual([true, false])
  expect([await at({ iat: NOW + 30 }), await at({ iat: NOW + 31, exp: NOW + 300 })]).toEqual([true, false])
  expect([await at({ iat: NOW, exp: NOW + 305 }), await at({ iat: NOW, exp: NOW + 306 })]).toEqual([true, false])
  expect([await at({ iat: NOW - 305, exp: NOW }), await at({ iat: NOW - 306, exp: NOW - 4 })]).toEqual([true, false])
})

test('threat: a token of another issuer, or for another API, of the same key', async () => {
  expect(isValid(await sign(claims({ iss: 'https://evil.example.com' })))).toBe(false)
  for (const aud of ['https://other.example.com', [AUDIENCE], '']) expect(isValid(await sign(claims({ aud })))).toBe(false)
})

test.each(['sub', 'exp', 'iat', 'nbf', 'jti', 'sid', 'account', 'proofs', 'pol', 'risk'])(
  'threat: a signed token without %s',
  async (name) => {
    expect(verify(await sign(claims({ [name]: undefined }))).status).toBe('invalid')
  },
)

test('threat: a token that was seen before is good for ever. Its times are checked each time, its signature once', async () => {
  let now = NOW
  const key = createPublicKey({ key: { ...keys.jwk }, format: 'jwk' })
  const lookups: string[] = []
  const lookup = (kid: string): KeyLookup => {
    lookups.push(kid)
    return { status: 'known', key }
  }
  const again = createTokenVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: { lookup }, now: () => now })
  const token = await sign(claims())
  const claimsOf = (): unknown => {
    const verdict = again(token)
    return verdict.status === 'valid' ? verdict.claims : verdict.status
  }
  const first = claimsOf()
  expect(claimsOf()).toBe(first)
  expect(lookups).toEqual(['k1', 'k1'])
  now += 306
  expect(claimsOf()).toBe('invalid')
})

test('threat: keys that are not there let a token pass; the caller is told what to wait for', async () => {
  const token = await sign(claims())
  const wait = Promise.resolve()
  for (const answer of [{ status: 'pending', wait }, { status: 'unavailable' }] as const) {
    const verifier = createTokenVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: { lookup: () => answer }, now: () => NOW })
    expect(verifier(token)).toEqual(answer)
  }
})

test('threat: another algorithm is named beside a signature that is right', async () => {
  const signed = `${encode({ alg: 'ES384', typ: 'at+jwt', kid: 'k1' })}.${encode(claims())}`
  const key = KeyObject.from(keys.privateKey)
  const of = (text: string): string =>
    `${text}.${signBytes('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  expect(isValid(of(signed))).toBe(false)
  expect(isValid(of(`${encode({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })}.${encode(claims())}`))).toBe(true)
})

const time = fc.oneof(
  fc.integer({ min: NOW - 320, max: NOW + 320 }),
  fc.constantFrom(undefined, null, 'x', NOW - 5, NOW - 4, NOW + 30, NOW + 31, NOW - 305, NOW - 306, NOW + 0.5, -1),
)
const field = (name: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> => value.map((each) => ({ [name]: each }))
/** One or two members that are not as usual: of more than that hardly anything would be accepted. */
const few = (...fields: fc.Arbitrary<Record<string, unknown>>[]): fc.Arbitrary<Record<string, unknown>> =>
  fc.array(fc.oneof(...fields), { maxLength: 2 }).map((changes) => Object.assign({}, ...changes) as Record<string, unknown>)
const mutatedClaims = few(
  field('iss', fc.constantFrom(ISSUER, `${ISSUER}/`, 'x', undefined, 7)),
  field('aud', fc.constantFrom<unknown>(AUDIENCE, 'x', [AUDIENCE], [AUDIENCE, 'x'], undefined)),
  field('exp', time),
  field('iat', time),
  field('nbf', time),
)
const mutatedHeader = few(
  field('typ', fc.constantFrom('at+jwt', 'AT+JWT', 'application/at+jwt', 'JWT', 'jwt', undefined)),
  field('kid', fc.constantFrom('k1', 'k2', undefined)),
)

test('differential: signed tokens that jose refuses are refused, and what jose accepts within our own limits is accepted', async () => {
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(mutatedClaims, mutatedHeader, async (change, header) => {
      const payload = claims(change)
      const token = await sign(payload, header)
      const ours = isValid(token)
      const { exp, iat, nbf } = payload as { exp: number; iat: number; nbf: number }
      // stricter than jose by design: whole seconds, five minutes at most (and the leeway), one audience, a kid
      const times = [exp, iat, nbf].every((each) => Number.isSafeInteger(each) && each >= 0) && exp - iat <= 305
      const leeway = exp > NOW - 5 && NOW - iat <= 305 && iat <= NOW + 30
      const limits = times && leeway && typeof payload.aud === 'string' && !('kid' in header && header.kid === undefined)
      expect(ours).toBe((await jose(token)) && limits)
      if (ours) accepted += 1
    }),
    { numRuns: 400 },
  )
  // a test that only ever sees refusals would prove nothing
  expect(accepted).toBeGreaterThan(10)
})

test('differential: of tokens that were changed on the way none is accepted that jose refuses, and only other spellings differ', async () => {
  const token = await sign(claims())
  const symbols = fc.constantFrom(...'ABCdef019-_.=+/ {}"')
  const mutation = fc.record({
    at: fc.nat(token.length),
    drop: fc.integer({ min: 0, max: 3 }),
    insert: fc.string({ unit: symbols, maxLength: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(mutation, async ({ at, drop, insert }) => {
      const changed = token.slice(0, at) + insert + token.slice(at + drop)
      const canonical = changed.split('.').every((part) => part !== '' && isBase64url(part))
      expect(isValid(changed)).toBe((await jose(changed)) && canonical)
    }),
    { numRuns: 600 },
  )
})

test('no text makes the verifier throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(fc.base64String()).map((parts) => parts.join('.')),
      ),
      (text) => {
        expect(isValid(text)).toBe(false)
      },
    ),
  )
})

test('threat: a token of RSA or another curve with a matching kid', async () => {
  for (const alg of ['RS256', 'ES384', 'EdDSA'] as const) {
    const { privateKey } = await generateKeyPair(alg)
    const token = await new SignJWT(claims()).setProtectedHeader({ alg, typ: 'at+jwt', kid: 'k1' }).sign(privateKey)
    expect(isValid(token)).toBe(false)
  }
})

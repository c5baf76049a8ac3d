import fc from 'fast-check'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { type Clock, deviceOf, type Keys, makeKeys, prove } from '../wire.test-support.ts'
import { createReplayMemory, type ReplayMemory } from './replay.ts'
import { createRequestProofVerifier, type RequestProofVerifier } from './request-proof.ts'

const TOKEN = 'header.payload.signature'
const URL_OF = 'https://api.example.com/v1/pay'

let device: Keys
let clock: Clock
let verify: RequestProofVerifier
let replay: ReplayMemory

beforeAll(async () => {
  device = await deviceOf()
})

beforeEach(() => {
  clock = { now: 1_800_000_000 }
  const now = (): number => clock.now
  verify = createRequestProofVerifier({ origin: 'https://api.example.com', now })
  replay = createReplayMemory({ now, windowSeconds: 60 })
})

const check = (proof: string, url = '/v1/pay?now=1'): string => {
  const verdict = verify(proof, { method: 'GET', url, token: TOKEN, jkt: device.kid })
  if (verdict.status === 'refused') return verdict.reason
  const { jti, madeAt } = verdict
  return replay.use({ subject: 'demo|ada', jkt: device.kid, jti, madeAt }) === 'fresh' ? 'valid' : 'used before'
}
const make = (change: Parameters<typeof prove>[3] = {}, htu = URL_OF): Promise<string> => prove(clock, TOKEN, htu, change)

test('a proof for this request is valid, once', async () => {
  const proof = await make()
  expect(check(proof)).toBe('valid')
  expect(check(proof)).toBe('used before')
})

test('threat: a proof for another method, URL or token', async () => {
  expect(check(await make({ method: 'POST' }))).toBe('wrong_method')
  expect(check(await make({ method: 'get' }))).toBe('wrong_method')
  for (const htu of [
    'https://api.example.com/v1/pays',
    'https://evil.example.com/v1/pay',
    'http://api.example.com/v1/pay',
    '/v1/pay',
    '',
  ]) {
    expect(check(await make({}, htu))).toBe('wrong_url')
  }
  expect(check(await make({ claims: { htu: [URL_OF] } }))).toBe('target_missing')
  expect(check(await make({ claims: { ath: 'x' } }))).toBe('wrong_token')
  expect(check(await make({ claims: { ath: undefined } }))).toBe('wrong_token')
})

test('scheme and host in capitals, the default port, a query and a fragment do not matter', async () => {
  for (const htu of ['HTTPS://API.example.com:443/v1/pay', `${URL_OF}?x=1`, `${URL_OF}#part`])
    expect(check(await make({}, htu))).toBe('valid')
})

test('threat: a path with two meanings, for which a proof of another URL would do', async () => {
  for (const url of [
    '/x/../v1/pay',
    '/v1/./pay',
    '/x/%2e%2E/v1/pay',
    '/x/.%2e/v1/pay',
    '\\v1\\pay',
    'https://api.example.com/v1/pay',
    '/v1\\pay',
  ]) {
    expect(check(await make(), url)).toBe('wrong_url')
  }
})

test('threat: a path that continues the host, for which a proof of another origin would do', async () => {
  for (const [path, url] of [
    ['.evil.example/v1/pay', 'https://api.example.com.evil.example/v1/pay'],
    [':444/v1/pay', 'https://api.example.com:444/v1/pay'],
    ['', 'https://api.example.com/'],
  ] as const) {
    expect(check(await make({}, url), path)).toBe('wrong_url')
    expect(check(await make({}, url), `${path}?a=1`)).toBe('wrong_url')
  }
})

test('only the path is compared, with and without a query or a fragment', async () => {
  for (const url of ['/v1/pay', '/v1/pay?', '/v1/pay?a=/../b', '/v1/pay#x']) expect(check(await make(), url)).toBe('valid')
  expect(check(await make({}, 'https://api.example.com/v1/...'), '/v1/...')).toBe('valid')
})

test('threat: a proof from another time, kept for later or made ahead', async () => {
  expect(check(await make({ claims: { iat: clock.now - 60 } }))).toBe('valid')
  expect(check(await make({ claims: { iat: clock.now + 60 } }))).toBe('valid')
  for (const iat of [clock.now - 61, clock.now + 61]) expect(check(await make({ claims: { iat } }))).toBe('not_fresh')
  for (const iat of [String(clock.now), null, undefined]) expect(check(await make({ claims: { iat } }))).toBe('time_missing')
  expect(check(await make({ claims: { exp: clock.now } }))).toBe('expired')
})

test('threat: a proof of another key, or one that brings a private key', async () => {
  const thief = await makeKeys()
  expect(check(await make({ keys: thief }))).toBe('wrong_key')
  expect(check(await make({ keys: thief, header: { jwk: device.jwk } }))).toBe('wrong_signature')
  const whole: JWK = { ...(await exportJWK(device.privateKey)) }
  expect(check(await make({ header: { jwk: whole } }))).toBe('private_key')
  for (const jwk of [undefined, null, 'x', [], {}, { ...device.jwk, crv: 'P-384' }, { ...device.jwk, x: `${device.jwk.x}A` }]) {
    expect(check(await make({ header: { jwk } }))).toBe('wrong_jwk')
  }
})

test('threat: a point that is not on the curve, with a thumbprint to match', async () => {
  const jwk = { ...device.jwk, y: device.jwk.x } as JWK
  const proof = await make({ header: { jwk } })
  const verdict = verify(proof, { method: 'GET', url: '/v1/pay', token: TOKEN, jkt: await calculateJwkThumbprint(jwk) })
  expect(verdict).toMatchObject({ reason: 'wrong_jwk' })
})

test('threat: another type, another algorithm, a critical header', async () => {
  expect(check(await make({ header: { typ: 'JWT' } }))).toBe('wrong_type')
  expect(check(await make({ header: { typ: 'application/dpop+jwt' } }))).toBe('wrong_type')
  expect(check(await make({ header: { b64: true, crit: ['b64'] } }))).toBe('malformed')
  const { privateKey, publicKey } = await generateKeyPair('ES384')
  const jwk = await exportJWK(publicKey)
  const proof = await new SignJWT({ jti: 'j', htm: 'GET', htu: URL_OF, iat: clock.now })
    .setProtectedHeader({ alg: 'ES384', typ: 'dpop+jwt', jwk })
    .sign(privateKey)
  expect(check(proof)).toBe('wrong_algorithm')
})

test('a jti that is missing, empty, too long or no text is refused', async () => {
  for (const jti of [undefined, '', 'x'.repeat(129), 7]) expect(check(await make({ claims: { jti } }))).toBe('jti_unusable')
})

test('threat: the replay memory forgets a proof that is still good', async () => {
  const proofs = await Promise.all([-60, -30, 0, 30, 60].map((by) => make({ claims: { iat: clock.now + by } })))
  for (const proof of proofs) expect(check(proof)).toBe('valid')
  for (let passed = 0; passed <= 125; passed++) {
    for (const proof of proofs) expect(check(proof)).not.toBe('valid')
    clock.now += 1
  }
})

test('no text makes the verifier throw', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(check(text)).not.toBe('valid')
    }),
  )
})

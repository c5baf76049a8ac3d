import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDevice, encode, sha256, signJwt } from './device.test-support.ts'
import { createProofVerifier, type ProofExpectation, type ProofRefusal } from './device-proof.ts'
import { thumbprint } from './es256.ts'

const NOW = 1_800_000_000
const HTU = 'https://stile.example/v1/state'
const TOKEN = 'a.session.token'
const device = createDevice()
const thief = createDevice()
const { jwk } = device
const jkt = thumbprint({ x: String(jwk.x), y: String(jwk.y) })
const byTime = { windowSeconds: 60 }
const byNonce = { isNonce: (nonce: string) => nonce === 'fresh' }

type Change = Readonly<{ header?: object; claims?: object; key?: KeyObject; proof?: string | readonly string[] | undefined }> &
  Partial<ProofExpectation>

const proofOf = ({ header = {}, claims = {}, key = device.privateKey }: Change): string =>
  signJwt(
    { typ: 'dpop+jwt', alg: 'ES256', jwk, ...header },
    { jti: 'one', htm: 'GET', htu: HTU, iat: NOW, nonce: 'fresh', ath: sha256(TOKEN), ...claims },
    key,
  )

const verifyProof = createProofVerifier()
/** What comes of a proof that is right but for what a test changes. */
function check(change: Change = {}): 'valid' | ProofRefusal {
  const { header: _, claims: __, key: ___, ...rest } = change
  const proof = 'proof' in rest ? rest.proof : proofOf(change)
  const verdict = verifyProof(proof, {
    method: 'GET',
    url: HTU,
    isUrl: (htu) => htu === HTU,
    accessToken: TOKEN,
    jkt,
    freshness: byTime,
    now: NOW,
    ...rest,
  })
  return verdict.status === 'valid' ? 'valid' : verdict.reason
}

test('a proof that is right is valid, and tells its key, id and time', () => {
  const expected = { method: 'GET', url: HTU, isUrl: () => true, freshness: byTime, now: NOW }
  expect(verifyProof(proofOf({}), expected)).toEqual({ status: 'valid', jkt, jti: 'one', iat: NOW, stored: true })
  for (const stored of [false, true, 'no'])
    expect(verifyProof(proofOf({ claims: { stored } }), expected)).toMatchObject({ stored: stored !== false })
})

const right = proofOf({})
const [head, body] = right.split('.') as [string, string]
const rsa = generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey.export({ format: 'jwk' })
const secondSpelling = (): string => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return right.slice(0, -1) + alphabet[alphabet.indexOf(right.at(-1) as string) + 1]
}

describe('the checks of RFC 9449 §4.3, in their order', () => {
  test.each<[string, ProofRefusal | 'valid', Change]>([
    ['1: no header', 'missing', { proof: undefined }],
    ['1: an empty header', 'missing', { proof: '' }],
    ['1: two headers', 'repeated', { proof: [right, right] }],
    ['1: one header in a list, which a reader of headers takes apart', 'repeated', { proof: [right] }],
    ['1: two proofs in one header', 'repeated', { proof: `${right}, ${right}` }],
    ['2: what is no JWT', 'malformed', { proof: 'x' }],
    ['2: a second spelling of the signature', 'malformed', { proof: secondSpelling() }],
    ['2: a critical extension', 'malformed', { header: { crit: ['b64'], b64: false } }],
    ['2: more than 4096 characters', 'malformed', { claims: { padding: 'x'.repeat(4_096) } }],
    ['3: no jti', 'jti_unusable', { claims: { jti: undefined } }],
    ['3: an empty jti', 'jti_unusable', { claims: { jti: '' } }],
    ['3: a jti that is no text', 'jti_unusable', { claims: { jti: 7 } }],
    ['3: a jti of 129 characters', 'jti_unusable', { claims: { jti: 'x'.repeat(129) } }],
    ['3: a jti of 128 characters', 'valid', { claims: { jti: 'x'.repeat(128) } }],
    ['3: a jti with a control character', 'jti_unusable', { claims: { jti: 'a\u0000b' } }],
    ['3: a jti with a lone surrogate', 'jti_unusable', { claims: { jti: 'a\uD800' } }],
    ['3: no method', 'target_missing', { claims: { htm: undefined } }],
    ['3: a method that is no text', 'target_missing', { claims: { htm: ['GET'] } }],
    ['3: no URI', 'target_missing', { claims: { htu: undefined } }],
    ['3: a URI that is no text', 'target_missing', { claims: { htu: [HTU] } }],
    ['3: no time', 'time_missing', { claims: { iat: undefined } }],
    ['3: a time that is a text', 'time_missing', { claims: { iat: String(NOW) } }],
    ['4: another JWT', 'wrong_type', { header: { typ: 'JWT' } }],
    ['4: the typ in capitals', 'wrong_type', { header: { typ: 'DPOP+JWT' } }],
    ['4: the typ with application/', 'wrong_type', { header: { typ: 'application/dpop+jwt' } }],
    ['4: no typ', 'wrong_type', { header: { typ: undefined } }],
    ['5: no algorithm', 'wrong_algorithm', { header: { alg: undefined } }],
    ['5: none', 'wrong_algorithm', { header: { alg: 'none' } }],
    ['5: a shared secret', 'wrong_algorithm', { header: { alg: 'HS256' } }],
    ['5: another curve', 'wrong_algorithm', { header: { alg: 'ES384' } }],
    ['5: the algorithm in small letters', 'wrong_algorithm', { header: { alg: 'es256' } }],
    ['6: no key', 'wrong_jwk', { header: { jwk: undefined } }],
    ['6: an RSA key', 'wrong_jwk', { header: { jwk: rsa } }],
    ['6: a point off the curve', 'wrong_jwk', { header: { jwk: { ...jwk, y: jwk.x } }, jkt: undefined }],
    ['6: the signature of somebody else', 'wrong_signature', { key: thief.privateKey }],
    ['6: a signature of zeros', 'wrong_signature', { proof: `${head}.${body}.${'A'.repeat(86)}` }],
    ['6: a signature that is too short', 'wrong_signature', { proof: `${head}.${body}.AA` }],
    [
      '6: the payload of another proof',
      'wrong_signature',
      { proof: `${head}.${encode({ jti: 'two', htm: 'GET', htu: HTU, iat: NOW })}.${right.split('.')[2]}` },
    ],
    ['7: a private key', 'private_key', { header: { jwk: device.privateKey.export({ format: 'jwk' }) } }],
    ['7: an empty private member', 'private_key', { header: { jwk: { ...jwk, d: '' } } }],
    ['8: another method', 'wrong_method', { method: 'DELETE' }],
    ['8: the method in small letters', 'wrong_method', { claims: { htm: 'get' } }],
    ['9: another URI', 'wrong_url', { claims: { htu: `${HTU}s` } }],
    ['9: an empty URI', 'wrong_url', { claims: { htu: '' } }],
    ['10: no nonce', 'nonce_missing', { freshness: byNonce, claims: { nonce: undefined } }],
    ['10: an old nonce', 'nonce_refused', { freshness: byNonce, claims: { nonce: 'stale' } }],
    ['10: a nonce that is no text', 'nonce_refused', { freshness: byNonce, claims: { nonce: ['fresh'] } }],
    ['10: a nonce of null', 'nonce_refused', { freshness: byNonce, claims: { nonce: null } }],
    ['10: a nonce of 257 characters', 'nonce_refused', { freshness: { isNonce: () => true }, claims: { nonce: 'x'.repeat(257) } }],
    ['10: a nonce of 256 characters', 'valid', { freshness: { isNonce: () => true }, claims: { nonce: 'x'.repeat(256) } }],
    ['10: a fresh nonce and a clock that is wrong', 'valid', { freshness: byNonce, claims: { iat: NOW - 3_600 } }],
    ['10: an old nonce and a clock that is right', 'nonce_refused', { freshness: byNonce, claims: { nonce: 'stale', iat: NOW } }],
    ['11: a minute ago', 'valid', { claims: { iat: NOW - 60 } }],
    ['11: a minute ahead', 'valid', { claims: { iat: NOW + 60 } }],
    ['11: more than a minute ago', 'not_fresh', { claims: { iat: NOW - 60.5 } }],
    ['11: more than a minute ahead', 'not_fresh', { claims: { iat: NOW + 60.5 } }],
    ['11: a nonce that was not asked for does not make an old proof fresh', 'not_fresh', { claims: { iat: NOW - 61, nonce: 'fresh' } }],
    ['an end that has passed', 'expired', { claims: { exp: NOW } }],
    ['an end that has passed, with a fresh nonce', 'expired', { freshness: byNonce, claims: { exp: NOW - 1 } }],
    ['an end that is a text', 'expired', { claims: { exp: String(NOW + 60) } }],
    ['an end of null', 'expired', { claims: { exp: null } }],
    ['an end that lies ahead', 'valid', { claims: { exp: NOW + 1 } }],
    ['12: another token', 'wrong_token', { claims: { ath: sha256('another') } }],
    ['12: no token', 'wrong_token', { claims: { ath: undefined } }],
    ['12: a proof without a token if none came', 'valid', { accessToken: undefined, claims: { ath: undefined } }],
    ['12: another key', 'wrong_key', { key: thief.privateKey, header: { jwk: thief.jwk } }],
    ['12: another key if the token is bound to none', 'valid', { key: thief.privateKey, header: { jwk: thief.jwk }, jkt: undefined }],
  ])('%s: %s', (_, outcome, change) => {
    expect(check(change)).toBe(outcome)
  })

  test('threat: a time beyond every number is taken for now', () => {
    const text = JSON.stringify({ jti: 'one', htm: 'GET', htu: HTU, iat: 'IAT', ath: sha256(TOKEN), nonce: 'fresh' })
    for (const iat of ['1e999', '-1e999']) {
      const proof = `${head}.${Buffer.from(text.replace('"IAT"', iat)).toString('base64url')}.${'A'.repeat(86)}`
      for (const freshness of [byTime, byNonce]) expect(check({ proof, freshness })).toBe('time_missing')
    }
  })
})

test('threat: a key that somebody once proved to hold lets the next proof pass without a signature', () => {
  expect(check()).toBe('valid')
  expect(check({ key: thief.privateKey })).toBe('wrong_signature')
})

test('keys that are forgotten are read again', () => {
  const verify = createProofVerifier({ maxKeys: 1 })
  const expected = { method: 'GET', url: HTU, isUrl: () => true, freshness: byTime, now: NOW }
  const other = proofOf({ key: thief.privateKey, header: { jwk: thief.jwk } })
  for (const proof of [right, other, other, right, right]) expect(verify(proof, expected).status).toBe('valid')
})

test('property: whatever a signed proof says in one member, it is refused or the member does not matter', () => {
  const member = fc.constantFrom('typ', 'alg', 'jwk', 'crit', 'b64', 'jti', 'htm', 'htu', 'iat', 'exp', 'nonce', 'ath')
  fc.assert(
    fc.property(member, fc.jsonValue(), fc.boolean(), (name, value, withNonce) => {
      const part = ['typ', 'alg', 'jwk', 'crit', 'b64'].includes(name) ? 'header' : 'claims'
      const outcome = check({ [part]: { [name]: value }, freshness: withNonce ? byNonce : byTime })
      const isLater = name === 'exp' && typeof value === 'number' && value > NOW
      if (outcome === 'valid' && !isLater) expect(withNonce ? ['jti', 'iat'] : ['jti', 'nonce']).toContain(name)
    }),
    { numRuns: 300 },
  )
})

test('property: no header makes it throw, and none that is made up is valid', () => {
  const part = fc.oneof(fc.string(), fc.json()).map((text) => Buffer.from(text).toString('base64url'))
  const jwt = fc.tuple(part, part, part).map((parts) => parts.join('.'))
  fc.assert(fc.property(fc.oneof(fc.string(), jwt), (proof) => void expect(check({ proof })).not.toBe('valid')))
})

describe('a claim that does not fit is told with what was expected', () => {
  const mismatchOf = (change: Change) => {
    const { header: _, claims: __, key: ___, ...rest } = change
    const expected = {
      method: 'GET',
      url: `${HTU}?code=query-secret`,
      isUrl: (htu: string) => htu === HTU,
      accessToken: TOKEN,
      jkt,
      freshness: byTime,
      now: NOW,
    }
    const verdict = verifyProof(proofOf(change), { ...expected, ...rest })
    return verdict.status === 'refused' ? verdict.mismatch : undefined
  }

  test.each<[string, Change, string, string, string]>([
    ['another method', { claims: { htm: 'POST' } }, 'htm', 'GET', 'POST'],
    ['a method that is none', { claims: { htm: 'a secret\n' } }, 'htm', 'GET', 'no HTTP method'],
    ['another host', { claims: { htu: 'http://localhost:4000/v1/state' } }, 'htu', HTU, 'http://localhost:4000/v1/state'],
    [
      'another URL with secrets in it',
      { claims: { htu: 'https://me:password@app.example/x?token=secret#secret' } },
      'htu',
      HTU,
      'https://app.example/x',
    ],
    ['no URL', { claims: { htu: 'secret' } }, 'htu', HTU, 'no absolute http or https URL'],
    ['a URL of another scheme', { claims: { htu: 'javascript:secret' } }, 'htu', HTU, 'no absolute http or https URL'],
    ['a clock that is off', { claims: { iat: NOW - 90 } }, 'iat', `${NOW - 60} to ${NOW + 60}`, String(NOW - 90)],
    ['another token', { claims: { ath: sha256('another') } }, 'ath', sha256(TOKEN), sha256('another')],
    ['the token itself instead of its hash', { claims: { ath: 'another.session.token' } }, 'ath', sha256(TOKEN), 'no SHA-256 in base64url'],
    ['no token', { claims: { ath: undefined } }, 'ath', sha256(TOKEN), 'none'],
  ])('%s', (_, change, claim, expected, received) => {
    expect(mismatchOf(change)).toEqual({ claim, expected, received })
  })

  test('a long URL is cut', () => {
    expect(mismatchOf({ claims: { htu: `https://app.example/${'x'.repeat(1_000)}` } })?.received).toHaveLength(201)
  })
})

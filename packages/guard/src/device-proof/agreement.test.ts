import { createHash, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDpopChecks } from '../../../server/src/sessions/dpop.ts'
import { createRequestProofVerifier } from './request-proof.ts'

const NOW = 1_800_000_000
const ORIGIN = 'https://stile.example.com'
const PATH = '/v1/pay'
const TOKEN = 'a.token'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')
const createDevice = (): Readonly<{ key: KeyObject; jwk: JsonWebKey; jkt: string }> => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  return { key: privateKey, jwk: { kty, crv, x, y } as JsonWebKey, jkt: sha256(JSON.stringify({ crv, kty, x, y })) }
}
const device = createDevice()
const thief = createDevice()

const checkDpop = createDpopChecks()
const verifyProof = createRequestProofVerifier({ origin: ORIGIN, now: () => NOW })

const atGuard = (proof: string): boolean =>
  verifyProof(proof, { method: 'GET', url: PATH, token: TOKEN, jkt: device.jkt }).status === 'valid'
const atService = (proof: string): boolean => {
  try {
    checkDpop({ proof, method: 'GET', url: ORIGIN + PATH, accessToken: TOKEN, jkt: device.jkt, now: NOW })
    return true
  } catch {
    return false
  }
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const proofOf = (header: object, claims: object, key = device.key): string => {
  const signed = `${encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: device.jwk, ...header })}.${encode({ jti: 'one', htm: 'GET', htu: ORIGIN + PATH, iat: NOW, ath: sha256(TOKEN), ...claims })}`
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

const member = (name: string, ...values: unknown[]) => fc.constantFrom(...values).map((value) => ({ [name]: value }))
const few = (...members: fc.Arbitrary<object>[]) =>
  fc.array(fc.oneof(...members), { maxLength: 2 }).map((changes): object => Object.assign({}, ...changes))
const header = few(
  member('typ', 'dpop+jwt', 'application/dpop+jwt', 'DPoP+JWT', 'JWT', undefined),
  member('alg', 'ES256', 'es256', 'none', 'ES384'),
  member(
    'jwk',
    device.jwk,
    thief.jwk,
    { ...device.jwk, kid: 'k' },
    { ...device.jwk, d: '' },
    { ...device.jwk, x: `${device.jwk.x}=` },
    null,
  ),
  member('crit', ['b64'], [], undefined),
  member('b64', true, false, undefined),
)
const claims = few(
  member('jti', 'two', '', 'x'.repeat(128), 'x'.repeat(129), 'x'.repeat(256), 'x'.repeat(257), 'a\u0000', 7, undefined),
  member('htm', 'GET', 'get', 'POST', undefined),
  member('htu', `${ORIGIN}${PATH}?a=1`, 'HTTPS://STILE.example.com:443/v1/pay', `${ORIGIN}/v1/pays`, '', [ORIGIN], undefined),
  member('iat', NOW - 61, NOW - 60, NOW + 60, NOW + 60.5, String(NOW), null, undefined),
  member('exp', NOW - 1, NOW, NOW + 1, 'x', null, undefined),
  member('nonce', 'any', 7, undefined),
  member('ath', sha256('another'), '', undefined),
)
/** What may happen to a proof on its way. Half of them arrive as they were sent, so that enough are accepted. */
const spelling = fc.oneof(
  fc.constant((proof: string) => proof),
  fc.constantFrom(
    (proof: string) => `${proof}=`,
    (proof: string) => ` ${proof}`,
    (proof: string) => `${proof}, ${proof}`,
    (proof: string) => proof.slice(0, -1) + (proof.endsWith('A') ? 'B' : 'A'),
    (proof: string) => proof.replace('.', '..'),
  ),
)

test('differential: guard and service agree on one and the same proof', () => {
  const seen = { accepted: 0, refused: 0 }
  fc.assert(
    fc.property(header, claims, spelling, fc.boolean(), (head, body, spell, isThief) => {
      const proof = spell(proofOf(head, body, isThief ? thief.key : device.key))
      const accepted = atService(proof)
      expect(atGuard(proof)).toBe(accepted)
      seen[accepted ? 'accepted' : 'refused'] += 1
    }),
    { numRuns: 1_500 },
  )
  // a test that only ever sees refusals would prove nothing
  expect(seen.accepted).toBeGreaterThan(20)
  expect(seen.refused).toBeGreaterThan(20)
})

test.each<[string, object, object]>([
  ['a typ with application/', { typ: 'application/dpop+jwt' }, {}],
  ['a jti of 129 characters', {}, { jti: 'x'.repeat(129) }],
  ['an end that has passed', {}, { exp: NOW - 1 }],
])('threat: guard and service differ on %s; both refuse it', (_, head, body) => {
  expect([atGuard(proofOf({}, {})), atService(proofOf({}, {}))]).toEqual([true, true])
  expect([atGuard(proofOf(head, body)), atService(proofOf(head, body))]).toEqual([false, false])
})

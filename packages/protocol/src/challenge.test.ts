import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildChallenge } from './challenge.ts'
import { parseChallenges } from './challenges.ts'

test('writes the challenge of a step-up in the order of RFC 9470 §3', () => {
  expect(
    buildChallenge({
      scheme: 'DPoP',
      error: 'insufficient_user_authentication',
      errorDescription: 'A stronger proof is needed.',
      acrValues: ['phr', 'phrh'],
      maxAgeSeconds: 120,
    }),
  ).toBe(
    'DPoP error="insufficient_user_authentication", error_description="A stronger proof is needed.", acr_values="phr phrh", max_age="120", algs="ES256"',
  )
})

test('writes the algorithms of proofs into every challenge of DPoP (RFC 9449 §7.1), and a bare scheme if there is nothing to say', () => {
  expect(buildChallenge({ scheme: 'DPoP' })).toBe('DPoP algs="ES256"')
  expect(buildChallenge({ scheme: 'DPoP', error: 'use_dpop_nonce' })).toBe('DPoP error="use_dpop_nonce", algs="ES256"')
  expect(buildChallenge({ scheme: 'DPoP', algs: ['ES384'] })).toBe('DPoP algs="ES384"')
  expect(buildChallenge({ scheme: 'Bearer' })).toBe('Bearer')
  expect(buildChallenge({ scheme: 'Bearer', error: undefined, maxAgeSeconds: undefined })).toBe('Bearer')
})

test('escapes a realm, and never escapes where RFC 6750 §3 allows no escapes', () => {
  expect(buildChallenge({ scheme: 'Bearer', realm: 'a "b" \\', errorDescription: 'a "b" \\', scope: 'x y' })).toBe(
    'Bearer realm="a \\"b\\" \\\\", error_description="a \'b\' ", scope="x y"',
  )
})

test('threat: a value ends the header and starts another one', () => {
  const header = buildChallenge({
    scheme: 'DPoP',
    realm: 'r\r\nSet-Cookie: a=b',
    errorDescription: 'd\n\u0000\u2028é\u007f',
    acrValues: ['phr\r\n'],
  })
  expect(header).toBe('DPoP realm="rSet-Cookie: a=b", error_description="d", acr_values="", algs="ES256"')
})

test('threat: a value forges a second parameter', () => {
  const header = buildChallenge({ scheme: 'DPoP', error: 'x", max_age="999999', acrValues: ['phr", a="', 'mfa x', '', 'phrh'] })
  const [challenge] = parseChallenges(header)
  expect({ ...challenge?.params }).toEqual({ error: "x', max_age='999999", acr_values: 'phrh', algs: 'ES256' })
})

test.each([
  [0, '0'],
  [1.9, '1'],
  [-1, '0'],
  [Number.NaN, '0'],
  [Number.POSITIVE_INFINITY, '9007199254740991'],
  [1e300, '9007199254740991'],
])('writes a maximal age of %d as %s: digits, and never laxer', (maxAgeSeconds, text) => {
  expect(buildChallenge({ scheme: 'Bearer', maxAgeSeconds })).toBe(`Bearer max_age="${text}"`)
})

const printable = fc.string({ unit: 'grapheme-ascii' })
const plain = printable.map((text) => text.replace(/["\\]/g, ''))

test('property: what is written is read back', () => {
  fc.assert(
    fc.property(
      printable,
      plain,
      fc.array(fc.stringMatching(/^[!#-[\]-~]+$/)),
      fc.nat(),
      (realm, errorDescription, acrValues, maxAgeSeconds) => {
        const header = buildChallenge({ scheme: 'Bearer', realm, errorDescription, acrValues, maxAgeSeconds })
        expect(parseChallenges(`Negotiate, ${header}, Basic a=b`).map(({ params }) => ({ ...params }))).toEqual([
          {},
          { realm, error_description: errorDescription, acr_values: acrValues.join(' '), max_age: String(maxAgeSeconds) },
          { a: 'b' },
        ])
      },
    ),
  )
})

test('property: no value gets out of its place', () => {
  const text = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(text, text, text, text, fc.array(text), fc.double(), (realm, error, errorDescription, scope, list, maxAgeSeconds) => {
      const header = buildChallenge({ scheme: 'DPoP', realm, error, errorDescription, scope, acrValues: list, maxAgeSeconds, algs: list })
      expect(header).toMatch(/^[ -~]*$/)
      const [challenge, ...others] = parseChallenges(header)
      expect(others).toEqual([])
      expect(Object.keys(challenge?.params ?? {})).toEqual([
        'realm',
        'error',
        'error_description',
        'scope',
        'acr_values',
        'max_age',
        'algs',
      ])
      expect(challenge?.params.max_age).toMatch(/^\d+$/)
    }),
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildChallenge } from './challenge.ts'
import { ACR, acrValues, LEVELS } from './level.ts'
import { challengedLevel, findChallenge, readChallenge } from './step-up-challenge.ts'

test('reads the first example of RFC 9470 §3: another level, which is unknown here', () => {
  const header =
    'Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="myACR"'
  expect(readChallenge(header, 'Bearer')).toEqual({ error: 'insufficient_user_authentication', acrValues: ['myACR'] })
})

test('reads the second example of RFC 9470 §3: a more recent proof of any level', () => {
  const header = 'Bearer error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="5"'
  expect(readChallenge(header, 'Bearer')).toEqual({
    error: 'insufficient_user_authentication',
    acrValues: [],
    maxAgeSeconds: 5,
    level: 'session',
  })
})

test('takes the weakest level that would do, in whatever order they stand', () => {
  expect(readChallenge('DPoP error=x, acr_values="phrh other phr"')).toMatchObject({ level: 'phr', acrValues: ['phrh', 'other', 'phr'] })
})

test('names no level if only unknown values would do, so that the caller denies', () => {
  expect(readChallenge('DPoP error=x, acr_values="other"')).not.toHaveProperty('level')
  expect(readChallenge('DPoP error=x, acr_values=""')).not.toHaveProperty('level')
  expect(readChallenge('DPoP error=x, acr_values="PHR constructor"')).not.toHaveProperty('level')
})

test('gives the parameters of the challenge by themselves, and the level that they ask for', () => {
  const params = findChallenge('DPoP algs=ES256, DPoP error=x, acr_values="phrh phr", resource=r')
  expect({ ...params }).toEqual({ error: 'x', acr_values: 'phrh phr', resource: 'r' })
  expect(params && challengedLevel(params)).toBe('phr')
  expect(findChallenge('Bearer error=x')).toBeUndefined()
  expect(challengedLevel({ acr_values: 'other' })).toBeUndefined()
})

test.each(['', '-1', '1.5', '1e3', ' 5', '0x10', 'soon', '99999999999999999999'])('a max_age of %j is read as the strictest', (text) => {
  expect(readChallenge(`DPoP error=x, max_age="${text}"`)?.maxAgeSeconds).toBe(0)
})

test('reads nothing if there is no error', () => {
  for (const header of [null, undefined, '', 'DPoP', 'DPoP algs="ES256"', 'Basic error=x', 'DPoP error=""']) {
    expect(readChallenge(header)).toBeUndefined()
  }
})

test('finds the error whatever the case of scheme and name, with spaces around the equals sign, after other challenges', () => {
  const header = 'Basic realm="a, DPoP error=no", dpop algs="ES256", DPOP\tERROR \t= "use_\\dpop_nonce", Max_Age = 5'
  expect(readChallenge(header)).toEqual({ error: 'use_dpop_nonce', acrValues: [], maxAgeSeconds: 5, level: 'session' })
})

test("threat: the challenge of the application's own login passes for one of Stile", () => {
  expect(readChallenge('Bearer error="invalid_token"')).toBeUndefined()
  expect(readChallenge('Bearer error=a, DPoP error=b, Bearer error=c')?.error).toBe('b')
  expect(readChallenge('DPoP algs=ES256, Bearer error=a', 'Bearer')?.error).toBe('a')
  expect(readChallenge('XDPoP error=a, Basic realm="DPoP error=b"')).toBeUndefined()
})

test('property: every level and age survives the way', () => {
  fc.assert(
    fc.property(fc.constantFrom(...LEVELS), fc.option(fc.nat(), { nil: undefined }), (level, maxAgeSeconds) => {
      const header = buildChallenge({
        scheme: 'DPoP',
        error: 'insufficient_user_authentication',
        acrValues: acrValues(level),
        maxAgeSeconds,
      })
      const read = readChallenge(header)
      expect(read?.level).toBe(level)
      expect(read?.maxAgeSeconds).toBe(maxAgeSeconds)
      expect(read?.acrValues[0]).toBe(ACR[level])
    }),
  )
})

test('property: no header makes it throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void readChallenge(`DPoP error=x, acr_values="${text}", max_age=${text}`)))
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyLicense } from './license.test-support.ts'
import { licenseClaim, licenseOf, parseLicenseClaim } from './license-claim.ts'

const license = { id: 'lic_1', epoch: 3, tier: 'pro', features: ['a'], state: 'active', raisedAt: 5, changesAt: 9 } as const

test('writes times under the names that a token has for them', () => {
  expect(licenseClaim(license)).toEqual({
    id: 'lic_1',
    epoch: 3,
    tier: 'pro',
    features: ['a'],
    state: 'active',
    raised_at: 5,
    changes_at: 9,
  })
  expect(licenseOf({ lic: null })).toBeNull()
})

test('threat: a time under its other name is read, and overrides the one that was signed for', () => {
  expect(parseLicenseClaim({ ...licenseClaim(license), changesAt: 999, raisedAt: 999 })).toEqual(licenseClaim(license))
})

test("threat: an account's stricter requirement is lost on the way through a token", () => {
  const strict = { ...license, requires: { level: 'phr', maxAgeSeconds: 60 } } as const
  expect(licenseOf({ lic: licenseClaim(strict) })).toEqual(strict)
  expect(parseLicenseClaim({ ...licenseClaim(strict), requires: { level: 'root' } })).toBeUndefined()
})

test('property: a license survives the way through a token', () => {
  fc.assert(
    fc.property(anyLicense, fc.anything(), (value, other) => {
      const read = parseLicenseClaim(JSON.parse(JSON.stringify(licenseClaim(value))))
      expect(read && licenseOf({ lic: read })).toEqual(value)
      parseLicenseClaim(other)
    }),
  )
})

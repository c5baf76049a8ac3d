import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyLicense } from './license.test-support.ts'
import { isLicenseState, NO_TIER, parseLicense } from './license.ts'

const license = { id: 'lic_1', epoch: 3, tier: 'pro', features: ['reports.export'], state: 'active' }

test('reads a license, and ignores members of later versions', () => {
  expect(parseLicense({ ...license, later: 1 })).toEqual(license)
})

test.each([
  ['no epoch', { ...license, epoch: undefined }],
  ['an epoch that is a string', { ...license, epoch: '3' }],
  ['a negative epoch', { ...license, epoch: -1 }],
  ['no tier', { ...license, tier: '' }],
  ['features that are no list', { ...license, features: 'reports.export' }],
  ['an unknown state', { ...license, state: 'eternal' }],
  ['a change that is no time', { ...license, changesAt: 'never' }],
  ['a change that is null', { ...license, changesAt: null }],
  ['a requirement that is not understood', { ...license, requires: { level: 'root' } }],
  ['a requirement that is null', { ...license, requires: null }],
  ['null', null],
  ['a list', [license]],
])('threat: %s lets a license say more than it does; the whole is refused', (_, value) => {
  expect(parseLicense(value)).toBeUndefined()
})

test('a license that grants nothing has a tier that can be read, and a name that no policy gives', () => {
  expect(parseLicense({ ...license, tier: NO_TIER })?.tier).toBe(NO_TIER)
  expect(NO_TIER).not.toMatch(/^[A-Za-z]/)
})

test('knows its states and nothing else', () => {
  expect(isLicenseState('past_due')).toBe(true)
  expect(isLicenseState('toString')).toBe(false)
  expect(isLicenseState(['active'])).toBe(false)
})

test('property: what is read is read again, and nothing makes it throw', () => {
  fc.assert(
    fc.property(anyLicense, fc.anything(), (value, other) => {
      expect(parseLicense(JSON.parse(JSON.stringify(value)))).toEqual(value)
      parseLicense(other)
    }),
  )
})

import { expect, test } from 'vitest'
import { pointer } from './index.ts'

test('a pointer names the members on the way, the whole document if there are none, and escapes what RFC 6901 escapes', () => {
  expect(pointer()).toBe('')
  expect(pointer('features', 'reports.view', 'requires')).toBe('/features/reports.view/requires')
  expect(pointer('tiers', 0)).toBe('/tiers/0')
  expect(pointer('a/b', 'm~n', '~1', '')).toBe('/a~1b/m~0n/~01/')
})

import { expect, test } from 'vitest'
import { acrValues, satisfies } from './level.ts'

test('a level satisfies itself and every weaker one', () => {
  expect(satisfies('phr', 'mfa')).toBe(true)
  expect(satisfies('mfa', 'mfa')).toBe(true)
  expect(satisfies('mfa', 'phr')).toBe(false)
})

test('an unknown level satisfies nothing and is satisfied by nothing', () => {
  expect(satisfies('root' as never, 'session')).toBe(false)
  expect(satisfies('phrh', 'root' as never)).toBe(false)
})

test('acr_values name every level that would do, the weakest first', () => {
  expect(acrValues('phr')).toEqual(['phr', 'phrh'])
})

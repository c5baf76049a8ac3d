import { expect, test } from 'vitest'
import { networkCodeOf, shownName } from './shown.ts'

test('a name is shown in quotes, a long one is cut, and none is said to be none', () => {
  expect(shownName('https://api.example')).toBe('"https://api.example"')
  expect(shownName('a'.repeat(101))).toBe(`"${'a'.repeat(100)}…"`)
  expect(shownName(undefined)).toBe('none')
})

test.each([
  7,
  null,
  '',
  'a"b',
  'a\nb',
  'https://api.example?key=secret',
  'eyJhbGciOiJFUzI1NiJ9.e30.AA',
  'stile_g_secret',
  'stile_lw_secret',
])('threat: a token, a key or a line of its own is put where a name belongs. It is not shown: %j', (name) => {
  expect(shownName(name)).toBe('something that is no name')
})

test('the code of a network error is found below the error of fetch', () => {
  const nested = new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) })
  expect(networkCodeOf(nested)).toBe('ECONNREFUSED')
  expect(networkCodeOf(Object.assign(new Error('no'), { code: 'a secret' }))).toBeUndefined()
  expect(networkCodeOf('text')).toBeUndefined()
})

test('a chain of causes is followed for five errors, and only a text is a code', () => {
  const below = (depth: number): Error =>
    depth === 0 ? Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) : new Error('no', { cause: below(depth - 1) })
  expect(networkCodeOf(below(4))).toBe('ECONNREFUSED')
  expect(networkCodeOf(below(5))).toBeUndefined()
  const endless = new Error('no')
  endless.cause = endless
  expect(networkCodeOf(endless)).toBeUndefined()
  expect(networkCodeOf(Object.assign(new Error('no'), { code: ['ECONNREFUSED'] }))).toBeUndefined()
})

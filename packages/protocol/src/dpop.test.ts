import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normalizeHtu } from './dpop.ts'

test.each([
  ['HTTPS://API.Example:443/a/B?c=d#e', 'https://api.example/a/B'],
  ['http://localhost:4000', 'http://localhost:4000/'],
  ['http://[::1]:80/x?', 'http://[::1]/x'],
  ['https://bücher.example/ä', 'https://xn--bcher-kva.example/%C3%A4'],
])('%s is compared as %s', (url, normal) => {
  expect(normalizeHtu(url)).toBe(normal)
})

test.each([
  '',
  '/a',
  'api.example/a',
  'https://',
  'ftp://api.example/a',
  'data:,a',
  'https://user@api.example/a',
  'https://:pw@api.example/a',
])('threat: %j passes for the URL of a request; it is left as it is and equals none', (url) => {
  expect(normalizeHtu(url)).toBe(url)
  expect(normalizeHtu('https://api.example/a')).not.toBe(url)
})

test('property: never throws, and a normal form stays what it is', () => {
  fc.assert(
    fc.property(fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string()), (url) => {
      expect(normalizeHtu(normalizeHtu(url))).toBe(normalizeHtu(url))
    }),
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isName, MAX_NAME_LENGTH } from './name.ts'

test.each(['', '.', '..', 'a\u0000', 'a\n', '\u0007', '\u007f', '\u0085', '\ud800', 'a\udc00b', 'x'.repeat(256), 7, null, ['acme']])(
  '%j is no name',
  (value) => {
    expect(isName(value)).toBe(false)
  },
)

test.each(['a', '...', '.a', 'a/b', '%2e', 'Zoë 🎈', 'google-oauth2|1', 'x'.repeat(MAX_NAME_LENGTH)])('%j is a name', (value) => {
  expect(isName(value)).toBe(true)
})

test('threat: a name is another path once it stands in a URL', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[.%2eE/\\]{1,6}$/))
  fc.assert(
    fc.property(text, (name) => {
      if (!isName(name)) return
      const { pathname } = new URL(`/v1/licenses/${encodeURIComponent(name)}`, 'https://stile.example.com')
      expect(decodeURIComponent(pathname.slice('/v1/licenses/'.length))).toBe(name)
    }),
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isName } from './name.ts'
import { formatSubject, parseSubject } from './subject.ts'

test('splits at the first bar, so that a sub may have bars of its own', () => {
  expect(formatSubject({ issuer: 'auth0', sub: 'google-oauth2|1' })).toBe('auth0|google-oauth2|1')
  expect(parseSubject('auth0|google-oauth2|1')).toEqual({ issuer: 'auth0', sub: 'google-oauth2|1' })
})

test.each([
  '',
  '|',
  'a',
  'a|',
  '|b',
  'A|b',
  'a b|c',
  'a\n|b',
  `${'a'.repeat(33)}|b`,
  `a|${'b'.repeat(256)}`,
  'a|\ud800',
  'a|b\u0007',
  'a|\u0085',
  'a|.',
  'a|..',
])('%j is no subject', (text) => {
  expect(parseSubject(text)).toBeUndefined()
})

test('threat: an issuer id with a bar makes one subject look like another', () => {
  expect(() => formatSubject({ issuer: 'a|b', sub: 'c' })).toThrow(expect.objectContaining({ code: 'invalid_subject' }))
  expect(() => formatSubject({ issuer: 'a', sub: '' })).toThrow(expect.objectContaining({ code: 'invalid_subject' }))
})

test('property: what is written is read back byte for byte, and no two subjects are written alike', () => {
  const subject = fc.record({
    issuer: fc.stringMatching(/^[a-z0-9-]{1,32}$/),
    sub: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((sub) => isName(sub)),
  })
  fc.assert(
    fc.property(subject, subject, (one, other) => {
      expect(parseSubject(formatSubject(one))).toEqual(one)
      expect(formatSubject(one) === formatSubject(other)).toBe(one.issuer === other.issuer && one.sub === other.sub)
    }),
  )
})

test('property: no string makes it throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseSubject(text)))
})

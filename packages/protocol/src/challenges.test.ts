import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseChallenges } from './challenges.ts'

const read = (header: string | null) =>
  parseChallenges(header).map(({ scheme, token68, params }) => (token68 === undefined ? [scheme, { ...params }] : [scheme, token68]))

test('reads the example of RFC 9110 §11.6.1: two challenges, quoted commas and quotes', () => {
  expect(read('Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""')).toEqual([
    ['basic', { realm: 'simple' }],
    ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
  ])
})

test.each([
  ['DPoP algs="ES256 PS256"', [['dpop', { algs: 'ES256 PS256' }]]],
  [
    'DPoP error="invalid_token", error_description="Invalid DPoP key binding", algs="ES256"',
    [['dpop', { error: 'invalid_token', error_description: 'Invalid DPoP key binding', algs: 'ES256' }]],
  ],
  [
    'Bearer error="invalid_token", error_description="Invalid token", DPoP algs="ES256 PS256"',
    [
      ['bearer', { error: 'invalid_token', error_description: 'Invalid token' }],
      ['dpop', { algs: 'ES256 PS256' }],
    ],
  ],
])('reads a challenge as RFC 9449 §7 writes it: %s', (header, challenges) => {
  expect(read(header)).toEqual(challenges)
})

test.each([
  ['nothing', null, []],
  ['an empty header', '', []],
  ['a scheme alone', 'Negotiate', [['negotiate', {}]]],
  [
    'several schemes alone',
    'Negotiate, NTLM , DPoP',
    [
      ['negotiate', {}],
      ['ntlm', {}],
      ['dpop', {}],
    ],
  ],
  [
    'a token68',
    'Negotiate YIIg8+/._~-==, Basic a=b',
    [
      ['negotiate', 'YIIg8+/._~-=='],
      ['basic', { a: 'b' }],
    ],
  ],
  ['empty elements', ', ,Basic a=1,, ,b=2, ,', [['basic', { a: '1', b: '2' }]]],
  ['white space around the equals sign', 'Basic a \t= \t"1" , b =2', [['basic', { a: '1', b: '2' }]]],
  ['names and schemes in any case', 'dPoP ERROR="A", Algs=x', [['dpop', { error: 'A', algs: 'x' }]]],
  ['an empty quoted string', 'Basic a=""', [['basic', { a: '' }]]],
  ['escapes of ordinary characters', 'Basic a="\\a\\\\\\""', [['basic', { a: 'a\\"' }]]],
])('reads %s', (_, header, challenges) => {
  expect(read(header)).toEqual(challenges)
})

test.each([
  ['a parameter that is named twice', 'Bearer a=1, A=2, DPoP b=1'],
  ['a parameter after a token68', 'Basic abc==, a=1, DPoP b=1'],
  ['a value that is not quoted although it must be', 'Basic a=b c, DPoP b=1'],
  ['a parameter without a value', 'Basic a=1, b= , DPoP b=1'],
  ['characters after a quoted string', 'Basic a="1"x, DPoP b=1'],
  ['a token68 that stands alone', 'Basic a=1, abc==, DPoP b=1'],
  ['a parameter without a challenge', 'a=1, DPoP b=1'],
])('drops what is broken by %s, and keeps the other challenge', (_, header) => {
  expect(read(header)).toEqual([['dpop', { b: '1' }]])
})

test('threat: a dropped challenge comes back through the parameters that follow it', () => {
  expect(read('DPoP error=a, error=b, acr_values=phr')).toEqual([])
})

test.each(['\u0000', '\u0001', '\n', '\r', '\u001f', '\u007f'])('threat: the control character %j stands in a challenge', (control) => {
  expect(read(`DPoP error="a${control}b", acr_values=phr, Basic a=b`)).toEqual([['basic', { a: 'b' }]])
  expect(read(`Basic a=b, DPoP error="a\\${control}"`)).toEqual([['basic', { a: 'b' }]])
  expect(read(`DPoP error=a${control}, Basic a=b`)).toEqual([['basic', { a: 'b' }]])
})

test('keeps a tab and letters beyond ASCII in a quoted string', () => {
  expect(read('Basic a="b\té\uFFFD"')).toEqual([['basic', { a: 'b\té\uFFFD' }]])
})

test('threat: an open quote makes the rest of the header look like parameters', () => {
  expect(read('DPoP error="x, max_age=1, Bearer error=y')).toEqual([])
  expect(read('Basic a=1, DPoP error="x\\')).toEqual([])
})

test('threat: a parameter named like a member of Object is taken for one that was sent', () => {
  const [challenge] = parseChallenges('DPoP a=1')
  expect(challenge && 'constructor' in challenge.params).toBe(false)
  expect(Object.keys(parseChallenges('DPoP __proto__=1, constructor=2')[0]?.params ?? {})).toEqual(['__proto__', 'constructor'])
})

test('a header of more than 16384 characters is not read', () => {
  expect(parseChallenges(`DPoP a=${'x'.repeat(16_384)}`)).toEqual([])
  expect(parseChallenges(`DPoP a=${'x'.repeat(16_377)}`)).toHaveLength(1)
})

// A quadratic reader needs more than 10^8 steps for one of these and would run into the time limit of the test many times over.
test('threat: a hostile header of the greatest length makes the reader stall', () => {
  for (const piece of [
    '"',
    '\\"',
    '"\\',
    ',',
    ' ',
    '\t =',
    'a ',
    'a=',
    'a="',
    'a="\\',
    '=',
    'a,',
    'a b ',
    '""',
    'a=" ,',
    "a='",
    'x y=z ',
  ]) {
    for (const head of ['', 'DPoP ', 'DPoP a="', 'a', 'DPoP a=']) {
      for (const tail of ['', '\u0001', '"', '\\']) {
        const body = piece.repeat((16_384 - head.length - tail.length) / piece.length)
        parseChallenges(head + body + tail)
      }
    }
  }
})

const hostile = fc
  .array(fc.oneof(fc.constantFrom('DPoP', 'a', '=', '"', '\\', ',', ' ', '\t', 'error', 'é', '\u0000'), fc.string()), { maxLength: 60 })
  .map((pieces) => pieces.join(''))

test('property: no header makes it throw, and what it reads is well-formed', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), hostile), (header) => {
      for (const { scheme, params } of parseChallenges(header)) {
        expect(scheme).toBe(scheme.toLowerCase())
        expect(Object.getPrototypeOf(params)).toBeNull()
      }
    }),
    { numRuns: 2000 },
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDevice, encode, signJwt } from './device.test-support.ts'
import { mediaType, parseJwt } from './jwt.ts'

const MAX = 4_096
const { privateKey } = createDevice()
const jwt = signJwt({ alg: 'ES256' }, { sub: 'é' }, privateKey)
const [head, body, tail] = jwt.split('.') as [string, string, string]

test('takes a JWT apart', () => {
  expect(parseJwt(jwt, MAX)).toEqual({
    header: { alg: 'ES256' },
    payload: { sub: 'é' },
    signed: `${head}.${body}`,
    signature: Buffer.from(tail, 'base64url'),
  })
})

test('reads a token of the longest length, and none of one character more', () => {
  expect(parseJwt(jwt, jwt.length)).toBeDefined()
  expect(parseJwt(jwt, jwt.length - 1)).toBeUndefined()
})

const bytes = (...values: number[]) => Buffer.from(values).toString('base64url')

test.each([
  ['nothing', ''],
  ['one part', head],
  ['one part that would be two and a signature', `${encode({ a: 1 })}A`],
  ['two parts', `${head}.${body}`],
  ['four parts', `${jwt}.${tail}`],
  ['five parts', `${jwt}.${tail}.${tail}`],
  ['an empty header', `.${body}.${tail}`],
  ['an empty payload', `${head}..${tail}`],
  ['no signature', `${head}.${body}.`],
  ['padding', `${jwt}=`],
  ['a space before it', ` ${jwt}`],
  ['a line break after it', `${jwt}\n`],
  ['the other alphabet', `${head}.${body}.+/+/`],
  ['a header that is an array', `${encode([])}.${body}.${tail}`],
  ['a header that is null', `${encode(null)}.${body}.${tail}`],
  ['a payload that is a text', `${head}.${encode('x')}.${tail}`],
  ['a payload that is a number', `${head}.${encode(7)}.${tail}`],
  ['a payload that is no JSON', `${head}.${bytes(0x7b)}.${tail}`],
  ['a payload that is no UTF-8', `${head}.${bytes(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)}.${tail}`],
  ['a payload with a byte order mark', `${head}.${bytes(0xef, 0xbb, 0xbf, 0x7b, 0x7d)}.${tail}`],
])('does not read %s', (_, token) => {
  expect(parseJwt(token, MAX)).toBeUndefined()
})

test.each(['crit', 'b64'])('threat: the header asks by %s for something unknown here, and is believed without it', (name) => {
  for (const value of [['b64'], [], false, true, null, 0])
    expect(parseJwt(signJwt({ alg: 'ES256', [name]: value }, {}, privateKey), MAX)).toBeUndefined()
  expect(parseJwt(signJwt({ alg: 'ES256' }, { [name]: true }, privateKey), MAX)).toBeDefined()
})

test('threat: a second spelling of a token passes for another token', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  // the last character of 86 holds four bits that are no part of the 64 bytes
  const last = alphabet.indexOf(tail.at(-1) as string)
  for (let stray = 1; stray < 16; stray += 1) {
    const other = tail.slice(0, -1) + alphabet[last + stray]
    expect(Buffer.from(other, 'base64url')).toEqual(Buffer.from(tail, 'base64url'))
    expect(parseJwt(`${head}.${body}.${other}`, MAX)).toBeUndefined()
  }
})

test.each<[unknown, string | undefined]>([
  ['at+jwt', 'at+jwt'],
  ['application/AT+JWT', 'at+jwt'],
  ['Application/application/at+jwt', 'application/at+jwt'],
  ['x/at+jwt', 'x/at+jwt'],
  [undefined, undefined],
  [7, undefined],
])('the typ %j is compared as %j', (typ, form) => {
  expect(mediaType(typ)).toBe(form)
})

test('property: never throws, and what it reads is spelled in one way', () => {
  const part = fc.oneof(fc.string(), fc.json()).map((text) => Buffer.from(text).toString('base64url'))
  const near = fc.tuple(part, part, part).map((parts) => parts.join('.'))
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (token) => {
      const read = parseJwt(token, MAX)
      if (read !== undefined) expect(`${read.signed}.${read.signature.toString('base64url')}`).toBe(token)
    }),
  )
})

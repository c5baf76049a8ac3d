import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeRecoveryCode, readRecoveryCode, recoveryCodeDigest } from './code.ts'

const SECRET = new Uint8Array(32).fill(7)

describe('a recovery code', () => {
  test('has eighty random bits in four groups, none of them letters that look like others', () => {
    const codes = Array.from({ length: 200 }, () => makeRecoveryCode(randomBytes))
    expect(new Set(codes).size).toBe(200)
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/)
    expect(makeRecoveryCode((bytes) => Uint8Array.from({ length: bytes }, (_, index) => 255 - index))).toBe('ZYXW-VTSR-QPNM-KJHG')
  })

  test.each([
    ['0123-4567-89AB-CDEF', '0123456789ABCDEF'],
    [' 0123 4567 89ab cdef ', '0123456789ABCDEF'],
    ['oiL3\u00a04567\u20138 9ab\tcdef', '0113456789ABCDEF'],
    ['0123\u20114567\u201089AB\u2014CDEF', '0123456789ABCDEF'],
    ['0123\u200b4567\u206789AB\u2069CDEF', '0123456789ABCDEF'],
    ['０１２３－４５６７－８９ＡＢ－ｃｄｅｆ', '0123456789ABCDEF'],
    ['٠١٢٣-४५६७-89AB-CDEF', '0123456789ABCDEF'],
  ])('is read as people type it: %j', (typed, code) => {
    expect(readRecoveryCode(typed)).toBe(code)
  })

  test.each([
    ['too short', '0123-4567-89AB-CDE'],
    ['too long', '0123-4567-89AB-CDEF0'],
    ['with a U, which is in no code', '0123-4567-89AB-CDEU'],
    ['with digits in circles', '⓪①②③-4567-89AB-CDEF'],
    ['with a letter whose capital is an ASCII one', 'ı123-4567-89AB-CDEF'],
    ['with a long s', '0123-4567-89AB-CDEſ'],
    ['with a letter whose capital is two', '0123-4567-89AB-CDß'],
    ['with a Kelvin sign', '0123-4567-89AB-CDE\u212a'],
    ['in Cyrillic look-alikes', '0123-4567-89\u0410\u0412-CDEF'],
    ['with a combining mark', '0123-4567-89AB-CDEF\u0301'],
    ['with a zero byte', '0123-4567-89AB-CDEF\u0000'],
    ['empty', ''],
    ['longer than anybody types', `${' '.repeat(200)}0123-4567-89AB-CDEF`],
    ['a number', 123456789],
    ['a list', ['0123-4567-89AB-CDEF']],
    ['nothing', undefined],
  ])('threat: it would be read where it is %s', (_, typed) => {
    expect(readRecoveryCode(typed)).toBeUndefined()
  })

  test('property: what was made is read, however it is written, and nothing else has its digest', () => {
    const written = fc.tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.boolean(), fc.constantFrom('', ' ', '-', ' - '))
    fc.assert(
      fc.property(written, fc.oneof(fc.anything(), fc.string({ unit: 'binary' })), ([bytes, lower, between], other) => {
        const code = makeRecoveryCode(() => bytes)
        const typed = code.replaceAll('-', between)
        expect(readRecoveryCode(lower ? typed.toLowerCase() : typed)).toBe(code.replaceAll('-', ''))
        expect(readRecoveryCode(other) ?? '0'.repeat(16)).toMatch(/^[0-9A-HJKMNP-TV-Z]{16}$/)
      }),
      { numRuns: 50 },
    )
  })
})

describe('what is kept of a code', () => {
  const digest = (code: string, subject = 'main|alice', secret = SECRET) => recoveryCodeDigest(secret, subject, code)

  test('threat: whoever reads the store could try codes, or use those of one subject for another', () => {
    const kept = digest('0123456789ABCDEF')
    expect(kept).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(digest('0123456789ABCDEF')).toBe(kept)
    expect(digest('0123456789ABCDEF', 'main|bob')).not.toBe(kept)
    expect(digest('0123456789ABCDEF', 'main|alice', new Uint8Array(32).fill(8))).not.toBe(kept)
  })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normalizeCode } from './code.ts'

/** Systems of ten digits, by the runtime's own number formats. */
const SYSTEMS = Intl.supportedValuesOf('numberingSystem')
  .map((system) => ({ system, digits: Array.from({ length: 10 }, (_, digit) => new Intl.NumberFormat(`en-u-nu-${system}`).format(digit)) }))
  .filter(({ digits }) => digits.every((digit) => /^\p{Nd}$/u.test(digit)))

test.each(SYSTEMS)('the digits of $system are read as the numbers that they are', ({ digits }) => {
  expect(normalizeCode(digits.join(''))).toBe('0123456789')
})

test('the systems of the runtime have the scripts that phones and keyboards write', () => {
  const names = SYSTEMS.map(({ system }) => system)
  expect(names).toEqual(expect.arrayContaining(['arab', 'arabext', 'beng', 'deva', 'fullwide', 'latn', 'mymr', 'thai', 'mathmono']))
})

test.each([
  ['287082', '287082'],
  [' 287 082 ', '287082'],
  ['287-082', '287082'],
  ['287\u2013082', '287082'],
  ['287\u2212082', '287082'],
  ['287\u00a0082', '287082'],
  ['287\u202f082', '287082'],
  ['\u2067287082\u2069', '287082'],
  ['\ufeff287\u200b082', '287082'],
  ['２８７　０８２', '287082'],
  ['٢٨٧٠٨٢', '287082'],
  ['۲۸۷۰۸۲', '287082'],
  ['२८७०८२', '287082'],
  ['2８٧0۸२', '287082'],
  ['28708a', '28708a'],
  ['+28708', '+28708'],
  ['²⁸⁷⁰⁸²', '²⁸⁷⁰⁸²'],
  ['①②③④⑤⑥', '①②③④⑤⑥'],
  ['', ''],
])('%j is read as %j', (typed, code) => {
  expect(normalizeCode(typed)).toBe(code)
})

test('reading a code again changes nothing, and leaves no digit of another script', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (typed) => {
      const code = normalizeCode(typed)
      expect(normalizeCode(code)).toBe(code)
      expect(code).not.toMatch(/(?![0-9])\p{Nd}/u)
    }),
  )
})

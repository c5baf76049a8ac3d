import fc from 'fast-check'
import { expect, test } from 'vitest'
import { closest } from './suggest.ts'

test.each([
  ['entreprise', 'enterprise'],
  ['PRO', 'pro'],
  ['por', 'pro'],
  ['enter', 'enterprise'],
  ['pro', undefined],
  ['en', undefined],
  ['something', undefined],
  ['', undefined],
])('%j was probably meant as %j', (name, meant) => {
  expect(closest(name, ['basic', 'pro', 'enterprise'])).toBe(meant)
})

test('what is suggested is always a candidate, and never the name itself', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (name, candidates) => {
      const meant = closest(name, [...candidates, name])
      expect([undefined, ...candidates]).toContain(meant)
      expect(meant).not.toBe(name)
    }),
  )
})

test('a name in other capitals is found', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z][a-z.]{1,20}$/), (name) => {
      expect(closest(name.toUpperCase(), [name])).toBe(name)
    }),
  )
})

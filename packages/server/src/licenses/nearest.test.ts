import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

test.each([
  ['entreprise', 'enterprise'],
  ['PRO', 'pro'],
  ['por', undefined],
  ['enter', 'enterprise'],
  ['something', undefined],
  ['', undefined],
])('%j was probably meant as %j', (name, meant) => {
  expect(nearest(name, ['basic', 'pro', 'enterprise'])).toBe(meant)
})

test('what is suggested is always a known name, and a known name suggests itself', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (name, known) => {
      expect([undefined, ...known]).toContain(nearest(name, known))
      expect(nearest(known[0] as string, [known[0] as string])).toBe(known[0])
    }),
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LEVELS } from './level.ts'
import { METHODS } from './method.ts'
import { parseRequirement } from './requirement.ts'

const full = { level: 'phr', maxAgeSeconds: 120, provenAfter: 1_700_000_000, methods: ['passkey'], bind: ['amount'] }

test('reads every member, and ignores those of later versions', () => {
  expect(parseRequirement(full)).toEqual(full)
  expect(parseRequirement({ ...full, later: 1 })).toEqual(full)
  expect(parseRequirement({ level: 'mfa' })).toEqual({ level: 'mfa' })
})

test('keeps a zero and an empty list: both are the strictest, not absent', () => {
  expect(parseRequirement({ level: 'mfa', maxAgeSeconds: 0, methods: [] })).toEqual({ level: 'mfa', maxAgeSeconds: 0, methods: [] })
})

test.each([
  ['no level', { maxAgeSeconds: 1 }],
  ['an unknown level', { ...full, level: 'root' }],
  ['a member of Object as level', { ...full, level: 'constructor' }],
  ['an age that is a string', { ...full, maxAgeSeconds: '120' }],
  ['a negative age', { ...full, maxAgeSeconds: -1 }],
  ['an age that is null', { ...full, maxAgeSeconds: null }],
  ['a fraction of a second', { ...full, provenAfter: 0.5 }],
  ['an unknown method', { ...full, methods: ['passkey', 'magic'] }],
  ['methods that are no list', { ...full, methods: { 0: 'passkey' } }],
  ['a bind that is no list', { ...full, bind: 'amount' }],
  ['an empty name in bind', { ...full, bind: [''] }],
  ['null', null],
  ['a list', [full]],
])('threat: %s leaves a weaker requirement behind; the whole is refused', (_, value) => {
  expect(parseRequirement(value)).toBeUndefined()
})

test('property: what is read is read again, and nothing makes it throw', () => {
  const requirement = fc.record(
    {
      level: fc.constantFrom(...LEVELS),
      maxAgeSeconds: fc.nat(),
      provenAfter: fc.nat(),
      methods: fc.subarray([...METHODS]),
      bind: fc.array(fc.string({ minLength: 1 })),
    },
    { requiredKeys: ['level'] },
  )
  fc.assert(
    fc.property(requirement, fc.anything(), (value, other) => {
      expect(parseRequirement(JSON.parse(JSON.stringify(value)))).toEqual(value)
      parseRequirement(other)
    }),
  )
})

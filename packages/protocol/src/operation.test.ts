import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { operationInput, parseOperation } from './operation.ts'

const payout = { amount: '1200.50', currency: 'EUR', payee: 'DE89370400440532013000' }
const bind = ['amount', 'currency', 'payee']
const pointers = (value: unknown, bound?: readonly string[]) => {
  const result = parseOperation(value, bound)
  return result.ok ? [] : result.errors.map((each) => each.pointer)
}

test('reads strings, whole numbers and booleans, byte for byte', () => {
  const operation = { text: ' Zoë\u0000\u0065\u0301 ', count: -3, now: true }
  expect(parseOperation(operation)).toEqual({ ok: true, operation })
})

test('reads exactly the bound parameters', () => {
  expect(parseOperation(payout, bind)).toEqual({ ok: true, operation: payout })
})

test('names every fault at once', () => {
  expect(pointers({ amount: 1200.5, currency: null, 'pay/ee~': ['a'] }, ['amount', 'currency', 'pay/ee~', 'reference'])).toEqual([
    '/amount',
    '/currency',
    '/pay~1ee~0',
    '/reference',
  ])
})

test('threat: a parameter is left out, so that the proof covers less than the policy binds', () => {
  expect(pointers({ amount: '1', currency: 'EUR' }, bind)).toEqual(['/payee'])
})

test('threat: a bound parameter is only inherited, so that the digest does not cover it', () => {
  expect(pointers({ amount: '1', currency: 'EUR' }, ['amount', 'currency', 'toString'])).toEqual(['/toString'])
})

test('threat: a parameter is slipped in that the policy does not bind', () => {
  expect(pointers({ ...payout, note: 'x' }, bind)).toEqual(['/note'])
})

test('threat: __proto__ changes what is read, or is dropped in silence', () => {
  expect(pointers(JSON.parse('{"__proto__":"x"}'))).toEqual(['/__proto__'])
  expect(pointers(JSON.parse('{"__proto__":{"amount":"1"}}'))).toEqual(['/__proto__'])
  expect(({} as { amount?: unknown }).amount).toBeUndefined()
})

test.each([
  ['null', null],
  ['an array', ['a']],
  ['an object', { a: 1 }],
  ['undefined', undefined],
  ['a fraction', 0.1],
  ['an unsafe integer', 2 ** 53],
  ['NaN', Number.NaN],
  ['a lone surrogate', '\ud800'],
  ['a string of more than 1024 characters', 'x'.repeat(1025)],
])('refuses %s as a parameter', (_, value) => {
  expect(pointers({ a: value })).toEqual(['/a'])
})

test.each([null, undefined, 'a', 1, [], [payout]])('refuses %j as an operation', (value) => {
  expect(pointers(value)).toEqual([''])
})

test('keeps its limits to the character', () => {
  expect(parseOperation({ ['n'.repeat(64)]: 'x'.repeat(1024) }).ok).toBe(true)
  expect(parseOperation({ ['n'.repeat(65)]: 1 }).ok).toBe(false)
  expect(parseOperation({ '': 1 }).ok).toBe(false)
  const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`p${at}`, at]))
  expect(parseOperation(members(32)).ok).toBe(true)
  expect(parseOperation(members(33)).ok).toBe(false)
})

test('a fault never repeats the value, and a long name only in part', () => {
  const result = parseOperation({ ['n'.repeat(5000)]: 'secret', amount: 0.123456 })
  expect(JSON.stringify(result)).not.toMatch(/secret|0\.123456/)
  expect(JSON.stringify(result).length).toBeLessThan(500)
})

const context = { feature: 'payouts.approve', account: 'acme', audience: 'https://api.example', params: payout, salt: 'c2FsdA' }

test('the input of a digest is the prefix, a zero byte and canonical JSON in UTF-8', () => {
  expect(new TextDecoder().decode(operationInput({ ...context, params: { b: 'é', a: 1 } }))).toBe(
    'stile-op-v1\0{"account":"acme","audience":"https://api.example","feature":"payouts.approve","params":{"a":1,"b":"é"},"salt":"c2FsdA"}',
  )
})

test('the digest of a known operation never changes', () => {
  expect(createHash('sha256').update(operationInput(context)).digest('base64url')).toBe('_ZbBOGNBrKfJr8CYCCg34NoPBbCbRMEryeWgjactb50')
})

test('threat: what is bound is changed after the proof; every part changes the input', () => {
  const inputs = [
    context,
    { ...context, feature: 'reports.export' },
    { ...context, account: 'other' },
    { ...context, audience: 'https://other.example' },
    { ...context, params: { ...payout, amount: '1200.5' } },
    { ...context, params: { ...payout, amount: 1200 } },
    { ...context, salt: 'other' },
  ].map((each) => new TextDecoder().decode(operationInput(each)))
  expect(new Set(inputs).size).toBe(inputs.length)
})

test('a member that is not part of the context does not reach the digest', () => {
  expect(operationInput({ ...context, extra: 1 } as typeof context)).toEqual(operationInput(context))
})

test('property: reading never throws, and what is read can be digested and read again', () => {
  fc.assert(
    fc.property(fc.anything(), fc.option(fc.array(fc.string()), { nil: undefined }), (value, bound) => {
      const result = parseOperation(value, bound)
      expect(result.ok || result.errors.length > 0).toBe(true)
      if (!result.ok) return
      operationInput({ ...context, params: result.operation })
      // as text: JSON has no -0
      expect(JSON.stringify(parseOperation(JSON.parse(JSON.stringify(result.operation)), bound))).toBe(JSON.stringify(result))
    }),
  )
})

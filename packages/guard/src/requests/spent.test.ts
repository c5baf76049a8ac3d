import { expect, test } from 'vitest'
import { get } from '../wire.test-support.ts'
import { createSpentProofs } from './spent.ts'

const presented = { token: 'token', proof: 'proof' }

test('a proof has counted for the request that it came with', () => {
  const spent = createSpentProofs()
  const request = get('/export')
  expect(spent.isSpent(request, presented)).toBe(false)
  spent.mark(request, presented)
  expect(spent.isSpent(request, { ...presented })).toBe(true)
  expect(spent.isSpent(request, { ...presented, token: 'other' })).toBe(false)
  expect(spent.isSpent(request, { ...presented, proof: 'other' })).toBe(false)
})

test('threat: a copy of a request that passed, or what inherits from it, passes with its proof', () => {
  const spent = createSpentProofs()
  const request = get('/export')
  spent.mark(request, presented)
  for (const other of [{ ...request }, Object.assign(get('/pay'), request), Object.create(request)]) {
    expect(spent.isSpent(other, presented)).toBe(false)
  }
})

test('threat: what one guard has verified counts at another one, which has another origin', () => {
  const request = get('/export')
  createSpentProofs().mark(request, presented)
  expect(createSpentProofs().isSpent(request, presented)).toBe(false)
})

test('a request that cannot be written on is remembered all the same', () => {
  const spent = createSpentProofs()
  const [request, other] = [Object.freeze(get('/export')), Object.freeze(get('/export'))]
  spent.mark(request, presented)
  expect([spent.isSpent(request, presented), spent.isSpent(other, presented)]).toEqual([true, false])
})

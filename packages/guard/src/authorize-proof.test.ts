import type { AssuranceClaims } from '@stile/protocol'
import { beforeEach, describe, expect, test } from 'vitest'
import { ask, asked, look, NOW, parts, presented, REFUSED, resetParts, VALID, withToken } from './authorizer.test-support.ts'
import { get } from './wire.test-support.ts'

beforeEach(resetParts)

describe('the device proof', () => {
  test('threat: a token without its key', () => {
    parts.proof = REFUSED
    expect(ask()).toBe('invalid_dpop_proof')
    parts.proof = VALID
    expect(withToken({ cnf: undefined } as unknown as Partial<AssuranceClaims>)).toBe('invalid_token')
    expect(asked.used).toEqual([])
  })

  test('threat: a recorded request is sent again, or more requests than can be remembered', () => {
    parts.replay = 'replayed'
    expect(ask()).toBe('invalid_dpop_proof')
    parts.replay = 'full'
    expect(ask()).toBe('service_unavailable')
  })

  test('a proof counts once per request, however many features are asked for', () => {
    const request = presented()
    expect([ask({ request }), ask({ request, feature: 'payouts.approve' })]).toEqual(['ok', 'ok'])
    expect(asked.used).toHaveLength(1)
    expect(ask()).toBe('ok')
    expect(asked.used).toHaveLength(2)
  })

  test.each([
    ['another token', { Authorization: 'DPoP other', DPoP: 'proof' }],
    ['another proof', { Authorization: 'DPoP token', DPoP: 'other' }],
  ])('threat: a request that passed brings %s, which nobody verifies', (_, later) => {
    let headers: Readonly<Record<string, string>> = { Authorization: 'DPoP token', DPoP: 'proof' }
    const request = { method: 'GET', url: '/export', header: (name: string) => get('/', headers).header(name) }
    expect(ask({ request })).toBe('ok')
    headers = later
    parts.proof = REFUSED
    expect(ask({ request })).toBe('invalid_dpop_proof')
  })

  test('threat: a refused request makes its proof pass without a look the next time', () => {
    const request = presented()
    parts.replay = 'replayed'
    expect(ask({ request })).toBe('invalid_dpop_proof')
    expect(ask({ request })).toBe('invalid_dpop_proof')
    expect(asked.used).toHaveLength(2)
  })

  test.each(['nonce_missing', 'nonce_refused'] as const)('a proof with %s is asked for again and uses up nothing', (reason) => {
    parts.proof = { status: 'refused', reason }
    expect(ask()).toBe('use_dpop_nonce')
    expect(asked.used).toEqual([])
  })

  test('a nonce that is getting old is replaced with the answer that it passes with, and only there', () => {
    parts.proof = { ...VALID, nextNonce: 'newer' } as typeof VALID
    expect(look()).toMatchObject({ ok: true, headers: { 'DPoP-Nonce': 'newer' } })
    parts.proof = VALID
    expect(look()).not.toHaveProperty('headers')
  })

  test('what is remembered of a used proof is the time that its freshness was judged by', () => {
    parts.proof = { ...VALID, madeAt: NOW - 45 } as typeof VALID
    expect(ask()).toBe('ok')
    expect(asked.used).toMatchObject([{ madeAt: NOW - 45 }])
  })
})

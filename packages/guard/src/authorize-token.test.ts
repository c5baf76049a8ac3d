import { licenseClaim } from '@stile/protocol'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  act,
  actor,
  ask,
  asked,
  came,
  DEVICE,
  look,
  NOW,
  parts,
  resetParts,
  STEP_UP,
  tokenOf,
  tried,
  withToken,
} from './authorizer.test-support.ts'
import { ada, get, license, mfa } from './wire.test-support.ts'

beforeEach(resetParts)

test('a good token with its proof passes, and the proof is used with the device and subject of the token', () => {
  const outcome = look()
  expect(outcome).toMatchObject({ ok: true, decision: { outcome: 'permit' }, claims: { jti: 'token-1' } })
  expect(asked.tokens).toEqual(['token'])
  expect(asked.proofs).toEqual([{ proof: 'proof', method: 'GET', url: '/export', token: 'token', jkt: DEVICE }])
  expect(asked.used).toMatchObject([{ subject: 'demo|ada', jkt: DEVICE, jti: 'proof', madeAt: NOW }])
})

describe('the token', () => {
  test('threat: no token at all, or one that two readers would read differently', () => {
    expect(ask({ request: get('/export') })).toBe(STEP_UP)
    expect(ask({ request: get('/export', { Authorization: ['DPoP a', 'DPoP b'], DPoP: 'proof' }) })).toBe('invalid_token')
    expect(asked.tokens).toEqual([])
  })

  test('threat: a token that its verifier refuses', () => {
    parts.token = { status: 'invalid', why: 'Wrong.' }
    expect(ask()).toBe('invalid_token')
    expect(asked.proofs).toEqual([])
  })

  test('threat: keys that cannot be fetched let any token pass', async () => {
    parts.token = { status: 'unavailable' }
    expect(ask()).toBe('service_unavailable')
    parts.token = { status: 'pending', wait: Promise.resolve('anything') }
    const outcome = look()
    expect(outcome).toMatchObject({ pending: 'keys', otherwise: { problem: { code: 'service_unavailable' } } })
    expect(await came(outcome)).toBe(true)
  })

  test('threat: a token of Stile sent as Bearer needs no key; the token of the application is another matter', () => {
    const request = get('/export', { Authorization: 'Bearer token', DPoP: 'proof' })
    expect(ask({ request })).toBe('invalid_token')
    for (const token of [{ status: 'invalid', why: 'Wrong.' }, { status: 'unavailable' }] as const) {
      parts.token = token
      expect(ask({ request })).toBe(STEP_UP)
    }
  })

  test('threat: a revoked token goes on', () => {
    parts.isRevoked = true
    expect(ask()).toBe('invalid_token')
  })

  test('threat: the token of another subject, account or session', () => {
    expect(withToken({ sub: 'demo|eve' })).toBe('invalid_token')
    expect(withToken({ account: 'evil' })).toBe('invalid_token')
    expect(withToken({ sid: 'sid-2' }, { identity: { ...ada, sid: 'sid-1' } })).toBe('invalid_token')
    expect(withToken({ sid: 'sid-1' }, { identity: { ...ada, sid: 'sid-1' } })).toBe('ok')
    expect(withToken({ sid: 'sid-2' })).toBe('ok')
  })

  test('threat: staff uses the token of the customer, or of other staff', () => {
    expect(withToken({}, { identity: actor })).toBe('invalid_token')
    expect(withToken({ act: { sub: 'other' } }, { identity: actor })).toBe('invalid_token')
    expect(withToken({ act }, { identity: actor })).toBe('ok')
  })

  test('threat: a token that staff got for itself opens what only the customer may, because the application names no actor', () => {
    expect(withToken({ act }, { feature: 'notes.own' })).toBe('denied: actor_not_allowed')
    expect(withToken({}, { feature: 'notes.own' })).toBe('ok')
    expect(withToken({ act })).toBe('ok')
    // what is refused uses up no proof
    expect(asked.used).toHaveLength(2)
  })

  test('threat: a license that has ended by itself goes on in the token until the token ends', () => {
    const at = (changesAt: number) => withToken({ lic: licenseClaim(license('pro', 3, { changesAt })) })
    expect([NOW - 1, NOW, NOW + 1].map(at)).toEqual(['invalid_token', 'invalid_token', 'ok'])
  })

  test('threat: a token for one operation of another feature', () => {
    const detail = { type: 'stile_operation', digest: 'd', salt: 's' } as const
    expect(withToken({ authorization_details: [{ ...detail, feature: 'payouts.approve' }] })).toBe('invalid_token')
    expect(withToken({ authorization_details: [{ ...detail, feature: 'reports.export' }] })).toBe('ok')
    const both = [
      { ...detail, feature: 'reports.export' },
      { ...detail, feature: 'payouts.approve' },
    ]
    expect(withToken({ authorization_details: both })).toBe('invalid_token')
  })

  test('threat: a weak or an old proof of identity, or a risk that came since', () => {
    expect(withToken({ proofs: [] })).toBe(STEP_UP)
    expect(withToken({ proofs: [{ ...mfa, amr: [], auth_time: NOW - 901 }] })).toMatch(/^insufficient_user_authentication/)
    expect(withToken({ risk: 'critical' })).toBe('denied: risk_denied')
    expect(asked.used).toEqual([])
  })
})

describe('the epoch of the license', () => {
  const claim = (tier: string, epoch: number) => ({ lic: licenseClaim(license(tier, epoch)) })
  const pay = { feature: 'payouts.approve' } as const

  test('threat: a token from before a downgrade', () => {
    expect(withToken(claim('pro', 2))).toBe('invalid_token')
    expect(withToken({ lic: null })).toBe('invalid_token')
  })

  test('threat: a token says more than the license of the same epoch', () => {
    parts.license = license('basic', 3)
    expect(withToken(claim('pro', 3), pay)).toBe('license_required: license_required')
  })

  test('a token that knows a newer license makes the guard fetch it once; then the newer one decides', async () => {
    parts.license = license('basic', 3)
    parts.token = tokenOf(claim('pro', 4))
    const outcome = look(pay)
    expect(outcome).toMatchObject({ pending: 'newer-license', otherwise: { problem: { code: 'service_unavailable' } } })
    expect(asked.fills).toEqual([['acme', 'demo|ada']])
    expect(await came(outcome)).toBe(true)
    expect(ask({ ...pay, ...tried('newer-license') })).toBe('ok')
    expect(asked.fills).toHaveLength(1)
    parts.license = license('pro', 3)
    expect(withToken(claim('basic', 4), { ...pay, ...tried('newer-license') })).toBe('license_required: license_required')
  })

  test('threat: a license that the service has just said is gone lives on in the token', () => {
    parts.license = null
    expect(withToken(claim('pro', 4), pay)).toBe('pending newer-license')
    expect(withToken(claim('pro', 4), { ...pay, ...tried('newer-license') })).toBe('license_required: license_required')
    expect(withToken(claim('pro', 0), pay)).toBe('pending newer-license')
    expect(withToken({ lic: null }, pay)).toBe('license_required: license_required')
  })

  test('threat: any token turns a missing license into another answer, which tells what the token is worth', () => {
    parts.license = license('basic', 3)
    for (const token of [tokenOf(), { status: 'invalid', why: 'Wrong.' }, { status: 'pending', wait: Promise.resolve() }] as const) {
      parts.token = token
      expect(ask(pay)).toBe('license_required: license_required')
    }
  })
})

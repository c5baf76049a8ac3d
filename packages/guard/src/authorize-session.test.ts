import { beforeEach, describe, expect, test } from 'vitest'
import { actor, ask, asked, came, look, NOW, parts, resetParts, tried } from './authorizer.test-support.ts'
import { license } from './wire.test-support.ts'

beforeEach(resetParts)

describe('the session alone', () => {
  test('threat: a feature that the policy does not have is open', () => {
    expect(ask({ feature: 'reports.exprot' })).toBe('denied: unknown_feature')
    expect(asked.lookups).toEqual([])
  })

  test('passes a feature that needs no more, and uses no token', () => {
    const outcome = look({ feature: 'reports.view' })
    expect(outcome).toMatchObject({ ok: true })
    expect(outcome).not.toHaveProperty('claims')
    expect(asked.tokens).toEqual([])
  })

  test('threat: a license that is not known counts as one; it is fetched first, for this account and subject', async () => {
    parts.license = undefined
    const outcome = look({ feature: 'reports.view' })
    expect(outcome).toMatchObject({ pending: 'license', otherwise: { problem: { code: 'service_unavailable' } } })
    expect(asked.fills).toEqual([['acme', 'demo|ada']])
    expect(await came(outcome)).toBe(true)
  })

  test('threat: a stale license serves a feature that did not ask for it', () => {
    ask({ feature: 'reports.late' })
    ask({ feature: 'reports.view' })
    expect(asked.lookups).toEqual([
      ['acme', 'demo|ada', true],
      ['acme', 'demo|ada', false],
    ])
  })

  test('threat: staff acting for a customer uses what only the customer may', () => {
    expect(ask({ feature: 'notes.read', identity: actor })).toBe('denied: actor_not_allowed')
    expect(ask({ feature: 'notes.read' })).toBe('ok')
    expect(ask({ feature: 'reports.view', identity: actor })).toBe('ok')
  })

  test('threat: a proof for one operation is asked for although this API cannot check it', () => {
    expect(ask({ feature: 'payouts.bound' })).toBe('denied: operation_unbound')
    expect(asked.tokens).toEqual([])
  })
})

describe('a silent feed', () => {
  test('threat: revocations are not heard, and a stolen token goes on', () => {
    parts.fedAt = NOW - 30
    expect(ask()).toBe('ok')
    for (const fedAt of [NOW - 31, Number.NEGATIVE_INFINITY, Number.NaN]) {
      parts.fedAt = fedAt
      expect(ask()).toBe('service_unavailable')
    }
  })

  test('a feed that is being opened is waited for once', async () => {
    parts.fedAt = NOW - 31
    parts.starting = Promise.resolve(true)
    const outcome = look()
    expect(outcome).toMatchObject({ pending: 'feed', otherwise: { problem: { code: 'service_unavailable' } } })
    expect(await came(outcome)).toBe(true)
    expect(ask(tried('feed'))).toBe('service_unavailable')
  })

  test('does not make a missing license look like an outage, and no token is read', () => {
    parts.fedAt = NOW - 31
    parts.license = license('basic', 3)
    expect(ask({ feature: 'payouts.approve' })).toBe('license_required: license_required')
    expect(asked.tokens).toEqual([])
  })
})

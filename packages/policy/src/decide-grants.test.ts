import { describe, expect, test } from 'vitest'
import { license } from './example.test-support.ts'
import { definePolicy, parsePolicy } from './policy.ts'
import { ask, document, sources, TIERS } from './small-policy.test-support.ts'
import { tierChain } from './tiers.ts'

describe('threat: what a license grants in two ways is asked for in the weaker one', () => {
  test('an extra feature that the tier includes as well keeps the demand of the tier', () => {
    expect(ask('open', { license: license('pro', { features: ['open'] }) })).toMatchObject({
      outcome: 'step_up',
      requirement: { level: 'phr' },
    })
    expect(ask('open', { license: license('basic', { features: ['open'] }) }).outcome).toBe('permit')
    expect(ask('open', { license: license('basic', { features: [] }) }).outcome).toBe('upgrade')
  })

  test.each([
    ['trialing', 'upgrade', 'license_required'],
    ['active', 'upgrade', 'license_required'],
    ['past_due', 'upgrade', 'license_expired'],
    ['suspended', 'deny', 'license_suspended'],
    ['expired', 'upgrade', 'license_expired'],
    ['canceled', 'upgrade', 'license_expired'],
  ] as const)('a license that is %s and good for nothing says so', (state, outcome, code) => {
    const states = { [state]: 'none' }
    const decision = ask('view', { license: license('basic', { state }) }, { license: { states } })
    expect(decision).toMatchObject({ outcome, reasons: [{ code, source: `/license/states/${state}` }] })
  })

  test('a pointer leads to the deepest member that there is', () => {
    const ended = { license: license('basic', { state: 'expired' }) }
    expect(sources(ask('view', ended))).toEqual([''])
    expect(sources(ask('view', ended, { license: {} }))).toEqual(['/license'])
    expect(sources(ask('view', ended, { license: { states: {} } }))).toEqual(['/license/states'])
    expect(sources(ask('view', ended, { license: { states: { expired: 'none' } } }))).toEqual(['/license/states/expired'])
    expect(sources(ask('view', { license: null }, { license: { none: 'none' } }))).toEqual(['/license/none'])
    expect(sources(ask('open', { license: null }, { license: { none: { tier: 'basic' } } }))).toEqual(['/tiers/basic'])
  })

  test('a refusal names the tiers that would do by their labels, or else by their names', () => {
    const tiers = { ...TIERS, gold: { label: 'Gold plan', features: ['pay'] } }
    const { message } = ask('pay', { license: license('basic') }, { tiers }).reasons[0] ?? {}
    expect(message).toContain('basic')
    expect(message).toContain('pro or Gold plan')
  })

  test('threat: a feature counts as on trial, so that a guard lets it pass. Only the one that the policy says is', () => {
    const features = { ...document.features, view: { enforce: 'on' }, open: { enforce: 'observe' } }
    const enforced = ['view', 'open', 'pay'].map((feature) => ask(feature, {}, { features }).enforced)
    expect(enforced).toEqual([true, false, true])
  })

  test('threat: a name that is also what a missing one reads as. A tier named undefined grants and asks nothing for others', () => {
    const tiers = { ...TIERS, undefined: { features: ['pay', 'open'], requires: { level: 'phrh' } } }
    expect(ask('pay', { license: license('basic') }, { tiers }).outcome).toBe('upgrade')
    expect(ask('open', { license: license('basic', { features: ['open'] }) }, { tiers }).outcome).toBe('permit')
    expect(tierChain(definePolicy({ ...document, tiers } as never), 'basic' as never)).toEqual(['basic'])
  })

  test('threat: tiers that include each other never end', () => {
    const tiers = { basic: { extends: 'pro', features: ['view'] }, pro: { extends: 'basic', features: ['open', 'pay'] } }
    expect(parsePolicy({ ...document, tiers }).ok).toBe(false)
  })

  test('threat: a compliance rule that the policy does not have is taken for one that asks nothing', () => {
    for (const compliance of [undefined, {}])
      for (const name of ['law', 'constructor']) {
        const features = { ...document.features, open: { compliance: [name] } }
        const issues = [expect.objectContaining({ path: '/features/open/compliance/0' })]
        expect(parsePolicy({ ...document, features, ...(compliance && { compliance }) })).toEqual({ ok: false, issues })
      }
  })

  test('a compliance rule that cannot be read is told once, and what uses it is not', () => {
    for (const name of ['law', 'constructor']) {
      const features = { ...document.features, open: { compliance: [name] } }
      const { issues = [] } = parsePolicy({ ...document, features, compliance: { [name]: 'the law' } }) as { issues?: { path: string }[] }
      expect(issues.map(({ path }) => path)).toEqual([`/compliance/${name}`])
    }
  })

  test('a tier without a list of features adds none', () => {
    expect(ask('open', { license: license('bare') }, { tiers: { ...TIERS, bare: {} } }).outcome).toBe('upgrade')
    expect(tierChain(definePolicy(document as never), 'gone' as never)).toEqual([])
  })
})

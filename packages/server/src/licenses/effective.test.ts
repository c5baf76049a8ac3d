import { decide, definePolicy, type Policy, parsePolicy, tiersInForce } from '@stile/policy'
import { LICENSE_STATES, parseLicense } from '@stile/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LicenseRecord } from '../stores/store.ts'
import { effectiveLicense, featuresOfTier } from './effective.ts'

const NOW = 1_800_000_000
const DAY = 86_400

const document = {
  format: 1,
  features: { view: {}, export: {}, approve: {}, side: {} },
  tiers: {
    basic: { features: ['view'] },
    pro: { extends: 'basic', features: ['export'] },
    enterprise: { extends: 'pro', features: ['approve'] },
    beside: { features: ['side'] },
  },
} as const

const policyWith = (license: object): Policy => {
  const parsed = parsePolicy({ ...document, license })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues))
  return parsed.policy
}
const policy = definePolicy({ ...document, license: { states: { past_due: { for: '7d', then: { tier: 'basic' } } } } }) as Policy

const record = (change: Partial<LicenseRecord> = {}): LicenseRecord => ({
  account: 'acme',
  id: 'lic_1',
  epoch: 3,
  tier: 'pro',
  features: ['approve'],
  state: 'active',
  stateSince: NOW - 30 * DAY,
  updatedAt: NOW - 30 * DAY,
  ...change,
})

describe('the license as it counts', () => {
  test('an account without a record has none', () => {
    expect(effectiveLicense(policy, null, NOW)).toBeNull()
  })

  test('an active one counts as it is', () => {
    const requires = { level: 'mfa' } as const
    expect(effectiveLicense(policy, record({ raisedAt: 5, requires }), NOW)).toEqual({
      id: 'lic_1',
      epoch: 3,
      tier: 'pro',
      features: ['approve'],
      state: 'active',
      raisedAt: 5,
      requires,
    })
  })

  test('it is expired from the second of its end, and says before when that is', () => {
    const ending = record({ endsAt: NOW + 10 })
    expect(effectiveLicense(policy, ending, NOW)).toMatchObject({ state: 'active', changesAt: NOW + 10 })
    expect(effectiveLicense(policy, ending, NOW + 9)).toMatchObject({ state: 'active', changesAt: NOW + 10 })
    expect(effectiveLicense(policy, ending, NOW + 10)).toMatchObject({ state: 'expired' })
    expect(effectiveLicense(policy, ending, NOW + 10)).not.toHaveProperty('changesAt')
  })

  test('a grace period keeps everything, and then leaves the tier that the policy names and no extras', () => {
    const late = record({ state: 'past_due', stateSince: NOW })
    expect(effectiveLicense(policy, late, NOW)).toMatchObject({
      tier: 'pro',
      features: ['approve'],
      state: 'past_due',
      changesAt: NOW + 7 * DAY,
    })
    expect(effectiveLicense(policy, late, NOW + 7 * DAY)).toMatchObject({ tier: 'basic', features: [], state: 'past_due' })
  })

  test('what comes first changes it: the end or the grace period', () => {
    const late = record({ state: 'past_due', stateSince: NOW })
    expect(effectiveLicense(policy, { ...late, endsAt: NOW + DAY }, NOW)?.changesAt).toBe(NOW + DAY)
    expect(effectiveLicense(policy, { ...late, endsAt: NOW + 9 * DAY }, NOW)?.changesAt).toBe(NOW + 7 * DAY)
    expect(effectiveLicense(policy, { ...late, endsAt: NOW + 9 * DAY }, NOW + 8 * DAY)?.changesAt).toBe(NOW + 9 * DAY)
  })

  test('the grace period of an expired license begins when it ended, not when it was written', () => {
    const grace = policyWith({ states: { expired: { for: '3d', then: 'none' } } })
    const ended = record({ endsAt: NOW })
    expect(effectiveLicense(grace, ended, NOW + 2 * DAY)).toMatchObject({ tier: 'pro', changesAt: NOW + 3 * DAY })
    expect(worth(grace, effectiveLicense(grace, ended, NOW + 3 * DAY))).toEqual([])
  })

  test('a state that is worth nothing is worth nothing, and after a grace period too', () => {
    const strict = policyWith({ states: { past_due: { for: '7d', then: 'none' } } })
    expect(effectiveLicense(strict, record({ state: 'past_due', stateSince: NOW }), NOW + 7 * DAY)).toMatchObject({
      state: 'expired',
      features: [],
    })
    expect(worth(strict, effectiveLicense(strict, record({ state: 'suspended' }), NOW))).toEqual([])
  })

  test('“none” stays nothing, even if the policy lets expired and canceled licenses have a tier', () => {
    const lenient = policyWith({ states: { past_due: { for: '7d', then: 'none' }, expired: { tier: 'basic' }, canceled: 'full' } })
    const license = effectiveLicense(lenient, record({ state: 'past_due', stateSince: 0 }), NOW)
    expect(license).toMatchObject({ tier: '-', state: 'expired', features: [] })
    expect(worth(lenient, license)).toEqual([])
    expect(tiersInForce(lenient, license)).toEqual([])
  })

  test('a lower license is not raised by the tier of a state', () => {
    const generous = policyWith({ states: { past_due: { tier: 'enterprise' } } })
    expect(effectiveLicense(generous, record({ tier: 'basic', state: 'past_due', features: [] }), NOW)).toMatchObject({
      tier: 'basic',
      features: [],
    })
    const elsewhere = policyWith({ states: { past_due: { tier: 'beside' } } })
    expect(worth(elsewhere, effectiveLicense(elsewhere, record({ state: 'past_due' }), NOW))).toEqual([])
  })
})

test('the tiers in force are the tier and what it extends; none if the license is worth nothing', () => {
  expect(tiersInForce(policy, effectiveLicense(policy, record(), NOW))).toEqual(['pro', 'basic'])
  expect(tiersInForce(policy, effectiveLicense(policy, record({ state: 'suspended' }), NOW))).toEqual([])
  expect(tiersInForce(policy, effectiveLicense(policy, record({ tier: 'gone' }), NOW))).toEqual([])
  expect(tiersInForce(policy, null)).toEqual([])
  expect(tiersInForce(policyWith({ none: { tier: 'basic' } }), null)).toEqual(['basic'])
})

/** The features that a license opens. */
function worth(rules: Policy, license: ReturnType<typeof effectiveLicense>): string[] {
  const request = {
    license,
    assurance: { proofs: [{ method: 'login', level: 'phrh', amr: [], authTime: NOW } as const] },
    risk: 'normal',
    now: NOW,
  } as const
  return rules.features.filter((feature) => decide(rules, { feature, ...request }).outcome === 'permit')
}

describe('for every policy, record and time', () => {
  const tier = fc.constantFrom('basic', 'pro', 'enterprise', 'beside')
  const then = fc.oneof(fc.constant('none'), fc.record({ tier }))
  const effect = fc.oneof(fc.constantFrom('full', 'none'), fc.record({ tier }), fc.record({ for: fc.constantFrom('0s', '1d', '7d'), then }))
  const states = fc.dictionary(fc.constantFrom(...LICENSE_STATES), effect)
  const instant = fc.integer({ min: NOW - 20 * DAY, max: NOW + 20 * DAY })
  const records = fc
    .record({
      tier: fc.oneof(tier, fc.constant('gone')),
      features: fc.subarray(['view', 'export', 'approve', 'side', 'gone']),
      state: fc.constantFrom(...LICENSE_STATES),
      stateSince: instant,
      endsAt: fc.option(instant, { nil: undefined }),
    })
    .map(({ endsAt, ...rest }) => record({ ...rest, ...(endsAt !== undefined && { endsAt }) }))

  test('it never opens more than the tier and the extras of the record', () => {
    fc.assert(
      fc.property(states, records, instant, (states, found, now) => {
        const rules = policyWith({ states })
        const own = new Set([...featuresOfTier(rules, found.tier), ...found.features])
        for (const feature of worth(rules, effectiveLicense(rules, found, now))) expect(own).toContain(feature)
      }),
    )
  })

  test('threat: a license that no guard can read, so that it forgets what it knew. Every one is read as it was meant', () => {
    fc.assert(
      fc.property(states, records, instant, (states, found, now) => {
        const rules = policyWith({ states })
        const license = effectiveLicense(rules, found, now)
        const read = parseLicense(JSON.parse(JSON.stringify(license)))
        expect(read).toEqual(license)
        expect(worth(rules, read ?? null)).toEqual(worth(rules, license))
      }),
    )
  })

  test('it changes by itself only later, and at that very second it is another one or says when it is', () => {
    fc.assert(
      fc.property(states, records, instant, (states, found, now) => {
        const rules = policyWith({ states })
        const license = effectiveLicense(rules, found, now)
        const { changesAt = Number.POSITIVE_INFINITY } = license ?? {}
        expect(changesAt).toBeGreaterThan(now)
        // until then nothing changes
        const last = Math.min(changesAt - 1, now + 40 * DAY)
        expect(effectiveLicense(rules, found, last)).toEqual(license)
        if (changesAt < Number.POSITIVE_INFINITY) expect(effectiveLicense(rules, found, changesAt)?.changesAt).not.toBe(changesAt)
      }),
    )
  })

  test('time alone never opens a feature again, except if the policy makes more of the end than of the state before', () => {
    fc.assert(
      fc.property(records, instant, fc.nat(40 * DAY), (found, now, later) => {
        const before = worth(policy, effectiveLicense(policy, found, now))
        // of a record that lasts
        const { endsAt: _, ...lasting } = found
        for (const feature of worth(policy, effectiveLicense(policy, lasting, now + later))) {
          expect(worth(policy, effectiveLicense(policy, lasting, now))).toContain(feature)
        }
        expect(before).toEqual(worth(policy, effectiveLicense(policy, found, now)))
      }),
    )
  })
})

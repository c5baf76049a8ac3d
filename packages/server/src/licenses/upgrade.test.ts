import { decide, definePolicy, type Policy, parsePolicy } from '@stile/policy'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { createTestDomain, type TestDomain } from '../domain.test-support.ts'
import { effectiveLicenseOf, writeLicense } from './licenses.ts'

const DAY = 86_400
const document = {
  format: 1,
  features: { view: {}, export: { requires: { level: 'mfa' } }, wipe: { requires: { level: 'mfa' } } },
  tiers: {
    starter: { features: ['view', 'export'] },
    plus: { extends: 'starter', features: ['wipe'] },
    premium: { features: ['view', 'export', 'wipe'] },
    twin: { features: ['view', 'export'] },
    free: { features: ['view'] },
  },
} as const
const upgraded = { requires: { level: 'mfa' } } as const
const policy = definePolicy({
  ...document,
  license: { none: { tier: 'free' }, states: { past_due: { for: '7d', then: { tier: 'free' } } }, upgraded },
}) as Policy

let world: TestDomain | undefined
afterEach(() => world?.close())

async function start(rules: Policy = policy) {
  const { domain, clock, close } = await createTestDomain({ policy: rules })
  world = { close } as TestDomain
  /** Writes a license a second later, and says when it was raised: now, or before. */
  const write = async (body: object) => {
    clock.advance(1)
    const { record } = await writeLicense(domain, 'acme', body)
    return record.raisedAt === clock.now() ? 'raised' : 'as it was'
  }
  return { domain, clock, write, now: clock.now() }
}

type Change = [name: string, before: object, after: object, wait: number]
const at = (state: string, more: object = {}) => ({ tier: 'starter', state, ...more })

describe('threat: a thief in an open session waits for an upgrade. It is asked again whatever opens the feature', () => {
  test.each<Change>([
    ['a tier that extends the former', at('active'), at('active', { tier: 'plus' }), 0],
    ['a tier that only has more', at('active'), at('active', { tier: 'premium' }), 0],
    ['an extra feature', at('active'), at('active', { features: ['wipe'] }), 0],
    [
      'an extra feature beside another',
      at('active', { tier: 'free', features: ['export'] }),
      at('active', { tier: 'free', features: ['wipe'] }),
      0,
    ],
    ['a suspension that is lifted', at('suspended'), at('active'), 0],
    ['a payment after the grace period', at('past_due'), at('active'), 8 * DAY],
    ['a new grace period after the last one', at('past_due'), at('trialing'), 8 * DAY],
    ['a trial that has ended and is bought', at('trialing', { endsAt: 1_800_000_100 }), at('active'), 200],
    ['an end that is moved into the future', at('active', { endsAt: 1_800_000_100 }), at('active', { endsAt: 1_900_000_000 }), 200],
    ['a canceled license that is taken up again', at('canceled'), at('active'), 0],
  ])('%s', async (_, before, after, wait) => {
    const { clock, write } = await start()
    await write(before)
    clock.advance(wait)
    expect(await write(after)).toBe('raised')
  })

  test('a first license that opens something', async () => {
    expect(await (await start()).write(at('active'))).toBe('raised')
  })

  test('the end itself, if the policy makes more of it than of the state before', async () => {
    const parsed = parsePolicy({ ...document, license: { states: { expired: { tier: 'starter' } }, upgraded } })
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues))
    const { domain, clock, write } = await start(parsed.policy)
    await write(at('active'))
    const ends = clock.now() + 100
    await write(at('suspended', { endsAt: ends }))
    clock.advance(200)
    expect(await effectiveLicenseOf(domain, 'acme')).toMatchObject({ state: 'expired', raisedAt: ends })
    // and that stays so when the license is written again
    await write(at('suspended', { endsAt: ends, requires: { level: 'mfa' } }))
    expect(await effectiveLicenseOf(domain, 'acme')).toMatchObject({ raisedAt: ends })
  })
})

describe('nothing is asked again', () => {
  test.each<Change>([
    ['by a tier of another name with the same features', at('active'), at('active', { tier: 'twin' }), 0],
    ['by a lower tier', at('active', { tier: 'plus' }), at('active'), 0],
    ['by an extra feature that the tier has already', at('active'), at('active', { features: ['export'] }), 0],
    ['by an extra feature that becomes part of the tier', at('active', { features: ['wipe'] }), at('active', { tier: 'premium' }), 0],
    ['by a payment within the grace period', at('past_due'), at('active'), 6 * DAY],
    ['by a trial that is bought before its end', at('trialing', { endsAt: 1_800_000_100 }), at('active'), 50],
    ['by an end that is moved in time', at('active', { endsAt: 1_800_000_100 }), at('active', { endsAt: 1_900_000_000 }), 50],
    ['by a higher tier of a suspended license', at('suspended'), at('suspended', { tier: 'plus' }), 0],
    ['by a demand of the account', at('active', { requires: { level: 'phr' } }), at('active'), 0],
    ['by an end', at('active'), at('active', { endsAt: 1_800_000_001 }), 0],
  ])('%s', async (_, before, after, wait) => {
    const { clock, write } = await start()
    await write(before)
    clock.advance(wait)
    expect(await write(after)).toBe('as it was')
  })

  test('by a first license that adds nothing to what there is without one', async () => {
    const { domain, write } = await start()
    expect(await write({ tier: 'free', state: 'active' })).toBe('as it was')
    expect(await effectiveLicenseOf(domain, 'acme')).not.toHaveProperty('raisedAt')
  })
})

test('for any two licenses: whatever the second opens asks for a proof that is newer, and only then', async () => {
  const { domain, clock } = await start()
  const body = fc.record(
    {
      tier: fc.constantFrom('free', 'starter', 'plus', 'premium', 'twin'),
      state: fc.constantFrom('active', 'trialing', 'past_due', 'suspended', 'expired', 'canceled'),
      features: fc.subarray(['view', 'export', 'wipe']),
      endsIn: fc.integer({ min: -5, max: 20 * DAY }),
    },
    { requiredKeys: ['tier', 'state'] },
  )
  let account = 0
  await fc.assert(
    fc.asyncProperty(body, body, fc.integer({ min: 1, max: 15 * DAY }), async (first, second, wait) => {
      account += 1
      const write = ({ endsIn, ...rest }: typeof first) =>
        writeLicense(domain, `a${account}`, { ...rest, ...(endsIn !== undefined && { endsAt: clock.now() + endsIn }) })
      const open = async () => {
        const license = await effectiveLicenseOf(domain, `a${account}`)
        const now = clock.now() + 1
        const assurance = { proofs: [{ method: 'totp', level: 'mfa', amr: [], authTime: now } as const] }
        const request = { license, assurance, risk: 'normal', now } as const
        return policy.features.filter((feature) => decide(policy, { feature, ...request }).outcome === 'permit')
      }
      await write(first)
      clock.advance(wait)
      const before = await open()
      const { record, changed } = await write(second)
      const opened = (await open()).some((feature) => !before.includes(feature))
      if (changed) expect(record.raisedAt === clock.now()).toBe(opened)
    }),
    { numRuns: 60 },
  )
})

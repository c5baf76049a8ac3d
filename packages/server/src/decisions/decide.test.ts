import { definePolicy, parsePolicy } from '@stile/policy'
import { describe, expect, test } from 'vitest'
import { TEST_AUDIENCE, TEST_POLICY } from '../domain.test-support.ts'
import { enrol, proveTotp, start, startProven, totp } from '../standing/standing.test-support.ts'
import { loadStanding } from '../standing/standing.ts'
import { decideFor } from './decide.ts'
import { stateOf } from './state.ts'

describe('deciding', () => {
  test('steps up with what is enrolled, enrols what is missing, and permits what is proven', async () => {
    const world = await start()
    const caller = await world.caller()
    const decide = async (feature: string) => decideFor(await loadStanding(world.domain, caller), feature)
    expect(await decide('reports.view')).toMatchObject({ outcome: 'permit' })
    expect(await decide('reports.export')).toMatchObject({ outcome: 'enroll' })
    await enrol(world, totp())
    expect(await decide('reports.export')).toMatchObject({ outcome: 'step_up', next: { methods: ['totp'] } })
    expect(await decide('payouts.approve')).toMatchObject({ outcome: 'enroll' })
    await proveTotp(world, caller)
    expect(await decide('reports.export')).toMatchObject({ outcome: 'permit', until: world.clock.now() + 900 })
    world.clock.advance(901)
    expect(await decide('reports.export')).toMatchObject({ outcome: 'step_up' })
    expect(await decide('unheard.of')).toMatchObject({ outcome: 'deny', reasons: [{ code: 'unknown_feature' }] })
  })

  const bound = definePolicy({
    ...TEST_POLICY.document,
    features: {
      ...TEST_POLICY.document.features,
      pay: { requires: { level: 'mfa', bind: ['amount'] } },
      own: { actors: 'deny' },
      strict: { requires: { level: 'session', maxAge: '1m' } },
    },
    tiers: { ...TEST_POLICY.document.tiers, enterprise: { extends: 'pro', features: ['payouts.approve', 'pay', 'own', 'strict'] } },
  })

  test('an operation is permitted only where a ceremony was completed for it', async () => {
    const { world, caller } = await startProven({ policy: bound })
    const standing = await loadStanding(world.domain, caller)
    expect(decideFor(standing, 'pay')).toMatchObject({ outcome: 'step_up', requirement: { bind: ['amount'] } })
    expect(decideFor(standing, 'pay', { digest: 'abc' })).toMatchObject({ outcome: 'permit' })
  })

  test('support staff cannot use, add or learn what the customer has enrolled or proven', async () => {
    const { world } = await startProven({ policy: bound })
    // same session and same device on purpose
    const standing = await loadStanding(world.domain, await world.caller({ actor: 'support' }))
    expect(standing.proofs).toHaveLength(1)
    expect(standing.authenticators).toEqual([])
    expect((await stateOf(world.domain, standing, TEST_AUDIENCE)).authenticators).toEqual([])
    const refused = { outcome: 'deny', reasons: [{ code: 'actor_not_allowed' }] }
    expect(decideFor(standing, 'reports.view')).toMatchObject({ outcome: 'permit' })
    for (const feature of ['reports.export', 'payouts.approve', 'pay', 'own']) expect(decideFor(standing, feature)).toMatchObject(refused)
    expect(decideFor(standing, 'pay', { digest: 'abc' })).toMatchObject(refused)
    expect(decideFor(standing, 'strict')).toMatchObject({ outcome: 'permit' })
    world.clock.advance(61)
    expect(decideFor(await loadStanding(world.domain, standing.caller), 'strict')).toMatchObject({
      outcome: 'step_up',
      next: { methods: ['relogin'] },
    })
  })

  test('an acting party whose own login is strong may do what is not bound and does not refuse them', async () => {
    const world = await start({ policy: bound })
    const login = { method: 'login', level: 'phr', amr: [], authTime: world.clock.now() } as const
    const standing = await loadStanding(world.domain, await world.caller({ actor: 'support', login }))
    expect(decideFor(standing, 'payouts.approve')).toMatchObject({ outcome: 'permit' })
    expect(decideFor(standing, 'pay', { digest: 'abc' })).toMatchObject({ outcome: 'deny' })
    expect(decideFor(standing, 'own')).toMatchObject({ outcome: 'deny' })
  })

  test('an acting party does not get past a binding that only the tier or only compliance asks for', async () => {
    const parsed = parsePolicy({
      ...TEST_POLICY.document,
      features: { ...TEST_POLICY.document.features, byTier: {}, byRule: { compliance: ['sca'] } },
      tiers: {
        ...TEST_POLICY.document.tiers,
        enterprise: { extends: 'pro', features: ['byTier', 'byRule'], requires: { level: 'mfa', bind: ['amount'] } },
      },
      compliance: { sca: { requires: { level: 'mfa', bind: ['amount'] }, because: 'A rule' } },
    })
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues))
    const world = await start({ policy: parsed.policy })
    const login = { method: 'login', level: 'phr', amr: [], authTime: world.clock.now() } as const
    // as at the end of a ceremony for the operation; the login beside it proves none
    const proofs = [login, { ...login, method: 'totp', level: 'mfa' }] as const
    const own = { ...(await loadStanding(world.domain, await world.caller({ login }))), proofs }
    const acting = { ...(await loadStanding(world.domain, await world.caller({ login, actor: 'support' }))), proofs }
    expect(decideFor({ ...own, proofs: [login] }, 'byTier', { digest: 'abc' }).outcome).not.toBe('permit')
    for (const feature of ['byTier', 'byRule']) {
      expect(decideFor(own, feature, { digest: 'abc' })).toMatchObject({ outcome: 'permit' })
      expect(decideFor(acting, feature, { digest: 'abc' })).toMatchObject({ outcome: 'deny', reasons: [{ code: 'actor_not_allowed' }] })
    }
  })
})

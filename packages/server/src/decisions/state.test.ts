import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { TEST_AUDIENCE } from '../domain.test-support.ts'
import { enrol, passkey, start } from '../standing/standing.test-support.ts'
import { loadStanding } from '../standing/standing.ts'
import { stateOf } from './state.ts'

describe('the state', () => {
  test('has a decision for every feature and a token for what is proven', async () => {
    const world = await start()
    await enrol(world, passkey)
    const standing = await loadStanding(world.domain, await world.caller())
    const state = await stateOf(world.domain, standing, TEST_AUDIENCE)
    expect(state).toMatchObject({
      revision: standing.revision,
      now: world.clock.now(),
      subject: 'main|alice',
      account: 'acme',
      license: { tier: 'enterprise' },
      tiers: ['enterprise', 'pro', 'basic'],
      risk: { band: 'normal', reasons: [] },
      authenticators: [{ id: 'auth_key', method: 'passkey', level: 'phr', name: 'Laptop', createdAt: 1, lastUsedAt: 5 }],
      token: { acr: 'urn:stile:acr:session', expiresAt: world.clock.now() + 300 },
    })
    expect(Object.keys(state.decisions)).toEqual(['reports.view', 'reports.export', 'payouts.approve'])
    expect(state).not.toHaveProperty('actor')
    expect(decodeJwt(state.token.token).aud).toBe(TEST_AUDIENCE)
  })

  test('names who acts', async () => {
    const world = await start()
    const state = await stateOf(world.domain, await loadStanding(world.domain, await world.caller({ actor: 'support' })), TEST_AUDIENCE)
    expect(state).toMatchObject({ subject: 'main|alice', actor: 'support' })
  })
})

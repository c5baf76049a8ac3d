import { decide } from '@stile/policy'
import type { Authenticator, Band, Level, License, LicenseState, Proof, State } from '@stile/protocol'
import { BANDS, LEVELS, LICENSE_STATES } from '@stile/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { call, NOW, policy } from '../example.test-support.ts'
import { createTestService } from '../service.ts'
import { createClock } from './clock.ts'
import { authenticatorOf, licenseOf } from './world.ts'

const times = fc.constantFrom(0, 60, 119, 120, 121, 300, 301, 900, 901, 43_201, 100_000).map((age) => NOW - age)
const licenses: fc.Arbitrary<License | null> = fc.option(
  fc
    .record(
      {
        epoch: fc.nat(3),
        state: fc.constantFrom<LicenseState>(...LICENSE_STATES),
        raisedAt: times,
        features: fc.subarray([...policy.features]),
      },
      { requiredKeys: [] },
    )
    .chain((members) => fc.constantFrom('basic', 'pro', 'enterprise', 'foreign').map((tier) => licenseOf(tier, members))),
)
const proofs: fc.Arbitrary<readonly Proof[]> = fc.array(
  fc.record({
    method: fc.constantFrom<Proof['method']>('totp', 'passkey'),
    level: fc.constantFrom<Level>(...LEVELS),
    amr: fc.constant([]),
    authTime: times,
  }),
  { maxLength: 3 },
)
const authenticators: fc.Arbitrary<readonly Authenticator[]> = fc
  .subarray(['passkey', 'totp'] as const)
  .map((methods) => methods.map((method) => authenticatorOf(method)))

test('it decides exactly as the policy does, for every world', async () => {
  const given = fc.record({ license: licenses, proofs, authenticators, risk: fc.constantFrom<Band>(...BANDS), loginAt: times })
  await fc.assert(
    fc.asyncProperty(given, async (world) => {
      const service = createTestService({ policy, clock: createClock(NOW), given: world })
      const { decisions } = (await call(service, 'GET', '/v1/state')).body as State
      const login: Proof = { method: 'login', level: 'session', amr: ['pwd'], authTime: world.loginAt }
      for (const feature of policy.features) {
        const request = {
          feature,
          license: world.license,
          risk: world.risk,
          enrolled: world.authenticators,
          assurance: { proofs: [login, ...world.proofs] },
          now: NOW,
        }
        expect(decisions[feature]).toEqual(JSON.parse(JSON.stringify(decide(policy, request))))
      }
    }),
  )
})

test.each<[License | null, readonly string[]]>([
  [licenseOf('enterprise'), ['enterprise', 'pro', 'basic']],
  [licenseOf('pro', { state: 'trialing' }), ['pro', 'basic']],
  [licenseOf('pro', { state: 'suspended' }), []],
  [licenseOf('pro', { state: 'expired' }), []],
  [licenseOf('foreign'), []],
  [null, ['basic']],
])('the tiers in force are those that the license grants: %j', async (license, tiers) => {
  const service = createTestService({ policy, given: { license } })
  expect((await call(service, 'GET', '/v1/state')).body).toMatchObject({ tiers })
})

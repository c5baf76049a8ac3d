import { definePolicy } from '@stile/policy'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDomain, TEST_AUDIENCE } from '../domain.test-support.ts'
import { loadStanding } from '../standing/standing.ts'
import { issueToken } from '../tokens/issue.ts'
import { writeLicense } from './licenses.ts'

/** The longest token that a guard reads. */
const LONGEST_TOKEN = 8_192

async function start(names: readonly string[]) {
  const world = await createTestDomain({
    policy: definePolicy({
      format: 1,
      features: Object.fromEntries(names.map((name) => [name, {}])),
      tiers: { basic: {} },
      risk: { elevated: { level: 'mfa', maxAge: '5m' }, high: { level: 'phr', maxAge: '5m' }, critical: 'deny' },
      license: { none: { tier: 'basic' } },
    }),
  })
  onTestFinished(() => world.close())
  return world
}

test.each([
  { count: 256, length: 12, written: true },
  { count: 256, length: 13, written: false },
  { count: 256, length: 64, written: false },
  { count: 61, length: 64, written: true },
  { count: 62, length: 64, written: false },
])(
  'threat: a license with $count features of $length characters shuts its account out, because no guard reads its tokens',
  async ({ count, length, written }) => {
    const names = Array.from({ length: count }, (_, index) => `f${index}.`.padEnd(length, 'x'))
    const world = await start(names)
    const writing = writeLicense(world.domain, 'acme', { tier: 'basic', state: 'active', features: names })
    if (written) await writing
    else await expect(writing).rejects.toMatchObject({ code: 'invalid_request', members: { errors: [{ pointer: '/features' }] } })
    const standing = await loadStanding(world.domain, await world.caller())
    const { token } = await issueToken(world.domain, standing, { audience: TEST_AUDIENCE })
    expect(token.length).toBeLessThan(LONGEST_TOKEN)
  },
)

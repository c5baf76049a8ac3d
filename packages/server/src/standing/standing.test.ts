import { describe, expect, test } from 'vitest'
import { publicAuthenticator } from './counted.ts'
import { enrol, passkey, start, startProven, totp } from './standing.test-support.ts'
import { loadStanding } from './standing.ts'

describe('where a caller stands', () => {
  test('is the login, what was proven here, what is enrolled, the license and the risk', async () => {
    const { world, caller } = await startProven()
    const standing = await loadStanding(world.domain, caller)
    expect(standing).toMatchObject({
      caller,
      license: { tier: 'enterprise', state: 'active', epoch: 1 },
      proofs: [
        caller.login,
        { method: 'totp', level: 'mfa', amr: ['otp', 'mfa'], authTime: world.clock.now(), authenticatorId: 'auth_totp' },
      ],
      authenticators: [{ id: 'auth_totp' }],
      risk: { band: 'normal', reasons: [] },
      now: world.clock.now(),
    })
  })

  test('a second key on one session starts with no proofs', async () => {
    const { world } = await startProven()
    for (const other of [{ jkt: 'another-key' }, { sid: 's2' }, { sub: 'bob' }])
      expect((await loadStanding(world.domain, await world.caller(other))).proofs).toHaveLength(1)
  })

  test('a change that happens while it is read has a greater cursor than its revision', async () => {
    const world = await start()
    const { store } = world.domain
    // the last thing that is read appends a change first, as another instance could
    const slow = {
      ...store,
      authenticators: {
        ...store.authenticators,
        list: async (subject: string) => {
          await enrol(world, totp())
          return store.authenticators.list(subject)
        },
      },
    }
    const standing = await loadStanding({ ...world.domain, store: slow }, await world.caller())
    expect(standing.revision).toBeLessThan(await store.changes.head())
  })
})

test('an authenticator is shown without keys, secrets and counters', () => {
  expect(publicAuthenticator(totp())).toEqual({
    id: 'auth_totp',
    method: 'totp',
    level: 'mfa',
    name: 'Phone',
    createdAt: 1,
    boundBy: { method: 'login', level: 'session' },
  })
  expect(Object.keys(publicAuthenticator(passkey)).sort()).toEqual(['boundBy', 'createdAt', 'id', 'lastUsedAt', 'level', 'method', 'name'])
})

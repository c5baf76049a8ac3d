import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestDomain, TEST_AUDIENCE, TEST_CLIENT, type TestDevice, type TestDomain } from '../domain.test-support.ts'
import { recordProof } from '../proofs/record.ts'
import { loadStanding } from '../standing/standing.ts'
import { claimsOf } from '../step-ups/world.test-support.ts'
import { issueToken } from '../tokens/issue.ts'
import { type CallerReader, createCallerReader } from './authenticate.ts'
import type { Caller } from './caller.ts'
import { endNamedSession, endSession, endSessions, signOut } from './end-sessions.ts'

/** What was proven lives as long as the session that it was proven in: idle, absolute, and every way in which one ends. */
describe('what was proven, and the life of its session', () => {
  let world: TestDomain
  let callers: CallerReader
  let device: TestDevice
  beforeEach(async () => {
    world = await createTestDomain({ options: { session: { idleSeconds: 600, absoluteSeconds: 3600 } } })
    callers = createCallerReader(world.domain, { fetch: globalThis.fetch })
    device = await world.device()
  })
  afterEach(() => world.close())

  const enter = async (claims: Readonly<Record<string, unknown>> = {}): Promise<Caller> => {
    const token = world.issuer.mint(claims)
    const dpop = await device.proof({ method: 'GET', path: '/v1/state', token })
    return callers.authenticate({ method: 'GET', path: '/v1/state', authorization: `Bearer ${token}`, dpop, client: TEST_CLIENT })
  }
  /** The methods that a token names as proven. */
  const proven = async (caller: Caller): Promise<readonly string[]> => {
    const standing = await loadStanding(world.domain, caller)
    const { proofs } = claimsOf(await issueToken(world.domain, standing, { audience: TEST_AUDIENCE }))
    return (proofs as readonly { method: string }[]).map(({ method }) => method)
  }
  const prove = async (caller: Caller): Promise<void> => {
    const proof = { method: 'relogin', level: 'mfa', amr: ['pwd', 'otp', 'mfa'], authTime: world.clock.now() } as const
    await recordProof(world.domain, await loadStanding(world.domain, caller), proof)
    expect(await proven(caller)).toEqual(['login', 'relogin'])
  }
  const refused = { code: 'session_ended' }

  test('lives on while the session is used, up to its absolute lifetime and not a second longer', async () => {
    const login = world.clock.now()
    await prove(await enter({ auth_time: login }))
    for (let age = 590; age < 3600; age += 590) {
      world.clock.advance(590)
      expect(await proven(await enter({ auth_time: login }))).toEqual(['login', 'relogin'])
    }
    world.clock.advance(3599 - 590 * 6)
    expect(await proven(await enter({ auth_time: login }))).toEqual(['login', 'relogin'])
    world.clock.advance(1)
    await expect(enter({ auth_time: login })).rejects.toMatchObject(refused)
    expect(await proven(await enter({ auth_time: world.clock.now() }))).toEqual(['login'])
  })

  test('ends if the session was unused for too long, and the next login begins without it', async () => {
    const login = world.clock.now()
    await prove(await enter({ auth_time: login }))
    world.clock.advance(600)
    await expect(enter({ auth_time: login })).rejects.toMatchObject(refused)
    expect(await proven(await enter({ auth_time: world.clock.now() }))).toEqual(['login'])
  })

  test.each<[string, (caller: Caller) => Promise<void>]>([
    ['its user signs out', (caller) => signOut(world.domain, caller)],
    ['the login provider ends it', ({ sid }) => endNamedSession(world.domain, { issuer: 'main', sid })],
    ['support ends it', ({ subject, sid }) => endSession(world.domain, { subject, sid })],
    ['all are ended', ({ subject }) => endSessions(world.domain, { subject })],
  ])('ends if %s, and a token that is still good in time opens nothing', async (_, end) => {
    const caller = await enter()
    await prove(caller)
    await end(caller)
    await expect(enter()).rejects.toMatchObject(refused)
    expect(await world.domain.store.proofs.list({ subject: caller.subject, sid: caller.sid, jkt: caller.jkt })).toEqual([])
    // whoever came in before the end and proves afterwards
    const late = { method: 'passkey', level: 'phr', amr: ['pop', 'user', 'mfa'], authTime: world.clock.now() } as const
    await expect(recordProof(world.domain, await loadStanding(world.domain, caller), late)).rejects.toMatchObject(refused)
  })
})

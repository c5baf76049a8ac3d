import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestDomain, TEST_AUDIENCE, type TestDomain } from '../domain.test-support.ts'
import { loadStanding } from '../standing/standing.ts'
import { claimsOf } from '../step-ups/world.test-support.ts'
import { deviceSession } from '../stores/session-names.ts'
import { issueToken } from '../tokens/issue.ts'
import type { Caller } from './caller.ts'
import { endNamedSession, endSession, endSessions } from './end-sessions.ts'
import { sessionKey } from './session-key.ts'

describe('the end of sessions', () => {
  let world: TestDomain
  beforeEach(async () => {
    world = await createTestDomain()
  })
  afterEach(() => world.close())

  const touch = (caller: Caller, authTime?: number, issuedAt?: number) => world.arrive(caller, { authTime, issuedAt })
  const prove = ({ subject, sid, jkt }: Caller) =>
    world.domain.store.proofs.record({
      key: { subject, sid, jkt },
      proof: { method: 'totp', level: 'mfa', amr: [], authTime: world.clock.now() },
      change: { at: world.clock.now(), type: 'proofs', subject, sid },
    })
  const deviceOf = (name: string) => world.unseen({ jkt: name.padEnd(43, '-'), sid: deviceSession(name.padEnd(43, '-')) })

  test('threat: a thief in another session stays in after the owner has ended all of them', async () => {
    const owner = await world.caller()
    const thief = await world.caller({ sid: 's2', jkt: 'thief' })
    const sameLogin = await world.caller({ jkt: 'thief' })
    for (const caller of [owner, thief, sameLogin]) await touch(caller)
    world.clock.advance(60)
    await endSessions(world.domain, { subject: owner.subject, except: sessionKey(owner) })
    expect(await touch(owner)).toBe('known')
    for (const caller of [thief, sameLogin]) expect(await touch(caller)).toBe('ended')
    expect(await touch(world.unseen({ sid: 's3', jkt: 'thief', login: owner.login }))).toBe('ended')
    world.clock.advance(60)
    expect(await touch(thief, world.clock.now())).toBe('new')
  })

  test('what was issued before is revoked, and what is issued to the session that goes on is newer', async () => {
    const owner = await world.caller()
    await touch(owner)
    const issue = async () => {
      const standing = await loadStanding(world.domain, owner)
      return claimsOf(await issueToken(world.domain, standing, { audience: TEST_AUDIENCE })).iat as number
    }
    const before = await issue()
    await endSessions(world.domain, { subject: owner.subject, except: sessionKey(owner) })
    const revokedBefore = await world.domain.store.changes.revokedBefore(owner.subject)
    expect(revokedBefore).toBe(world.clock.now())
    expect(before).toBeLessThanOrEqual(revokedBefore)
    // in the same second
    expect(await issue()).toBeGreaterThan(revokedBefore)
  })

  test('threat: an issuer that names neither session nor login time would keep a device out for good, or let old tokens in', async () => {
    const device = deviceOf('plain')
    const made = world.clock.now()
    await touch(device, 0)
    await prove(device)
    world.clock.advance(60)
    await endSessions(world.domain, { subject: device.subject })
    world.clock.advance(60)
    for (const issuedAt of [made, made + 60]) expect(await touch(device, 0, issuedAt)).toBe('ended')
    expect(await touch(device, 0)).toBe('new')
    expect(await world.domain.store.proofs.list(sessionKey(device))).toEqual([])
    // the same where it was merely not used for long
    world.clock.advance(world.domain.options.session.idleSeconds)
    expect(await touch(device, 0, made + 120)).toBe('expired')
    expect(await touch(device, 0)).toBe('new')
  })

  test('threat: a token of before all were ended gets in with another key, or in a session that was not seen yet', async () => {
    const made = world.clock.now()
    const thief = deviceOf('thief')
    await touch(thief, 0)
    world.clock.advance(60)
    await endSessions(world.domain, { subject: thief.subject })
    world.clock.advance(60)
    for (const caller of [deviceOf('another'), world.unseen({ sid: 'unseen', jkt: 'another' })]) {
      for (const issuedAt of [made, made + 60]) expect(await touch(caller, 0, issuedAt), caller.sid).toBe('ended')
      // one that was made since cannot be told from one of a later login
      expect(await touch(caller, 0), caller.sid).toBe('new')
    }
  })

  test.each([
    ['all of them', (owner: Caller) => endSessions(world.domain, { subject: owner.subject })],
    ['one of them', (owner: Caller) => endSession(world.domain, owner)],
    ['the login provider', ({ sid }: Caller) => endNamedSession(world.domain, { issuer: 'main', sid })],
  ])('threat: an old login gets in again when the end of %s is forgotten, whatever lifetimes are configured', async (_, end) => {
    const owner = await world.caller()
    await touch(owner)
    await end(owner)
    for (const days of [1, 8, 40, 200, 300, 380]) {
      world.clock.advance(days * 86_400)
      await world.domain.store.sweep(world.clock.now())
      expect(await touch(owner), `after ${days} days more`).toBe('ended')
    }
  })

  test('threat: an old login gets in again when the end of a session without a name is forgotten', async () => {
    const device = deviceOf('unnamed')
    await touch(device)
    await endSession(world.domain, device)
    world.clock.advance(300 * 86_400)
    await world.domain.store.sweep(world.clock.now())
    expect(await touch(device)).toBe('ended')
    expect(await touch(device, world.clock.now())).toBe('new')
  })

  test('someone who acts for the subject keeps their own session, unless that very session ends', async () => {
    const acting = await world.caller({ sid: 'staff', actor: 'support' })
    await touch(acting)
    await endSessions(world.domain, { subject: acting.subject })
    expect(await touch(acting)).toBe('known')
    const before = await world.domain.store.changes.head()
    await endNamedSession(world.domain, { issuer: 'main', sid: 'staff' })
    expect(await touch(acting, world.clock.now() + 5)).toBe('ended')
    expect(await world.domain.store.changes.after({ cursor: before, limit: 10 })).toMatchObject([
      { type: 'revoked', subject: 'main|alice', sid: 'staff' },
    ])
  })

  test('one session ends on all its devices, and a later login begins it again', async () => {
    const laptop = await world.caller()
    const phone = await world.caller({ jkt: 'phone' })
    const other = await world.caller({ sid: 's2' })
    for (const caller of [laptop, phone, other]) await touch(caller)
    world.clock.advance(10)
    await endSession(world.domain, { subject: laptop.subject, sid: laptop.sid })
    for (const caller of [laptop, phone]) expect(await touch(caller)).toBe('ended')
    expect(await touch(other)).toBe('known')
    world.clock.advance(10)
    expect(await touch(laptop, world.clock.now())).toBe('new')
  })

  test('sessions without a name end with the named one of the same subject, because each could be it', async () => {
    const named = await world.caller()
    const unnamed = deviceOf('alice')
    const others = await world.caller({ ...deviceOf('bob'), sub: 'bob', subject: 'main|bob' })
    for (const caller of [named, unnamed, others]) await touch(caller)
    await endNamedSession(world.domain, { issuer: 'main', sid: 's1', sub: 'alice' })
    expect(await touch(named)).toBe('ended')
    expect(await touch(unnamed)).toBe('ended')
    expect(await touch(others)).toBe('known')
  })

  test.each([
    ['says when the login was given', (given: number) => [given] as const],
    ['does not say when the login was given', (given: number) => [0, given] as const],
  ])('threat: a token of before the login provider ended a session gets in with another key, if it names none and %s', async (_, times) => {
    const made = world.clock.now()
    await touch(deviceOf('known'), ...times(made))
    world.clock.advance(60)
    await endNamedSession(world.domain, { issuer: 'main', sid: 'of-the-provider', sub: 'alice' })
    world.clock.advance(60)
    for (const each of ['known', 'another'])
      for (const given of [made, made + 60]) expect(await touch(deviceOf(each), ...times(given)), each).toBe('ended')
    expect(await touch(deviceOf('another'), ...times(made + 61))).toBe('new')
    const named = world.unseen({ sid: 's2' })
    expect(await touch(named, ...times(made)), 'a session with a name is not that one').toBe('new')
    const bob = world.unseen({ ...deviceOf('bob'), sub: 'bob', subject: 'main|bob' })
    expect(await touch(bob, ...times(made))).toBe('new')
  })
})

import type { Level } from '@stile/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDomain, type TestDomain } from '../domain.test-support.ts'
import { sessionKey } from '../sessions/session-key.ts'
import { enrol as enrolRecord, totp } from '../standing/standing.test-support.ts'
import { loadStanding } from '../standing/standing.ts'
import { recordProof } from './record.ts'

async function start(): Promise<TestDomain> {
  const world = await createTestDomain()
  onTestFinished(() => world.close())
  await enrol(world, 'a', 'session')
  return world
}

const enrol = (world: TestDomain, id: string, level: Level) => enrolRecord(world, totp({ id, level }))

/** Records a proof on a device and answers whether that is known afterwards. */
async function prove(world: TestDomain, jkt: string, level: Level, change: Readonly<Record<string, string>> = {}): Promise<boolean> {
  const caller = await world.caller({ jkt, ...change })
  await recordProof(world.domain, await loadStanding(world.domain, caller), {
    method: 'totp',
    level,
    amr: ['otp', 'mfa'],
    authTime: world.clock.now(),
    authenticatorId: 'a',
  })
  return (await world.domain.store.devices.find({ subject: caller.subject, jkt })).bound
}

test('a proof is remembered for its session and device with the time it was given, and everybody who listens is told', async () => {
  const world = await start()
  const caller = await world.caller()
  const standing = await loadStanding(world.domain, caller)
  world.clock.advance(3)
  const head = await world.domain.store.changes.head()
  await recordProof(world.domain, standing, {
    method: 'passkey',
    level: 'phr',
    amr: ['pop', 'user', 'mfa'],
    authTime: world.clock.now(),
    authenticatorId: 'a',
  })
  const at = standing.now + 3
  expect(await world.domain.store.proofs.list(sessionKey(caller))).toEqual([
    { method: 'passkey', level: 'phr', amr: ['pop', 'user', 'mfa'], authTime: at, authenticatorId: 'a' },
  ])
  expect(await world.domain.store.changes.after({ cursor: head, limit: 10 })).toMatchObject([
    { at, type: 'proofs', subject: 'main|alice', sid: 's1' },
  ])
})

test('a stolen second factor does not make a new device known if something stronger is enrolled', async () => {
  const world = await start()
  await enrol(world, 'weak', 'mfa')
  await enrol(world, 'strong', 'phr')
  expect(await prove(world, 'device', 'mfa')).toBe(false)
  expect(await prove(world, 'device', 'phr')).toBe(true)
})

test('a proof of the strongest level enrolled makes the device known, and one of phr always does', async () => {
  const world = await start()
  await enrol(world, 'weak', 'mfa')
  expect(await prove(world, 'one', 'mfa')).toBe(true)
  await enrol(world, 'stronger', 'phrh')
  expect(await prove(world, 'two', 'mfa')).toBe(false)
  expect(await prove(world, 'three', 'phr')).toBe(true)
})

test('a login alone makes no device known', async () => {
  const world = await start()
  expect(await prove(world, 'device', 'session')).toBe(false)
})

test('someone who acts for a subject makes no device known, and leaves no proof that the subject could use', async () => {
  const world = await start()
  expect(await prove(world, 'device', 'phr', { actor: 'support' })).toBe(false)
  const own = await world.caller({ jkt: 'device' })
  expect(await world.domain.store.proofs.list(sessionKey(own))).toEqual([])
})

test('a new device is elevated if others are known, until it is proven; a first login is normal', async () => {
  const world = await start()
  await enrol(world, 'weak', 'mfa')
  const risk = async (jkt: string, change = {}) => (await loadStanding(world.domain, await world.caller({ jkt, ...change }))).risk
  expect(await risk('one')).toEqual({ band: 'normal', reasons: [] })
  await prove(world, 'one', 'mfa')
  expect(await risk('one')).toMatchObject({ band: 'normal' })
  expect(await risk('two')).toMatchObject({ band: 'elevated', reasons: [{ code: 'risk_elevated', source: '/risk/elevated' }] })
  expect(await risk('two', { sub: 'bob' })).toMatchObject({ band: 'normal' })
  expect(await risk('two', { actor: 'support' })).toMatchObject({ band: 'normal' })
  await prove(world, 'two', 'mfa')
  expect(await risk('two')).toMatchObject({ band: 'normal' })
})

test('what was proven in a session that was ended meanwhile does not count', async () => {
  const world = await start()
  const caller = await world.caller()
  const standing = await loadStanding(world.domain, caller)
  const { now } = standing
  await world.domain.store.sessions.end({
    subject: caller.subject,
    sid: caller.sid,
    now,
    change: { at: now, type: 'revoked', sid: caller.sid, before: now },
  })
  await expect(
    recordProof(world.domain, standing, { method: 'totp', level: 'mfa', amr: [], authTime: world.clock.now(), authenticatorId: 'a' }),
  ).rejects.toMatchObject({
    code: 'session_ended',
  })
  expect(await world.domain.store.proofs.list(sessionKey(caller))).toEqual([])
  expect(await world.domain.store.devices.find(caller)).toEqual({ any: false, bound: false })
})

test('threat: what was proven with an authenticator that was removed meanwhile would count, and make the device known', async () => {
  const world = await start()
  await enrol(world, 'key', 'phr')
  const caller = await world.caller()
  const { subject, jkt } = caller
  const standing = await loadStanding(world.domain, caller)
  const change = { at: standing.now, type: 'authenticators', subject } as const
  await world.domain.store.authenticators.remove({ subject, id: 'key', keepDevice: jkt, changes: [change] })
  const proof = { method: 'passkey', level: 'phr', amr: [], authTime: world.clock.now(), authenticatorId: 'key' } as const
  await expect(recordProof(world.domain, standing, proof)).rejects.toMatchObject({ code: 'conflict' })
  expect(await world.domain.store.proofs.list(sessionKey(caller))).toEqual([])
  expect(await world.domain.store.devices.find(caller)).toEqual({ any: false, bound: false })
})

import { randomBytes } from 'node:crypto'
import { AUTHENTICATORS_FEATURE } from '@stile/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Caller } from '../sessions/caller.ts'
import { sessionKey } from '../sessions/session-key.ts'
import { loadStanding } from '../standing/standing.ts'
import { attempt, startStepUp } from '../step-ups/index.ts'
import { challengeOf, createWorld, type Passkey, problemOf, type World } from '../step-ups/world.test-support.ts'
import { deviceSession } from '../stores/session-names.ts'
import { devicesOf, forgetDevice, listDevices, seeDevice } from './devices.ts'

let world: World
let desk: Caller
let laptop: Caller
let passkey: Passkey
beforeEach(async () => {
  world = await createWorld()
  desk = await arrive({ sid: 's1' })
  passkey = await world.enrolPasskey(desk)
  laptop = await arrive({ sid: 's2', jkt: newKey() }, 'Firefox on Windows')
  const stepUp = await startStepUp(world.domain, laptop, { feature: 'approve' })
  await attempt(world.domain, laptop, stepUp.id, { method: 'passkey', response: passkey.assert(challengeOf(stepUp)) })
  world.wait()
})
afterEach(() => world.close())

const newKey = () => randomBytes(32).toString('base64url')
/** Signs in on a device, as every request does. */
async function arrive(more: Partial<Caller>, name?: string): Promise<Caller> {
  const caller = await world.caller(more)
  await world.arrive(caller)
  await seeDevice(world.domain, caller, name)
  return caller
}
/** Brings the token of the phone with another key: the login does not belong to it. */
const bring = (jkt: string) =>
  world.domain.store.sessions.touch({
    key: { ...sessionKey(desk), sid: 's4', jkt },
    account: desk.account,
    now: world.clock.now(),
    ...world.domain.options.session,
    login: { sid: 's4', authTime: 1, issuedAt: 1, confirmed: false, mayOwn: true },
    active: true,
    notices: [],
  })
const forget = (id: string, by = desk) => forgetDevice(world.domain, by, id)
const bandOf = async (caller: Caller) => (await loadStanding(world.domain, caller)).risk.band
const ids = async (by = desk) => (await listDevices(world.domain, by)).devices.map(({ id }) => id)

test('the devices of a subject are listed with what they call themselves, and this one is marked', async () => {
  const { devices } = await listDevices(world.domain, desk)
  expect(devices).toHaveLength(2)
  expect(devices.find(({ current }) => current)).toMatchObject({ id: desk.jkt, known: true })
  expect(devices.find(({ current }) => !current)).toMatchObject({ id: laptop.jkt, name: 'Firefox on Windows', known: true })
})

describe('a laptop that was stolen', () => {
  test('threat: would stay known, so that its password thief raises no risk', async () => {
    expect(await bandOf(laptop)).toBe('normal')
    await world.confirmed(desk, () => forget(laptop.jkt))
    expect(await ids()).toEqual([desk.jkt])
    expect(await world.domain.store.sessions.expiresAt(sessionKey(laptop))).toBeNull()
    world.wait(60)
    const thief = await arrive({ sid: 's3', jkt: laptop.jkt })
    expect(await bandOf(thief)).toBe('elevated')
    expect(await bandOf(desk)).toBe('normal')
  })

  test('threat: would keep itself from being forgotten by calling itself something else each time', async () => {
    for (const name of ['Edge on Windows', undefined]) {
      await problemOf(forget(laptop.jkt))
      const stepUp = await startStepUp(world.domain, desk, { feature: AUTHENTICATORS_FEATURE })
      await attempt(world.domain, desk, stepUp.id, { method: 'passkey', response: passkey.assert(challengeOf(stepUp)) })
      await seeDevice(world.domain, laptop, name)
      await forget(laptop.jkt)
      expect(await ids()).toEqual([desk.jkt])
      world.wait(60)
      laptop = await arrive({ sid: `with ${name}`, jkt: laptop.jkt }, 'Firefox on Windows')
    }
  })

  test('threat: would be hidden, as this device and the phone would, by a hundred keys of a stolen token', async () => {
    const phone = await arrive({ sid: 's4', jkt: newKey() })
    // one that owns no login and has proven something
    const tablet = { ...phone, jkt: newKey() }
    await bring(tablet.jkt)
    const proof = { method: 'totp', level: 'mfa', amr: ['otp'], authTime: world.clock.now() } as const
    const change = { at: world.clock.now(), type: 'proofs', subject: tablet.subject, sid: tablet.sid } as const
    await world.domain.store.proofs.record({ key: sessionKey(tablet), proof, change })
    world.wait(60)
    for (let count = 0; count < 110; count++) await bring(newKey())
    const listed = await listDevices(world.domain, desk)
    expect(listed.devices).toHaveLength(100)
    expect(listed.devices[0]).toMatchObject({ id: desk.jkt, current: true })
    expect(listed.devices[1]).toMatchObject({ id: laptop.jkt, known: true })
    expect(listed.devices[2]).toMatchObject({ id: phone.jkt, known: false })
    expect(listed.devices[3]).toMatchObject({ id: tablet.jkt, known: false })
    const supported = await devicesOf(world.domain, desk.subject)
    expect(
      supported
        .slice(0, 4)
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual([desk.jkt, laptop.jkt, phone.jkt, tablet.jkt].toSorted())
  })

  test('is forgotten with a proof for that very device', async () => {
    const phone = await arrive({ sid: 's4', jkt: newKey() }, 'Safari on iOS')
    expect(await problemOf(forget(laptop.jkt))).toMatchObject({
      code: 'insufficient_user_authentication',
      feature: AUTHENTICATORS_FEATURE,
      operation: { change: 'forget', id: laptop.jkt, name: 'Firefox on Windows' },
    })
    await world.confirmed(desk, () => forget(laptop.jkt))
    expect(await problemOf(forget(phone.jkt))).toMatchObject({ operation: { change: 'forget', id: phone.jkt, name: 'Safari on iOS' } })
  })
})

describe('a session thief on a device of their own', () => {
  test('threat: would sign the owner out', async () => {
    const thief = await arrive({ sid: 's1', jkt: newKey() })
    for (const { jkt } of [desk, laptop]) expect((await problemOf(forget(jkt, thief))).code).toBe('insufficient_user_authentication')
    expect(await bandOf(desk)).toBe('normal')
  })

  test('threat: would make every device count as known by signing out on the last one that is', async () => {
    await forget(laptop.jkt, laptop)
    await forget(desk.jkt, desk)
    expect(await bandOf(await arrive({ sid: 's5', jkt: newKey() }))).toBe('elevated')
  })

  test('is thrown out by the owner, who shares the session', async () => {
    const thief = await arrive({ sid: 's1', jkt: newKey() })
    await world.confirmed(desk, () => forget(thief.jkt))
    expect(await world.domain.store.sessions.expiresAt(sessionKey(desk))).not.toBeNull()
    expect(await ids()).not.toContain(thief.jkt)
  })
})

test('a device signs itself out without a proof', async () => {
  await forget(laptop.jkt, laptop)
  expect(await world.domain.store.sessions.expiresAt(sessionKey(laptop))).toBeNull()
  expect(await ids()).toEqual([desk.jkt])
})

describe('a device that signs itself out', () => {
  test('threat: would come back with a later login of a session that has a name, as after signing out', async () => {
    const desks = await arrive({ sid: 's2', jkt: desk.jkt })
    await forget(desk.jkt, desk)
    world.wait(60)
    const later = { authTime: world.clock.now() }
    expect(await world.arrive(desk, later), 'the session that it signed out of').toBe('ended')
    expect(await world.arrive(desks, later), 'another one of the same device').toBe('new')
  })

  test('comes back with the next login if its session has no name, and with no earlier one, however fast the clock of its issuer', async () => {
    const jkt = newKey()
    const given = world.clock.now() + 20
    const tablet = await world.caller({ jkt, sid: deviceSession(jkt) })
    await world.arrive(tablet, { authTime: given })
    await forget(jkt, tablet)
    for (const seconds of [1, 30]) {
      world.wait(seconds)
      expect(await world.arrive(tablet, { authTime: given })).toBe('ended')
    }
    expect(await world.arrive(tablet, { authTime: given + 1 })).toBe('new')
  })
})

test('threat: the device of another subject would be forgotten or seen, or one would be told that it exists', async () => {
  const mallory = await arrive({ sub: 'mallory', sid: 's9', jkt: newKey() })
  expect((await problemOf(forget(laptop.jkt, mallory))).code).toBe('not_found')
  expect((await problemOf(forget(newKey(), mallory))).code).toBe('not_found')
  expect(await ids(mallory)).toEqual([mallory.jkt])
  expect(await ids()).toHaveLength(2)
})

test('threat: somebody who shares a device with others would forget it for them', async () => {
  const bob = await arrive({ sub: 'bob', sid: 's8', jkt: laptop.jkt })
  await forget(bob.jkt, bob)
  expect(await bandOf(laptop)).toBe('normal')
})

test('threat: whoever acts for a subject would see or forget devices, or be one', async () => {
  const actor = await arrive({ actor: 'support', sid: 's7', jkt: newKey() }, 'Chrome on Linux')
  expect(await ids(actor)).toEqual([])
  for (const id of [laptop.jkt, actor.jkt]) expect((await problemOf(forget(id, actor))).code).toBe('not_found')
  expect(await ids()).not.toContain(actor.jkt)
})

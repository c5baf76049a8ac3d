import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decideFor } from '../decisions/decide.ts'
import { TEST_CLIENT, type TestDevice } from '../domain.test-support.ts'
import { type CallerReader, createCallerReader } from '../sessions/authenticate.ts'
import type { Caller } from '../sessions/caller.ts'
import { loadStanding } from '../standing/standing.ts'
import { challengeOf, createWorld, problemOf, type World } from '../step-ups/world.test-support.ts'
import { forgetDevice, listDevices } from './devices.ts'

/** How the login provider says that its users had a second factor. */
const MFA = 'urn:example:mfa'

/** A laptop brought the login of a session first, and is lost. Its owner is on another device of the same session. */
describe('threat: a lost device, forgotten on another one of its session,', () => {
  let world: World
  let callers: CallerReader
  let laptop: TestDevice
  let desk: TestDevice
  let phone: TestDevice
  let token: string
  let owner: Caller
  beforeEach(async () => {
    world = await createWorld({ issuer: { acrMap: { [MFA]: 'mfa' } } })
    callers = createCallerReader(world.domain, { fetch: globalThis.fetch })
    laptop = await world.device()
    desk = await world.device()
    phone = await world.device()
    token = world.issuer.mint({ acr: MFA })
    expect(await bring(laptop)).toMatchObject({ vouchedBy: 'first', login: { level: 'mfa' } })
    owner = await bring(desk)
    await bring(phone)
    const passkey = await world.enrolPasskey(world.unseen({ jkt: desk.jkt }))
    world.hold(owner, { method: 'passkey', answer: (stepUp) => passkey.assert(challengeOf(stepUp)) })
    world.wait(5)
    await world.confirmed(owner, () => forgetDevice(world.domain, owner, laptop.jkt))
    world.wait(5)
  })
  afterEach(() => world.close())

  async function bring(device: TestDevice, brought = token): Promise<Caller> {
    const dpop = await device.proof({ method: 'GET', path: '/v1/state', token: brought })
    return callers.authenticate({
      method: 'GET',
      path: '/v1/state',
      authorization: `Bearer ${brought}`,
      dpop,
      client: TEST_CLIENT,
    })
  }

  test('would come back with the token that it has', async () => {
    expect((await problemOf(bring(laptop))).code).toBe('session_ended')
    expect((await listDevices(world.domain, owner)).devices.map(({ id }) => id)).not.toContain(laptop.jkt)
    // nor does any other key own the login that it owned
    expect(await bring(await world.device())).toMatchObject({ vouchedBy: 'none' })
  })

  test('would begin another session with a login of before, whether it names it or not', async () => {
    const before = { acr: MFA, auth_time: world.clock.now() - 5, azp: 'other' }
    for (const sid of ['unseen', undefined])
      expect((await problemOf(bring(laptop, world.issuer.mint({ ...before, sid })))).code).toBe('session_ended')
    const since = world.issuer.mint({ acr: MFA, auth_time: world.clock.now(), sid: 'unseen' })
    expect(await bring(laptop, since)).toMatchObject({ vouchedBy: 'first' })
  })

  test('would take the session with it from those that stay', async () => {
    const here = await bring(desk)
    expect(here).toMatchObject({ vouchedBy: 'first', login: { level: 'mfa' } })
    expect(decideFor(await loadStanding(world.domain, here), 'recent').outcome).toBe('permit')
    expect(await bring(phone)).toMatchObject({ vouchedBy: 'none' })
  })

  test('would have a later login of the session, unless it was given to that very device', async () => {
    const later = { acr: MFA, auth_time: world.clock.now() }
    expect((await problemOf(bring(laptop, world.issuer.mint(later)))).code).toBe('session_ended')
    expect(await bring(laptop, world.issuer.mint({ ...later, cnf: { jkt: laptop.jkt } }))).toMatchObject({ vouchedBy: 'issuer' })
  })
})

import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { authenticatorsGate } from '../authenticators/gate.ts'
import { removeAuthenticator, renameAuthenticator } from '../authenticators/index.ts'
import type { Caller } from '../sessions/caller.ts'
import { loadStanding } from '../standing/standing.ts'
import { problemOf, tally } from '../step-ups/world.test-support.ts'
import type { Domain } from '../tokens/domain.ts'
import { fails, useLostKeys } from './recovery.test-support.ts'

const setup = useLostKeys()
const { begin, codeAt, redeem } = setup

/** Other signals than the device key could raise it so far. */
const dangerous = (): Domain => ({
  ...setup.world.domain,
  store: { ...setup.world.domain.store, devices: { ...setup.world.domain.store.devices, find: async () => ({ any: true, bound: false }) } },
})

describe('a ticket', () => {
  const elsewhere = (): readonly Caller[] => [
    { ...setup.alice, sid: 's2' },
    { ...setup.alice, jkt: randomBytes(32).toString('base64url') },
  ]

  test('threat: would count in another session, on another device, or for another subject', async () => {
    await redeem({ code: codeAt(0) })
    for (const thief of elsewhere()) expect((await problemOf(begin(thief))).code).toBe('insufficient_user_authentication')
    const bob = await setup.world.person('bob')
    await setup.world.enrolPasskey(bob)
    setup.world.clock.advance(301)
    expect((await problemOf(begin(setup.world.signedIn(bob)))).code).toBe('insufficient_user_authentication')
    expect(await setup.world.addPasskey(setup.alice)).toBeDefined()
  })

  test('threat: would let in two, one after the other or at the same time', async () => {
    await redeem({ code: codeAt(0) })
    const apps = [await setup.world.beginApp(setup.alice), await setup.world.beginApp(setup.alice), await setup.world.beginApp(setup.alice)]
    const { won, lost } = await tally(apps.map((each) => setup.world.finishApp(setup.alice, each)))
    expect([won, new Set(lost)]).toEqual([1, new Set(['insufficient_user_authentication'])])
    expect((await problemOf(setup.world.beginApp(setup.alice))).code).toBe('insufficient_user_authentication')
    expect(await setup.world.domain.store.authenticators.list(setup.alice.subject)).toHaveLength(2)
  })

  test('threat: what was begun with it would be let in by what it let in', async () => {
    await redeem({ code: codeAt(0) })
    const begun = await setup.world.beginApp(setup.alice)
    await setup.world.addPasskey(setup.alice)
    expect(await problemOf(setup.world.finishApp(setup.alice, begun))).toMatchObject({
      code: 'insufficient_user_authentication',
      requirement: { level: 'phr' },
    })
  })

  test('threat: would never end, or outlive its session', async () => {
    await redeem({ code: codeAt(0) })
    setup.world.clock.advance(599)
    const begun = await setup.world.beginApp(setup.alice)
    setup.world.clock.advance(1)
    expect((await problemOf(begin())).code).toBe('insufficient_user_authentication')
    // what was begun in time may be finished
    expect(await setup.world.finishApp(setup.alice, begun)).toMatchObject({ method: 'totp' })

    const again = setup.world.signedIn(setup.alice)
    await redeem({ code: codeAt(1) }, again)
    const { subject, sid } = again
    const at = setup.world.clock.now()
    await setup.world.domain.store.sessions.end({
      subject,
      sid,
      now: at,
      change: { at, type: 'revoked', subject, sid, before: at },
    })
    expect((await problemOf(begin(again))).code).toBe('insufficient_user_authentication')
  })

  test('threat: would remove or rename what is enrolled', async () => {
    await redeem({ code: codeAt(0) })
    const [passkey] = await setup.world.domain.store.authenticators.list(setup.alice.subject)
    for (const refused of [
      removeAuthenticator(setup.world.domain, setup.alice, passkey?.id as string),
      renameAuthenticator(setup.world.domain, setup.alice, passkey?.id as string, { name: 'Mine' }),
    ])
      expect(await problemOf(refused)).toMatchObject({ code: 'insufficient_user_authentication', requirement: { level: 'phr' } })
  })

  test('threat: something weak that it let in would remove or rename what is strong, or add more', async () => {
    await redeem({ code: codeAt(0) })
    await setup.world.finishApp(setup.alice, await setup.world.beginApp(setup.alice))
    const [passkey] = await setup.world.domain.store.authenticators.list(setup.alice.subject)
    for (const refused of [begin(), removeAuthenticator(setup.world.domain, setup.alice, passkey?.id as string)])
      expect(await problemOf(refused)).toMatchObject({ requirement: { level: 'phr' } })
  })

  test('threat: of a code would open the gate while the context looks dangerous, which takes an administrator', async () => {
    await redeem({ code: codeAt(0) })
    const ticket = await setup.world.domain.store.recovery.ticket(setup.alice)
    const standing = await loadStanding(setup.world.domain, setup.alice)
    const gate = (band: 'elevated' | 'unknown' | 'high' | 'critical', by: 'recovery-code' | 'admin') =>
      authenticatorsGate(setup.world.domain, { ...standing, risk: { band, reasons: [] } }, { ticket: ticket && { ...ticket, by } }).outcome
    expect((['elevated', 'unknown', 'high', 'critical'] as const).map((band) => gate(band, 'recovery-code'))).toEqual([
      'permit',
      'permit',
      'deny',
      'deny',
    ])
    expect((['elevated', 'unknown', 'high', 'critical'] as const).map((band) => gate(band, 'admin'))).toEqual(Array(4).fill('permit'))
    expect(authenticatorsGate(setup.world.domain, { ...standing, caller: { ...setup.alice, actor: 'x' } }, { ticket }).outcome).toBe('deny')
  })

  test('is not used up by an enrolment that fails', async () => {
    await redeem({ code: codeAt(0) })
    const { store } = setup.world.domain
    const broken: Domain = { ...setup.world.domain, store: { ...store, authenticators: { ...store.authenticators, create: fails } } }
    await expect(setup.world.addPasskey(setup.alice, broken)).rejects.toThrow('disk')
    expect(await setup.world.addPasskey(setup.alice)).toBeDefined()
  })

  test('opens the gate where the device is not known', async () => {
    await redeem({ code: codeAt(0) })
    expect(await setup.world.addPasskey(setup.alice, dangerous())).toMatchObject({ boundBy: { method: 'recovery-code' } })
  })
})

import { randomBytes } from 'node:crypto'
import { AUTHENTICATORS_FEATURE } from '@stile/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TEST_AUDIENCE, TEST_ISSUER } from '../domain.test-support.ts'
import { softAuthenticator } from '../methods/webauthn/authenticator.test-support.ts'
import type { Caller } from '../sessions/caller.ts'
import { loadStanding } from '../standing/standing.ts'
import { attempt, startStepUp } from '../step-ups/index.ts'
import { challengeOf, createWorld, problemOf, type World } from '../step-ups/world.test-support.ts'
import { authenticatorsGate } from './gate.ts'
import { finishRegistration, listAuthenticators, removeAuthenticator, renameAuthenticator, startRegistration } from './index.ts'

let world: World
let caller: Caller
beforeEach(async () => {
  world = await createWorld()
  caller = await world.caller()
})
afterEach(() => world.close())

const start = (by: Caller, method = 'passkey') => startRegistration(world.domain, by, { method })
const newDevice = () => ({ jkt: randomBytes(32).toString('base64url') })

/** What every change of authenticators answers to somebody who may not make it. */
async function refusals(by: Caller, id: string) {
  return [
    await problemOf(start(by)),
    await problemOf(start(by, 'totp')),
    await problemOf(renameAuthenticator(world.domain, by, id, { name: 'Mine now' })),
    await problemOf(removeAuthenticator(world.domain, by, id)),
  ]
}

describe('a password thief of somebody who has a second factor at the login provider', () => {
  const asked = async (issuer: Readonly<Record<string, unknown>>, by: Partial<Caller> = {}) => {
    await world.close()
    const provider = {
      id: 'main',
      issuer: TEST_ISSUER,
      jwks: `${TEST_ISSUER}/jwks`,
      audience: 'stile',
      acrMap: { 'urn:mfa': 'mfa' },
      relogin: { clientId: 'stile', redirectUris: ['https://app.example/back'] },
      stepUp: { mfa: { acr_values: 'urn:mfa' } },
      ...issuer,
    }
    const clients = [
      { id: 'web', origins: ['https://app.example'] },
      { id: 'other', origins: ['https://other.example'] },
    ]
    const audiences = [{ id: TEST_AUDIENCE, issuers: ['main'], clients: ['web', 'other'] }]
    world = await createWorld({ options: { issuers: [provider] as never, clients, audiences } })
    return start(await world.caller(by))
  }
  const strong = (level: 'session' | 'mfa') => ({ login: { method: 'login', level, amr: [], authTime: world.clock.now() } }) as const

  test('enrols nothing with the password alone', async () => {
    expect(await problemOf(asked({}))).toMatchObject({
      code: 'insufficient_user_authentication',
      requirement: { level: 'mfa', maxAgeSeconds: 300, methods: ['relogin'] },
      next: { methods: ['relogin'] },
    })
  })

  test('enrols nothing by way of a client that has no page to come back to', async () => {
    expect(await problemOf(asked({}, { client: 'other' }))).toMatchObject({
      code: 'denied',
      detail: expect.stringContaining('administrator'),
    })
  })

  test('the owner enrols with both, and everybody where the operator says that a login is enough', async () => {
    expect(await asked({}, strong('mfa'))).toMatchObject({ method: 'passkey' })
    expect(await asked({ firstEnrollment: 'login' }, strong('session'))).toMatchObject({ method: 'passkey' })
  })
})

describe('a session thief who wants an authenticator of their own', () => {
  test('is refused where nothing is enrolled and the login is not fresh', async () => {
    world.wait(301)
    expect(await problemOf(start(caller))).toMatchObject({
      code: 'insufficient_user_authentication',
      status: 401,
      feature: AUTHENTICATORS_FEATURE,
      requirement: { level: 'session', maxAgeSeconds: 300, methods: ['relogin'] },
      next: { methods: ['relogin'] },
    })
    expect(await start(await world.caller())).toMatchObject({ method: 'passkey' })
  })

  test('is refused where the login tells no time', async () => {
    const timeless = await world.caller({ login: { method: 'login', level: 'session', amr: [], authTime: 0 } })
    expect((await problemOf(start(timeless))).code).toBe('insufficient_user_authentication')
  })

  test('is refused with a fresh login as soon as anything is enrolled', async () => {
    const app = await world.enrolApp(caller)
    world.wait()
    const fresh = await world.caller({ sid: 's2' })
    for (const problem of await refusals(fresh, app.id))
      expect(problem).toMatchObject({ code: 'insufficient_user_authentication', requirement: { level: 'mfa', maxAgeSeconds: 300 } })
  })

  test('is refused with a proof that is weaker than the strongest enrolled', async () => {
    const app = await world.enrolApp(caller)
    const passkey = await world.enrolPasskey(caller)
    world.wait()
    const { id } = await startStepUp(world.domain, caller, { feature: 'export' })
    await attempt(world.domain, caller, id, { method: 'totp', response: { code: app.code() } })
    for (const problem of await refusals(caller, passkey.id))
      expect(problem).toMatchObject({ code: 'insufficient_user_authentication', requirement: { level: 'phr' } })
  })

  test('is refused with a proof older than five minutes', async () => {
    const passkey = await world.enrolPasskey(caller)
    expect(await world.confirmed(caller, () => start(caller))).toMatchObject({ method: 'passkey' })
    world.wait(300)
    expect(await start(caller)).toMatchObject({ method: 'passkey' })
    world.wait(1)
    for (const problem of await refusals(caller, passkey.id)) expect(problem.code).toBe('insufficient_user_authentication')
  })

  test('is refused with a proof given in another session or on another device', async () => {
    const passkey = await world.enrolPasskey(caller)
    for (const thief of [await world.caller({ sid: 's2' }), await world.caller(newDevice())])
      for (const problem of await refusals(thief, passkey.id)) expect(problem.code).toBe('insufficient_user_authentication')
  })

  test('is refused with a proof that was given for an operation', async () => {
    const app = await world.enrolApp(caller)
    world.wait()
    const { id } = await startStepUp(world.domain, caller, { feature: 'pay', operation: { amount: '1', currency: 'EUR' } })
    await attempt(world.domain, caller, id, { method: 'totp', response: { code: app.code() } })
    expect((await problemOf(start(caller))).code).toBe('insufficient_user_authentication')
  })

  test('cannot finish on their device, in their session or as themselves what somebody else began', async () => {
    const { id, start: options } = await start(caller)
    const device = softAuthenticator()
    const response = device.register((options as { challenge: string }).challenge)
    const thieves = [await world.caller(newDevice()), await world.caller({ sid: 's2' }), await world.caller({ sub: 'mallory' })]
    for (const thief of thieves)
      expect((await problemOf(finishRegistration(world.domain, thief, id, { response }))).code).toBe('registration_expired')
    expect(await finishRegistration(world.domain, caller, id, { response })).toMatchObject({ method: 'passkey', level: 'phr' })
  })

  test('cannot go round a step-up by enrolling: where a passkey is asked for, the gate asks for one as well', async () => {
    await world.enrolPasskey(caller)
    world.wait()
    const stepUp = await startStepUp(world.domain, caller, { feature: 'approve' })
    expect(stepUp).toMatchObject({ status: 'open' })
    expect(await problemOf(start(caller))).toMatchObject({ requirement: { level: 'phr' } })
  })

  test('cannot begin many enrolments before anything is enrolled and finish one afterwards', async () => {
    const early = await start(caller)
    const elsewhere = await world.caller({ sid: 's2' })
    await world.enrolPasskey(elsewhere)
    const device = softAuthenticator()
    const response = device.register((early.start as { challenge: string }).challenge)
    expect(await problemOf(finishRegistration(world.domain, caller, early.id, { response }))).toMatchObject({
      code: 'insufficient_user_authentication',
      requirement: { level: 'phr' },
    })
  })

  test('acting for somebody changes nothing and sees nothing', async () => {
    const passkey = await world.enrolPasskey(caller)
    const actor = await world.caller({ actor: 'support-7' })
    expect(await listAuthenticators(world.domain, actor)).toEqual({ authenticators: [] })
    for (const problem of await refusals(actor, passkey.id))
      expect(problem).toMatchObject({ code: 'denied', reasons: [{ code: 'actor_not_allowed' }] })
  })
})

test.each(['high', 'critical', 'unknown', 'elevated'] as const)(
  'while the risk is %s nothing is changed, whatever was proven',
  async (band) => {
    await world.enrolPasskey(caller)
    const standing = await loadStanding(world.domain, caller)
    expect(authenticatorsGate(world.domain, standing).outcome).toBe('permit')
    expect(authenticatorsGate(world.domain, { ...standing, risk: { band, reasons: [] } })).toMatchObject({
      outcome: 'deny',
      detail: expect.stringContaining('administrator'),
      reasons: [{ code: 'risk_elevated' }],
    })
    // a proof helps only where it makes the device known
    const unproven = { ...standing, proofs: [caller.login], risk: { band, reasons: [] } }
    expect(authenticatorsGate(world.domain, unproven).outcome).toBe(band === 'high' || band === 'critical' ? 'deny' : 'step_up')
  },
)

describe('on a device that is new', () => {
  test('an enrolled authenticator opens the gate, because its proof makes the device known', async () => {
    const passkey = await world.enrolPasskey(caller)
    world.wait()
    const elsewhere = await world.caller({ sid: 's2', ...newDevice() })
    expect((await problemOf(start(elsewhere))).code).toBe('insufficient_user_authentication')
    const stepUp = await startStepUp(world.domain, elsewhere, { feature: AUTHENTICATORS_FEATURE })
    await attempt(world.domain, elsewhere, stepUp.id, { method: 'passkey', response: passkey.assert(challengeOf(stepUp)) })
    expect(await start(elsewhere)).toMatchObject({ method: 'passkey' })
  })

  test('a fresh login that counts as the strongest level is asked to confirm at once, which makes the device known', async () => {
    const passkey = await world.enrolPasskey(caller)
    world.wait()
    const login = { method: 'login', level: 'phr', amr: ['hwk'], authTime: world.clock.now() } as const
    const elsewhere = await world.caller({ sid: 's2', ...newDevice(), login })
    for (const problem of await refusals(elsewhere, passkey.id))
      expect(problem).toMatchObject({
        code: 'insufficient_user_authentication',
        requirement: { level: 'phr' },
        next: { methods: ['passkey'] },
      })
    expect(await world.confirmed(elsewhere, () => start(elsewhere))).toMatchObject({ method: 'passkey' })
  })

  test('a login that is newer than a proof does not hide that the proof was of no help', async () => {
    await world.enrolPasskey(caller)
    world.clock.advance(10)
    const login = { method: 'login', level: 'phr', amr: ['hwk'], authTime: world.clock.now() } as const
    const standing = await loadStanding(world.domain, await world.caller({ login }))
    expect(authenticatorsGate(world.domain, { ...standing, risk: { band: 'elevated', reasons: [] } }).outcome).toBe('deny')
  })

  test('a subject whose authenticators are all gone is told who can help', async () => {
    const passkey = await world.enrolPasskey(caller)
    await world.confirmed(caller, () => removeAuthenticator(world.domain, caller, passkey.id))
    const elsewhere = await world.caller({ sid: 's2', ...newDevice() })
    expect(await problemOf(start(elsewhere))).toMatchObject({
      code: 'denied',
      detail: expect.stringContaining('administrator'),
      reasons: [{ code: 'risk_elevated' }],
    })
    expect(await problemOf(startStepUp(world.domain, elsewhere, { feature: AUTHENTICATORS_FEATURE }))).toMatchObject({ code: 'denied' })
    // on the device that is known a fresh login will do again
    expect(await start(await world.caller())).toMatchObject({ method: 'passkey' })
  })
})

import { definePolicy } from '@stile/policy'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { mailboxOf } from '../addresses/mailbox.ts'
import { startRegistration } from '../authenticators/index.ts'
import { decideFor } from '../decisions/decide.ts'
import { forgetDevice } from '../devices/devices.ts'
import { TEST_CLIENT, type TestDevice } from '../domain.test-support.ts'
import { writeLicense } from '../licenses/licenses.ts'
import { startMailServer, type TestMailServer } from '../mail/smtp.test-support.ts'
import { makeRecoveryCodes, redeemRecovery } from '../recovery/index.ts'
import { loadStanding } from '../standing/standing.ts'
import { attempt, startMethod, startStepUp } from '../step-ups/index.ts'
import { createWorld, POLICY, problemOf, type World } from '../step-ups/world.test-support.ts'
import { MOST_KEYS } from '../stores/session-records.ts'
import { type CallerReader, createCallerReader } from './authenticate.ts'
import type { Caller } from './caller.ts'
import { signOut } from './end-sessions.ts'

/** How the login provider says that its users had a second factor. */
const MFA = 'urn:example:mfa'

/** Someone has got hold of a session token, and brings it with a device key of their own. Its issuer does not say which key it is for. */
describe('threat: a stolen session token, brought by another key', () => {
  let mail: TestMailServer
  let world: World
  let callers: CallerReader
  let own: TestDevice
  let thief: TestDevice
  beforeEach(async () => {
    mail = await startMailServer()
  })
  afterEach(() => world.close())

  /** @param upgraded  whether an upgrade asks for a proof since then */
  async function start({ upgraded = false } = {}): Promise<void> {
    const { license, ...document } = POLICY.document
    world = await createWorld({
      options: { mail: { from: 'no-reply@example.com', url: mail.url }, recovery: { url: 'https://app.example/recover' } },
      issuer: { acrMap: { [MFA]: 'mfa' }, claims: { account: 'account', email: 'email' } },
      policy: definePolicy({
        ...document,
        risk: { elevated: { level: 'mfa', maxAge: '5m' } },
        license: { ...license, ...(upgraded && { upgraded: { requires: { level: 'mfa' } } }) },
      }),
    })
    callers = createCallerReader(world.domain, { fetch: globalThis.fetch })
    own = await world.device()
    thief = await world.device()
    world.wait(60)
  }

  const enter = async (device: TestDevice, claims: Readonly<Record<string, unknown>> = {}): Promise<Caller> => {
    const token = world.issuer.mint({ email: 'ada@example.com', email_verified: true, ...claims })
    const dpop = await device.proof({ method: 'GET', path: '/v1/state', token })
    return callers.authenticate({ method: 'GET', path: '/v1/state', authorization: `Bearer ${token}`, dpop, client: TEST_CLIENT })
  }
  const outcome = async (caller: Caller, feature: string) => decideFor(await loadStanding(world.domain, caller), feature).outcome
  const begin = (caller: Caller) => startRegistration(world.domain, caller, { method: 'totp' })
  const confirmByMail = async (caller: Caller, feature: string) => {
    const { id } = await startStepUp(world.domain, caller, { feature })
    await startMethod(world.domain, caller, id, 'email-otp')
    return attempt(world.domain, caller, id, { method: 'email-otp', response: { code: mail.code() } })
  }

  test('would use up the guesses of its owner', async () => {
    await start()
    const alice = await enter(own)
    const app = await world.enrolApp(await world.caller())
    world.wait()
    const stolen = await enter(thief)
    const type = async (caller: Caller, id: string, code: string) =>
      attempt(world.domain, caller, id, { method: 'totp', response: { code } })
    for (let round = 0; round < 2; round++) {
      const { id } = await startStepUp(world.domain, stolen, { feature: 'export' })
      for (let count = 0; count < 5; count++)
        expect(await problemOf(type(stolen, id, app.wrong()))).toMatchObject({ failure: 'wrong_code' })
    }
    const closed = await startStepUp(world.domain, stolen, { feature: 'export' })
    expect((await problemOf(type(stolen, closed.id, app.code()))).code).toBe('too_many_attempts')
    const opened = await startStepUp(world.domain, alice, { feature: 'export' })
    expect(opened).toMatchObject({ attemptsLeft: 5 })
    expect(await type(alice, opened.id, app.code())).toMatchObject({ status: 'done' })
  })

  const touch = (sid: string, jkt: string, authTime?: number) =>
    world.domain.store.sessions.touch({
      key: { subject: 'main|alice', sid, jkt },
      account: 'acme',
      now: world.clock.now(),
      ...world.domain.options.session,
      login: { sid, issuedAt: world.clock.now(), confirmed: false, mayOwn: true, ...(authTime !== undefined && { authTime }) },
      active: true,
      notices: [],
    })

  test('would fill the store with one key after another, and put out its owner', async () => {
    await start()
    const now = world.clock.now()
    await enter(own)
    for (let index = 0; index < MOST_KEYS; index++) await touch('s1', `key-${index}`)
    expect(await enter(thief)).toMatchObject({ vouchedBy: 'none' })
    expect(await enter(own)).toMatchObject({ vouchedBy: 'first' })
    // if each of the keys were that of a login of its own, there would be no room for one that is of none
    for (let index = 0; index < MOST_KEYS; index++) await touch(`sid-${index}`, `owner-${index}`, now)
    expect((await problemOf(enter(await world.device()))).code).toBe('session_ended')
    expect(await enter(own)).toMatchObject({ vouchedBy: 'first' })
    expect(await enter(await world.device(), { sid: 'again' })).toMatchObject({ vouchedBy: 'first' })
  })

  test('would fill the store by signing out, with one key after another, if sessions have no name', async () => {
    await start()
    const token = { sid: undefined, auth_time: world.clock.now() }
    const owner = await enter(own, token)
    const outs = [(caller: Caller) => signOut(world.domain, caller), (caller: Caller) => forgetDevice(world.domain, caller, caller.jkt)]
    for (const leave of outs) {
      await leave(await enter(thief, token))
      // nothing was kept that tells it from a key that was never seen
      expect(await enter(thief, token)).toMatchObject({ vouchedBy: 'none' })
    }
    await signOut(world.domain, owner)
    expect((await problemOf(enter(own, token))).code).toBe('session_ended')
  })

  test('would have the owner told of devices that are those of whoever acts for them', async () => {
    await start()
    await mailboxOf(world.domain, await enter(own))
    const act = { act: { sub: 'support' } }
    const { outbox, sessions } = world.domain.store
    for (let index = 0; index < MOST_KEYS + 5; index++) await enter(await world.device(), act)
    expect(await outbox.claim({ now: world.clock.now(), leaseSeconds: 1, limit: 100 })).toEqual([])
    expect(await sessions.list({ subject: 'main|alice\u0000act:support', now: world.clock.now() })).toHaveLength(MOST_KEYS)
  })

  test('would put out one key of theirs after the other, and the owner would hear nothing, or of each in a mail', async () => {
    await start()
    await mailboxOf(world.domain, await enter(own))
    for (let index = 0; index < MOST_KEYS - 1; index++) await touch('s1', `key-${index}`)
    const { outbox } = world.domain.store
    const told = async () => (await outbox.claim({ now: world.clock.now(), leaseSeconds: 1, limit: 100 })).map(({ kind }) => kind)
    expect(await told()).toEqual([])
    for (let index = 0; index < 20; index++) await enter(await world.device())
    expect(await told()).toEqual(Array(3).fill('device_crowded_out'))
    world.wait(3600)
    expect(await told()).toContain('several_changes')
  })

  test('would have the level and the age of the login', async () => {
    await start()
    const login = { acr: MFA, auth_time: world.clock.now() - 10 }
    expect(await outcome(await enter(own, login), 'export')).toBe('permit')
    const stolen = await enter(thief, login)
    expect(stolen).toMatchObject({
      vouchedBy: 'none',
      login: { level: 'session', authTime: 0, amr: [] },
      loginGap: 'login_elsewhere',
    })
    expect(await outcome(stolen, 'export')).not.toBe('permit')
    expect(await outcome(stolen, 'recent')).toBe('step_up')
    expect(await outcome(stolen, 'view')).toBe('permit')
    // nor does polling for the next login help
    world.wait(100)
    const next = { acr: MFA, auth_time: world.clock.now() }
    expect(await outcome(await enter(thief, next), 'export')).not.toBe('permit')
    expect(await outcome(await enter(own, next), 'export')).toBe('permit')
  })

  test('would enrol an app of the thief while the login is fresh', async () => {
    await start()
    await enter(own)
    const stolen = await enter(thief)
    expect(await problemOf(begin(stolen))).toMatchObject({
      code: 'insufficient_user_authentication',
      requirement: { methods: ['relogin'] },
    })
  })

  test('would enrol an app even if the thief comes first: that alone opens nothing', async () => {
    await start()
    const stolen = await enter(thief)
    expect(stolen).toMatchObject({ vouchedBy: 'first' })
    expect(await problemOf(begin(stolen))).toMatchObject({ requirement: { methods: ['email-otp'] } })
    expect(await outcome(stolen, 'recent')).toBe('permit')
  })

  test('would recover with a code that was found', async () => {
    await start()
    const confirmed = { cnf: { jkt: own.jkt }, sid: 'enrolled' }
    const caller = await enter(own, confirmed)
    await world.enrolPasskey(caller)
    const { codes } = await world.confirmed(caller, () => makeRecoveryCodes(world.domain, caller))
    const code = codes[0] as string
    await enter(own)
    for (const [device, sid, methods] of [
      [thief, 's1', ['relogin']],
      [thief, 's2', ['email-otp']],
    ] as const)
      expect(await problemOf(redeemRecovery(world.domain, await enter(device, { sid }), { code }))).toMatchObject({
        code: 'insufficient_user_authentication',
        requirement: { methods },
      })
    const named = await enter(own, { cnf: { jkt: own.jkt }, sid: 's3' })
    expect(await redeemRecovery(world.domain, named, { code })).toMatchObject({ methods: expect.any(Array) })
  })

  test('would open what an upgrade brought, if it comes first', async () => {
    await start({ upgraded: true })
    await writeLicense(world.domain, 'acme', { tier: 'enterprise', state: 'active' })
    world.wait(10)
    const later = { acr: MFA, auth_time: world.clock.now() }
    const first = await enter(own, later)
    expect(first).toMatchObject({ vouchedBy: 'first' })
    expect(await outcome(first, 'export')).not.toBe('permit')
    expect(await outcome(first, 'recent'), 'the login itself is as fresh as ever').toBe('permit')
    expect(await outcome(await enter(own, { ...later, sid: 's9', cnf: { jkt: own.jkt } }), 'export')).toBe('permit')
  })

  test('would sign its owner out, of a named session for good', async () => {
    await start()
    await enter(own)
    await signOut(world.domain, await enter(thief))
    expect(await enter(own)).toMatchObject({ vouchedBy: 'first' })
    await signOut(world.domain, await enter(own))
    for (const device of [own, thief]) expect((await problemOf(enter(device))).code).toBe('session_ended')
  })

  test.each([
    ['names a session', {}],
    ['names none', { sid: undefined }],
  ])('with the cookie, would begin again what was signed out, if the token names its key and %s', async (_, claims) => {
    await start()
    const silent = { ...claims, auth_time: undefined, cnf: { jkt: thief.jkt }, iat: world.clock.now() }
    const caller = await enter(thief, silent)
    expect(caller).toMatchObject({ vouchedBy: 'none', confirmed: true })
    await signOut(world.domain, caller)
    world.wait(2)
    expect((await problemOf(enter(thief, silent))).code).toBe('session_ended')
  })

  test('with the cookie would mint a token for the key of the thief, and guess as its owner does', async () => {
    await start()
    const minted = await enter(thief, { cnf: { jkt: thief.jkt }, auth_time: undefined })
    expect(minted).toMatchObject({ vouchedBy: 'none', login: { level: 'session', authTime: 0 } })
    expect(await enter(own, { cnf: { jkt: own.jkt } })).toMatchObject({ vouchedBy: 'issuer' })
  })

  test('with the cookie of another session would mint tokens for so many keys that the owner is put out', async () => {
    await start()
    const login = { cnf: { jkt: own.jkt }, auth_time: world.clock.now() }
    expect(await enter(own, login)).toMatchObject({ vouchedBy: 'issuer' })
    for (let index = 0; index <= MOST_KEYS; index++) {
      world.clock.advance(1)
      const { jkt } = await world.device()
      const key = { subject: 'main|alice', sid: 'cookie', jkt }
      await world.arrive(world.unseen(key), { authTime: 0 })
    }
    expect(await enter(own, login)).toMatchObject({ vouchedBy: 'issuer' })
  })

  test('would belong to the thief if the owner cannot store a key: such a key never owns', async () => {
    await start()
    const token = world.issuer.mint()
    const dpop = await own.proof({ method: 'GET', path: '/v1/state', token, claims: { stored: false } })
    const sent = { method: 'GET', path: '/v1/state', authorization: `DPoP ${token}`, dpop, client: TEST_CLIENT }
    expect(await callers.authenticate(sent)).toMatchObject({ vouchedBy: 'none', loginGap: 'key_not_stored' })
    expect(await enter(own)).toEqual(expect.not.objectContaining({ loginGap: expect.anything() }))
    expect(await enter(own)).toMatchObject({ vouchedBy: 'first' })
  })

  test('lets its owner enrol and recover with a code to the pinned address beside the login', async () => {
    await start()
    const caller = await enter(own)
    expect(await problemOf(begin(caller))).toMatchObject({ requirement: { methods: ['email-otp'] }, next: { methods: ['email-otp'] } })
    expect(await confirmByMail(caller, 'stile:authenticators')).toMatchObject({ status: 'done' })
    expect(await begin(caller)).toMatchObject({ method: 'totp' })
    world.wait(301)
    expect(await problemOf(begin(caller))).toMatchObject({ requirement: { methods: ['relogin'] } })
    const again = await enter(own)
    expect(await confirmByMail(again, 'stile:recovery')).toMatchObject({ status: 'done' })
    expect(await problemOf(redeemRecovery(world.domain, again, { code: '0000-0000-0000-0000' }))).toMatchObject({ code: 'recovery_failed' })
  })
})

test('without mail and without names of keys, who can help is named, and a link recovers', async () => {
  const world = await createWorld({ options: { help: 'support@example.com' } })
  onTestFinished(() => world.close())
  const first = await world.caller({ vouchedBy: 'first' })
  const denied = {
    code: 'denied',
    reasons: [{ code: 'requirement_unsatisfiable' }],
    detail: expect.stringContaining('support@example.com'),
  }
  expect(await problemOf(startRegistration(world.domain, first, { method: 'totp' }))).toMatchObject(denied)
  expect(await problemOf(redeemRecovery(world.domain, first, { code: '0000-0000-0000-0000' }))).toMatchObject(denied)
  expect(await problemOf(redeemRecovery(world.domain, first, { link: 'A'.repeat(43) }))).toMatchObject({ code: 'recovery_failed' })
  const other = await world.caller({ vouchedBy: 'none', login: { method: 'login', level: 'session', amr: [], authTime: 0 } })
  expect(await problemOf(redeemRecovery(world.domain, other, { link: 'A'.repeat(43) }))).toMatchObject({
    code: 'insufficient_user_authentication',
  })
})

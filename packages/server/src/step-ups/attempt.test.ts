import { createHash } from 'node:crypto'
import { definePolicy } from '@stile/policy'
import { AUTHENTICATORS_FEATURE, type Operation, operationInput } from '@stile/protocol'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { AuthenticatorEmulator, PasskeysCredentialsMemoryRepository, WebAuthnEmulator } from 'nid-webauthn-emulator'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { finishRegistration, startRegistration } from '../authenticators/index.ts'
import { TEST_AUDIENCE, TEST_START, TEST_URL } from '../domain.test-support.ts'
import { writeLicense } from '../licenses/licenses.ts'
import { ORIGIN } from '../methods/webauthn/authenticator.test-support.ts'
import type { Caller } from '../sessions/caller.ts'
import type { Domain } from '../tokens/domain.ts'
import { attempt, startMethod, startStepUp } from './index.ts'
import { challengeOf, claimsOf, createWorld, issuedOf, POLICY, problemOf, type World } from './world.test-support.ts'

let world: World
let caller: Caller
beforeEach(async () => {
  world = await createWorld()
  caller = await world.caller()
})
afterEach(() => world.close())

describe('a right answer', () => {
  test('by passkey gives a token that the keys of the service verify', async () => {
    const passkey = await world.enrolPasskey(caller)
    world.wait()
    const stepUp = await startStepUp(world.domain, caller, { feature: 'approve' })
    const response = passkey.assert(challengeOf(stepUp))
    const done = await attempt(world.domain, caller, stepUp.id, { method: 'passkey', response })
    expect(done).toMatchObject({ id: stepUp.id, status: 'done', feature: 'approve', issued: { acr: 'phr', amr: ['pop', 'user', 'mfa'] } })
    const keys = createLocalJWKSet((await world.domain.keyring.jwks()) as unknown as JSONWebKeySet)
    const currentDate = new Date(world.clock.now() * 1000)
    const options = { issuer: TEST_URL, audience: TEST_AUDIENCE, typ: 'at+jwt', currentDate }
    const { payload } = await jwtVerify(issuedOf(done).token, keys, options)
    expect(payload).toMatchObject({ acr: 'phr', auth_time: world.clock.now(), cnf: { jkt: caller.jkt }, sid: caller.sid })
    expect(payload).not.toHaveProperty('authorization_details')
  })

  test('by an independent authenticator is accepted like any other', async () => {
    const authenticator = new AuthenticatorEmulator({ credentialsRepository: new PasskeysCredentialsMemoryRepository() })
    const browser = new WebAuthnEmulator(authenticator)
    const { id, start } = await world.confirmed(caller, () => startRegistration(world.domain, caller, { method: 'passkey' }))
    await finishRegistration(world.domain, caller, id, { response: browser.createJSON(ORIGIN, start as never) })
    world.wait()
    for (let use = 0; use < 2; use++) {
      const stepUp = await startStepUp(world.domain, caller, { feature: 'approve' })
      const options = stepUp.status === 'open' ? stepUp.methods[0]?.start : undefined
      const response = browser.getJSON(ORIGIN, options as never)
      expect(await attempt(world.domain, caller, stepUp.id, { method: 'passkey', response })).toMatchObject({ status: 'done' })
      world.wait(121)
    }
  })

  test('by code gives a token, and the next step-up for the same is done at once', async () => {
    const app = await world.enrolApp(caller)
    world.wait()
    const stepUp = await startStepUp(world.domain, caller, { feature: 'export' })
    const done = await attempt(world.domain, caller, stepUp.id, { method: 'totp', response: { code: app.code() } })
    expect(done).toMatchObject({ status: 'done', issued: { acr: 'urn:stile:acr:mfa', amr: ['otp', 'mfa'], authTime: world.clock.now() } })
    expect(await startStepUp(world.domain, caller, { feature: 'export' })).toMatchObject({ status: 'done' })
  })

  test('after a wrong one is still right', async () => {
    const app = await world.enrolApp(caller)
    world.wait()
    const { id } = await startStepUp(world.domain, caller, { feature: 'export' })
    const wrong = await problemOf(attempt(world.domain, caller, id, { method: 'totp', response: { code: app.code(5) } }))
    expect(wrong).toMatchObject({ code: 'attempt_failed', failure: 'wrong_code', attemptsLeft: 4 })
    expect(await attempt(world.domain, caller, id, { method: 'totp', response: { code: app.code() } })).toMatchObject({ status: 'done' })
  })

  test('by another method than the one that was started is right too', async () => {
    const app = await world.enrolApp(caller)
    const passkey = await world.enrolPasskey(caller)
    world.wait()
    const stepUp = await startStepUp(world.domain, caller, { feature: 'export' })
    const failed = await problemOf(attempt(world.domain, caller, stepUp.id, { method: 'passkey', response: {} }))
    expect(failed).toMatchObject({ failure: 'response_malformed', attemptsLeft: 5 })
    await startMethod(world.domain, caller, stepUp.id, 'totp')
    expect(await attempt(world.domain, caller, stepUp.id, { method: 'totp', response: { code: app.code() } })).toMatchObject({
      status: 'done',
    })
    expect(passkey.id).toMatch(/^auth_/)
  })

  test('without user verification gives the level mfa and no more', async () => {
    const passkey = await world.enrolPasskey(caller)
    world.wait()
    const stepUp = await startStepUp(world.domain, caller, { feature: 'export' })
    const response = passkey.assert(challengeOf(stepUp), { uv: false })
    const done = await attempt(world.domain, caller, stepUp.id, { method: 'passkey', response })
    expect(issuedOf(done).acr).toBe('urn:stile:acr:mfa')
  })

  test('for managing authenticators opens their gate', async () => {
    const passkey = await world.enrolPasskey(caller)
    world.wait()
    expect(await problemOf(startRegistration(world.domain, caller, { method: 'totp' }))).toMatchObject({
      code: 'insufficient_user_authentication',
      feature: AUTHENTICATORS_FEATURE,
      requirement: { level: 'phr', maxAgeSeconds: 300 },
      next: { methods: ['passkey'] },
    })
    const stepUp = await startStepUp(world.domain, caller, { feature: AUTHENTICATORS_FEATURE })
    await attempt(world.domain, caller, stepUp.id, { method: 'passkey', response: passkey.assert(challengeOf(stepUp)) })
    expect(await startRegistration(world.domain, caller, { method: 'totp' })).toMatchObject({ method: 'totp' })
  })
})

describe('a right answer for an operation', () => {
  const operation = { amount: '10.00', currency: 'EUR' }

  async function pay() {
    const app = await world.enrolApp(caller)
    world.wait()
    const { id } = await startStepUp(world.domain, caller, { feature: 'pay', operation })
    return attempt(world.domain, caller, id, { method: 'totp', response: { code: app.code() } })
  }

  test('gives a token that names its digest', async () => {
    const done = await pay()
    expect(done).toMatchObject({ status: 'done', operation })
    const [detail] = claimsOf(issuedOf(done)).authorization_details as [{ feature: string; digest: string; salt: string }]
    const context = { feature: 'pay', account: 'acme', audience: TEST_AUDIENCE, params: operation as Operation, salt: detail.salt }
    expect(detail).toMatchObject({ type: 'stile_operation', feature: 'pay' })
    expect(detail.digest).toBe(createHash('sha256').update(operationInput(context)).digest('base64url'))
    expect(Buffer.from(detail.salt, 'base64url')).toHaveLength(16)
  })

  test('is remembered for nothing else: the next operation and every other feature ask again', async () => {
    const done = await pay()
    expect(claimsOf(issuedOf(done)).proofs).toHaveLength(2)
    expect(await world.domain.store.proofs.list({ subject: caller.subject, sid: caller.sid, jkt: caller.jkt })).toEqual([
      expect.objectContaining({ authTime: TEST_START }),
    ])
    expect(await startStepUp(world.domain, caller, { feature: 'export' })).toMatchObject({ status: 'open' })
    expect(await startStepUp(world.domain, caller, { feature: 'pay', operation })).toMatchObject({ status: 'open' })
  })
})

describe('what changes while a step-up is open counts', () => {
  test('a license that ended gives no token, and spends neither code nor guess', async () => {
    const app = await world.enrolApp(caller)
    world.wait()
    const { id } = await startStepUp(world.domain, caller, { feature: 'export' })
    await writeLicense(world.domain, 'acme', { tier: 'pro', state: 'canceled' })
    const answer = { method: 'totp', response: { code: app.code() } }
    expect((await problemOf(attempt(world.domain, caller, id, answer))).code).toBe('license_required')
    await writeLicense(world.domain, 'acme', { tier: 'pro', state: 'active' })
    expect(await attempt(world.domain, caller, id, answer)).toMatchObject({ status: 'done' })
  })

  test('a requirement that was raised must be met as well', async () => {
    const app = await world.enrolApp(caller)
    await world.enrolPasskey(caller)
    world.wait()
    const { id } = await startStepUp(world.domain, caller, { feature: 'export' })
    await writeLicense(world.domain, 'acme', { tier: 'pro', state: 'active', requires: { level: 'phr' } })
    const problem = await problemOf(attempt(world.domain, caller, id, { method: 'totp', response: { code: app.code() } }))
    expect(problem).toMatchObject({ code: 'method_unavailable', next: { methods: ['passkey'] } })
  })

  test('a requirement that was relaxed must be met as it was, because that is what was asked', async () => {
    const app = await world.enrolApp(caller)
    await world.enrolPasskey(caller)
    world.wait()
    await writeLicense(world.domain, 'acme', { tier: 'pro', state: 'active', requires: { level: 'phr' } })
    const { id } = await startStepUp(world.domain, caller, { feature: 'export' })
    await writeLicense(world.domain, 'acme', { tier: 'pro', state: 'active' })
    const problem = await problemOf(attempt(world.domain, caller, id, { method: 'totp', response: { code: app.code() } }))
    expect(problem).toMatchObject({ code: 'method_unavailable', next: { methods: ['passkey'] } })
  })

  test('a policy that now binds the feature to an operation ends the step-ups without one', async () => {
    const app = await world.enrolApp(caller)
    world.wait()
    const { id } = await startStepUp(world.domain, caller, { feature: 'export' })
    const policy = definePolicy({
      ...POLICY.document,
      features: { ...POLICY.document.features, export: { requires: { level: 'mfa', bind: ['report'] } } },
    } as never)
    const domain: Domain = { ...world.domain, policy: () => ({ policy, revision: 2, digest: policy.digest }) }
    const answer = { method: 'totp', response: { code: app.code() } }
    expect((await problemOf(attempt(domain, caller, id, answer))).code).toBe('step_up_expired')
  })

  test.each([
    ['export', undefined],
    ['pay', { amount: '1', currency: 'EUR' }],
  ])('what is demanded for %s while the answer is judged is met, or no token leaves', async (feature, operation) => {
    const app = await world.enrolApp(caller)
    await world.enrolPasskey(caller)
    world.wait()
    const { id } = await startStepUp(world.domain, caller, { feature, operation })
    const { store } = world.domain
    const accept: typeof store.totp.accept = async (input) => {
      await writeLicense(world.domain, 'acme', { tier: 'pro', state: 'active', requires: { level: 'phr' } })
      return store.totp.accept(input)
    }
    const domain: Domain = { ...world.domain, store: { ...store, totp: { ...store.totp, accept } } }
    const answer = { method: 'totp', response: { code: app.code() } }
    expect(await problemOf(attempt(domain, caller, id, answer))).toMatchObject({ code: 'attempt_failed', failure: 'level_too_low' })
  })

  test('a clock that is behind the upgrade of the license remembers no proof as newer than it', async () => {
    const policy = definePolicy({
      ...POLICY.document,
      license: { ...POLICY.document.license, upgraded: { requires: { level: 'mfa' } } },
    } as never)
    const app = await world.enrolApp(caller)
    world.wait()
    await writeLicense(world.domain, 'acme', { tier: 'enterprise', state: 'active' })
    const published = { policy, revision: 2, digest: policy.digest }
    const domain: Domain = { ...world.domain, policy: () => published }
    const { id } = await startStepUp(domain, caller, { feature: 'export' })
    const behind: Domain = { ...domain, now: () => world.clock.now() - 20 }
    const answer = { method: 'totp', response: { code: app.code() } }
    expect(await problemOf(attempt(behind, caller, id, answer))).toMatchObject({ failure: 'level_too_low' })
    const { subject, sid, jkt } = caller
    expect(await world.domain.store.proofs.list({ subject, sid, jkt })).toMatchObject([{ authTime: TEST_START }])
  })

  test('a step-up that nobody finished ends', async () => {
    const app = await world.enrolApp(caller)
    world.wait()
    const { id } = await startStepUp(world.domain, caller, { feature: 'export' })
    world.wait(300)
    const problem = await problemOf(attempt(world.domain, caller, id, { method: 'totp', response: { code: app.code() } }))
    expect(problem.code).toBe('step_up_expired')
  })
})

test('relogin cannot be answered: a fresh login begins the step-up again', async () => {
  world.wait()
  const { id } = await startStepUp(world.domain, { ...caller }, { feature: 'recent' })
  const problem = await problemOf(attempt(world.domain, caller, id, { method: 'relogin', response: {} }))
  expect(problem.code).toBe('method_unavailable')
})

import { AUTHENTICATORS_FEATURE } from '@stile/protocol'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TEST_AUDIENCE } from '../domain.test-support.ts'
import { startMethod, startStepUp } from './index.ts'
import { challengeOf, claimsOf, createWorld, issuedOf, problemOf, type World } from './world.test-support.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.close())

describe('a step-up is done at once', () => {
  test('if nothing more is asked', async () => {
    const stepUp = await startStepUp(world.domain, await world.caller(), { feature: 'view' })
    expect(stepUp).toMatchObject({ status: 'done', feature: 'view', requirement: { level: 'session' } })
    expect(claimsOf(issuedOf(stepUp))).toMatchObject({ aud: TEST_AUDIENCE, sub: 'main|alice', account: 'acme' })
  })

  test('if the proof was given before and is fresh enough', async () => {
    const caller = await world.caller()
    await world.enrolApp(caller)
    const stepUp = await startStepUp(world.domain, caller, { feature: 'export' })
    expect(stepUp).toMatchObject({
      status: 'done',
      requirement: { level: 'mfa', maxAgeSeconds: 900 },
      issued: { acr: 'urn:stile:acr:mfa' },
    })
  })

  test('with the newest proof that meets the requirement, so that its age is told rightly', async () => {
    const caller = await world.caller()
    await world.enrolPasskey(caller)
    world.wait(60)
    const provenAt = world.clock.now()
    await world.enrolApp(caller)
    const stepUp = await startStepUp(world.domain, caller, { feature: 'export' })
    expect(issuedOf(stepUp)).toMatchObject({ acr: 'urn:stile:acr:mfa', authTime: provenAt })
  })

  test('for a fresh login, once the login is the only thing that was missing', async () => {
    const old = await world.caller()
    world.wait(301)
    const asked = await startStepUp(world.domain, old, { feature: 'recent' })
    expect(asked).toMatchObject({ status: 'open', methods: [{ method: 'relogin' }] })
    const relogged = await world.caller()
    expect(await startStepUp(world.domain, relogged, { feature: 'recent' })).toMatchObject({ status: 'done' })
  })
})

describe('an open step-up', () => {
  test('has the best method started and lists the others that would do', async () => {
    const caller = await world.caller()
    await world.enrolApp(caller)
    const passkey = await world.enrolPasskey(caller)
    world.wait()
    const stepUp = await startStepUp(world.domain, caller, { feature: 'export' })
    expect(stepUp).toMatchObject({
      status: 'open',
      attemptsLeft: 5,
      methods: [
        {
          method: 'passkey',
          hint: 'Passkey',
          start: {
            rpId: 'app.example',
            userVerification: 'preferred',
            timeout: 300_000,
            allowCredentials: [{ id: passkey.credentialId, transports: ['internal'] }],
            hints: ['client-device'],
          },
        },
        { method: 'totp', hint: 'Authenticator app' },
      ],
    })
    expect(stepUp.status === 'open' && stepUp.methods[1]).not.toHaveProperty('start')
    expect(Buffer.from(challengeOf(stepUp), 'base64url')).toHaveLength(32)
  })

  test('lists nothing that is too weak, and asks the device to verify its user', async () => {
    const caller = await world.caller()
    await world.enrolApp(caller)
    const strong = await world.enrolPasskey(caller)
    await world.enrolPasskey(caller, { uv: false })
    world.wait()
    const stepUp = await startStepUp(world.domain, caller, { feature: 'approve' })
    expect(stepUp).toMatchObject({
      methods: [{ method: 'passkey', start: { userVerification: 'required', allowCredentials: [{ id: strong.credentialId }] } }],
    })
    expect(stepUp.status === 'open' && stepUp.methods).toHaveLength(1)
    expect(await problemOf(startMethod(world.domain, caller, stepUp.id, 'totp'))).toMatchObject({
      code: 'method_unavailable',
      next: { methods: ['passkey'] },
    })
  })

  test('starts a method again with another challenge', async () => {
    const caller = await world.caller()
    await world.enrolPasskey(caller)
    world.wait()
    const first = await startStepUp(world.domain, caller, { feature: 'approve' })
    const second = await startMethod(world.domain, caller, first.id, 'passkey')
    expect(second.id).toBe(first.id)
    expect(challengeOf(second)).not.toBe(challengeOf(first))
  })

  test('for a bound feature says which operation it is for, and is asked even where a fresh proof is there', async () => {
    const caller = await world.caller()
    await world.enrolPasskey(caller)
    const operation = { amount: '10.00', currency: 'EUR' }
    expect(await startStepUp(world.domain, caller, { feature: 'pay', operation })).toMatchObject({
      status: 'open',
      operation,
      requirement: { bind: ['amount', 'currency'] },
    })
  })

  test('of a feature that binds nothing does not pretend to be bound', async () => {
    const caller = await world.caller()
    await world.enrolPasskey(caller)
    world.wait()
    const stepUp = await startStepUp(world.domain, caller, { feature: 'approve', operation: { amount: 1 } })
    expect(stepUp).not.toHaveProperty('operation')
  })
})

describe('a step-up is refused', () => {
  test('with the tiers that would include the feature, where the license does not', async () => {
    expect(await problemOf(startStepUp(world.domain, await world.caller(), { feature: 'vault' }))).toMatchObject({
      code: 'license_required',
      feature: 'vault',
      next: { tiers: ['enterprise'] },
      reasons: [{ code: 'license_required' }],
    })
  })

  test('with what could be enrolled, where nothing enrolled is strong enough', async () => {
    const caller = await world.caller()
    await world.enrolApp(caller)
    expect(await problemOf(startStepUp(world.domain, caller, { feature: 'approve' }))).toMatchObject({
      code: 'enrollment_required',
      requirement: { level: 'phr' },
      next: { methods: ['passkey', 'security-key'] },
    })
  })

  test('if a misspelt feature is asked for', async () => {
    expect(await problemOf(startStepUp(world.domain, await world.caller(), { feature: 'aprove' }))).toMatchObject({
      code: 'denied',
      reasons: [{ code: 'unknown_feature' }],
    })
  })

  test('for an audience that is not configured', async () => {
    const problem = await problemOf(startStepUp(world.domain, await world.caller(), { feature: 'view', audience: 'https://evil.example' }))
    expect(problem.code).toBe('invalid_request')
  })

  test.each([
    undefined,
    null,
    { amount: '1' },
    { amount: '1', currency: 'EUR', payee: 'eve' },
    { amount: 1.5, currency: 'EUR' },
    { amount: ['1'], currency: 'EUR' },
    { amount: '1', currency: null },
    { amount: '1', currency: '\ud800' },
    { amount: '1', currency: { toString: 'EUR' } },
  ])('for the malformed operation %j', async (operation) => {
    const caller = await world.caller()
    await world.enrolPasskey(caller)
    expect((await problemOf(startStepUp(world.domain, caller, { feature: 'pay', operation }))).code).toBe('invalid_operation')
  })

  test('if a login would do but for the operation, and nothing is enrolled that could be bound to one', async () => {
    const caller = await world.caller()
    const body = { feature: 'sign', operation: { document: 'd1' } }
    expect(await problemOf(startStepUp(world.domain, caller, body))).toMatchObject({
      code: 'enrollment_required',
      next: { methods: ['passkey', 'security-key', 'totp'] },
    })
    await world.enrolApp(caller)
    const stepUp = await startStepUp(world.domain, caller, body)
    expect(stepUp.status === 'open' && stepUp.methods.map(({ method }) => method)).toEqual(['totp'])
  })

  test('to who acts for somebody, for everything that the subject would have to prove', async () => {
    const caller = await world.caller()
    await world.enrolPasskey(caller)
    const actor = await world.caller({ actor: 'support-7' })
    for (const feature of ['export', 'approve', 'pay', AUTHENTICATORS_FEATURE])
      expect(await problemOf(startStepUp(world.domain, actor, { feature, operation: { amount: '1', currency: 'EUR' } }))).toMatchObject({
        code: 'denied',
        reasons: [{ code: 'actor_not_allowed' }],
      })
    // their own login they can renew, and nothing else
    world.wait(301)
    expect(await startStepUp(world.domain, actor, { feature: 'recent' })).toMatchObject({ methods: [{ method: 'relogin' }] })
  })

  test('with every fault and nothing else, whatever body is sent', async () => {
    const caller = await world.caller()
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.anything(), fc.record({ feature: fc.anything(), operation: fc.anything(), audience: fc.anything() })),
        async (body) => {
          const outcome = await startStepUp(world.domain, caller, body).catch((error) => error)
          expect(['invalid_request', 'denied', undefined]).toContain(outcome.code)
        },
      ),
    )
  })
})

import { randomBytes } from 'node:crypto'
import { AUTHENTICATORS_FEATURE } from '@stile/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { finishRegistration, startRegistration } from '../authenticators/index.ts'
import { ORIGIN } from '../methods/webauthn/authenticator.test-support.ts'
import type { Caller } from '../sessions/caller.ts'
import { attempt, startMethod, startStepUp } from './index.ts'
import { type App, challengeOf, createWorld, issuedOf, type Passkey, problemOf, type World } from './world.test-support.ts'

let world: World
let alice: Caller
let app: App
let passkey: Passkey

beforeEach(async () => {
  world = await createWorld()
  alice = await world.caller()
  app = await world.enrolApp(alice)
  passkey = await world.enrolPasskey(alice)
  world.wait()
})
afterEach(() => world.close())

const otherKey = () => randomBytes(32).toString('base64url')

describe('a thief who knows the id of an open step-up', () => {
  test.each<[string, () => Partial<Caller>]>([
    ['as another subject', () => ({ sub: 'mallory' })],
    ['as a subject of the same name of another issuer', () => ({ issuer: 'other' })],
    ['in another session', () => ({ sid: 's2' })],
    ['on another device', () => ({ jkt: otherKey() })],
    ['for another account', () => ({ account: 'evil-corp' })],
    ['from another client', () => ({ client: 'mobile' })],
  ])('%s learns and gets nothing, even with the right answers', async (_, changes) => {
    const stepUp = await startStepUp(world.domain, alice, { feature: 'export' })
    const thief = await world.caller(changes())
    const unknown = await problemOf(attempt(world.domain, thief, 'su_AAAAAAAAAAAAAAAAAAAAAA', { method: 'totp', response: {} }))
    expect(unknown.code).toBe('step_up_expired')
    const answers = [
      { method: 'totp', response: { code: app.code() } },
      { method: 'passkey', response: passkey.assert(challengeOf(stepUp)) },
    ]
    for (const answer of answers) expect(await problemOf(attempt(world.domain, thief, stepUp.id, answer))).toEqual(unknown)
    expect(await problemOf(startMethod(world.domain, thief, stepUp.id, 'passkey'))).toEqual(unknown)
    // and the owner of the step-up has lost nothing
    const response = passkey.assert(challengeOf(stepUp))
    expect(await attempt(world.domain, alice, stepUp.id, { method: 'passkey', response })).toMatchObject({ status: 'done' })
  })

  test.each(['', 'su_', 'x'.repeat(10_000), '__proto__', "su_' OR 1=1 --aaaaaaaa", 'su_AAAAAAAAAAAAAAAAAAAAAA\n'])(
    'who guesses %j is told the same as for any other',
    async (id) => {
      const problem = await problemOf(attempt(world.domain, alice, id, { method: 'totp', response: {} }))
      expect(problem).toMatchObject({ code: 'step_up_expired', status: 410 })
    },
  )
})

describe('an answer that belongs elsewhere', () => {
  async function challenge(caller: Caller, feature = 'approve') {
    const stepUp = await startStepUp(world.domain, caller, { feature })
    return { stepUp, challenge: challengeOf(stepUp) }
  }

  test('to another step-up of the same subject is refused', async () => {
    const first = await challenge(alice)
    const second = await challenge(alice)
    const response = passkey.assert(first.challenge)
    const problem = await problemOf(attempt(world.domain, alice, second.stepUp.id, { method: 'passkey', response }))
    expect(problem).toMatchObject({ code: 'attempt_failed', failure: 'challenge_used' })
  })

  test('of the passkey of another subject is refused', async () => {
    const mallory = await world.caller({ sub: 'mallory' })
    const foreign = await world.enrolPasskey(mallory)
    const { stepUp, challenge: asked } = await challenge(alice)
    const problem = await problemOf(attempt(world.domain, alice, stepUp.id, { method: 'passkey', response: foreign.assert(asked) }))
    expect(problem).toMatchObject({ failure: 'credential_unknown' })
  })

  test('of the right passkey with the user handle of another subject is refused', async () => {
    const mallory = await world.caller({ sub: 'mallory' })
    await world.enrolPasskey(mallory)
    const userHandle = await world.domain.store.subjects.userHandle(mallory.subject, 'unused')
    const { stepUp, challenge: asked } = await challenge(alice)
    const response = passkey.assert(asked, { userHandle })
    expect(await problemOf(attempt(world.domain, alice, stepUp.id, { method: 'passkey', response }))).toMatchObject({
      failure: 'user_handle_mismatch',
    })
  })

  test.each([
    ['on another origin', { origin: 'https://app.example.evil.test' }, 'origin_mismatch'],
    ['in a frame of another site', { crossOrigin: true, topOrigin: 'https://evil.test' }, 'cross_origin'],
    ['for another relying party', { rpId: 'evil.test' }, 'rp_mismatch'],
    ['without user verification, where it is needed', { uv: false }, 'user_verification_missing'],
  ] as const)('given %s is refused, and the step-up stays open for a right one', async (_, lies, failure) => {
    const { stepUp, challenge: asked } = await challenge(alice)
    const wrong = { method: 'passkey', response: passkey.assert(asked, lies) }
    expect(await problemOf(attempt(world.domain, alice, stepUp.id, wrong))).toMatchObject({ code: 'attempt_failed', failure })
    const again = await startMethod(world.domain, alice, stepUp.id, 'passkey')
    const right = { method: 'passkey', response: passkey.assert(challengeOf(again), { origin: ORIGIN }) }
    expect(await attempt(world.domain, alice, stepUp.id, right)).toMatchObject({ status: 'done' })
  })

  test('to an enrolment is no answer to a step-up, nor the other way round', async () => {
    const { stepUp, challenge: asked } = await challenge(alice)
    const registered = passkey.register(asked)
    expect(await problemOf(attempt(world.domain, alice, stepUp.id, { method: 'passkey', response: registered }))).toMatchObject({
      failure: 'response_malformed',
    })
    const gate = await challenge(alice, AUTHENTICATORS_FEATURE)
    await attempt(world.domain, alice, gate.stepUp.id, { method: 'passkey', response: passkey.assert(gate.challenge) })
    const { id, start } = await world.confirmed(alice, () => startRegistration(world.domain, alice, { method: 'passkey' }))
    const response = passkey.assert((start as { challenge: string }).challenge)
    expect(await problemOf(finishRegistration(world.domain, alice, id, { response }))).toMatchObject({ failure: 'response_malformed' })
  })

  test('by code of another subject is refused', async () => {
    const mallory = await world.caller({ sub: 'mallory' })
    const foreign = await world.enrolApp(mallory)
    const { id } = await startStepUp(world.domain, alice, { feature: 'export' })
    const answer = { method: 'totp', response: { code: foreign.code() } }
    expect(await problemOf(attempt(world.domain, alice, id, answer))).toMatchObject({ failure: 'wrong_code' })
  })
})

describe('a downgrade', () => {
  test('by answering a step-up for a passkey with a code is refused without looking at the code', async () => {
    const { id } = await startStepUp(world.domain, alice, { feature: 'approve' })
    const answer = { method: 'totp', response: { code: app.code() } }
    expect((await problemOf(attempt(world.domain, alice, id, answer))).code).toBe('method_unavailable')
    // the code was not spent on it
    const other = await startStepUp(world.domain, alice, { feature: 'export' })
    expect(await attempt(world.domain, alice, other.id, answer)).toMatchObject({ status: 'done' })
  })

  test('by a passkey that was enrolled without user verification is refused, whatever it says now', async () => {
    const gate = await startStepUp(world.domain, alice, { feature: AUTHENTICATORS_FEATURE })
    await attempt(world.domain, alice, gate.id, { method: 'passkey', response: passkey.assert(challengeOf(gate)) })
    const weak = await world.enrolPasskey(alice, { uv: false })
    world.wait()
    const stepUp = await startStepUp(world.domain, alice, { feature: 'approve' })
    const response = weak.assert(challengeOf(stepUp), { uv: true })
    expect(await problemOf(attempt(world.domain, alice, stepUp.id, { method: 'passkey', response }))).toMatchObject({
      failure: 'credential_unknown',
    })
  })

  test('by proving for one feature and asking for a stronger one is asked again', async () => {
    const { id } = await startStepUp(world.domain, alice, { feature: 'export' })
    await attempt(world.domain, alice, id, { method: 'totp', response: { code: app.code() } })
    expect(await startStepUp(world.domain, alice, { feature: 'approve' })).toMatchObject({ status: 'open' })
  })

  test('by proving for an operation of one amount gives no token for another', async () => {
    const stepUp = await startStepUp(world.domain, alice, { feature: 'pay.much', operation: { amount: '1' } })
    const response = passkey.assert(challengeOf(stepUp))
    const body = { method: 'passkey', response, operation: { amount: '1000000' } }
    const done = await attempt(world.domain, alice, stepUp.id, body)
    expect(done).toMatchObject({ operation: { amount: '1' }, issued: issuedOf(done) })
  })
})

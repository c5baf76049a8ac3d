import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { finishRegistration, listAuthenticators, removeAuthenticator, startRegistration } from '../../authenticators/index.ts'
import { decideFor } from '../../decisions/decide.ts'
import { makeRecoveryCodes, redeemRecovery } from '../../recovery/index.ts'
import { createRecoveryWorld, type RecoveryWorld } from '../../recovery/world.test-support.ts'
import type { Caller } from '../../sessions/caller.ts'
import { loadStanding } from '../../standing/standing.ts'
import { attempt, startStepUp } from '../../step-ups/index.ts'
import { type App, challengeOf, problemOf, tally } from '../../step-ups/world.test-support.ts'
import type { Domain } from '../../tokens/domain.ts'
import { softAuthenticator } from '../webauthn/authenticator.test-support.ts'

let world: RecoveryWorld
let alice: Caller
let app: App
beforeEach(async () => {
  world = await createRecoveryWorld()
  alice = await world.person()
  await world.arrive(alice)
  app = await world.enrolApp(alice)
  await world.notices()
  world.wait()
})
afterEach(() => world.close())

const open = (by = alice) => startStepUp(world.domain, by, { feature: 'export' })
const answer = (id: string, code: string, by = alice, on: Domain = world.domain) =>
  attempt(on, by, id, { method: 'totp', response: { code } })
const wrong = () => app.wrong()

/** Types wrong codes, as many as the budget lets through, then waits until it lets through more. */
async function guess(times: number): Promise<void> {
  for (let typed = 0; typed < times; ) {
    const { id } = await open(world.signedIn(alice))
    for (let count = 0; count < 5 && typed < times; count++, typed++)
      expect((await problemOf(answer(id, wrong()))).code).toBe('attempt_failed')
    if (typed % 10 === 0) world.clock.advance(86_400)
  }
}

describe('an app for which a hundred wrong codes in a row were typed', () => {
  test('is switched off: it says so, offers no way, counts for nothing, and its owner is told once', async () => {
    await guess(99)
    expect((await listAuthenticators(world.domain, alice)).authenticators[0]).not.toHaveProperty('disabled')
    expect(await world.notices()).toEqual([])
    await guess(1)
    world.clock.advance(86_400)
    expect(await world.notices()).toEqual(['authenticator_disabled alice@example.com'])
    expect((await listAuthenticators(world.domain, alice)).authenticators).toMatchObject([{ id: app.id, disabled: true, level: 'mfa' }])
    const standing = await loadStanding(world.domain, alice)
    expect(decideFor(standing, 'export')).toMatchObject({ outcome: 'enroll' })
    expect((await problemOf(open())).code).toBe('enrollment_required')
  })

  test('is not called too weak if a step-up was open before', async () => {
    const by = world.signedIn(alice)
    await world.addPasskey(by)
    world.wait()
    await guess(100)
    world.clock.advance(86_400)
    const back = world.signedIn(alice)
    const { id } = await open(back)
    expect(await problemOf(answer(id, app.code(), back))).toMatchObject({
      code: 'method_unavailable',
      detail: 'Too many wrong codes were typed for this method, and it is switched off. Choose another one.',
      next: { methods: ['passkey'] },
    })
  })

  test('threat: an attacker who uses up the guesses would then enrol with a mere sign-in', async () => {
    await guess(100)
    world.clock.advance(86_400)
    const thief = world.signedIn(alice)
    for (const by of [thief, { ...thief, sid: 's2', jkt: 'another-device-key' }]) {
      expect(await problemOf(startRegistration(world.domain, by, { method: 'passkey' }))).toMatchObject({
        code: 'denied',
        detail: expect.stringMatching(/recovery code.*your administrator/),
      })
      expect((await problemOf(removeAuthenticator(world.domain, by, app.id))).code).toBe('denied')
    }
  })

  test('threat: what it had proven before would still count', async () => {
    await guess(99)
    const { id } = await open()
    await answer(id, app.code())
    expect(await open()).toMatchObject({ status: 'done' })
    const record = await world.domain.store.authenticators.get({ subject: alice.subject, id: app.id })
    expect(record?.data).toMatchObject({ failures: 0 })
    const { subject } = alice
    const limits = {
      perCeremony: 999,
      perSubject: 999,
      windowSeconds: 1,
      longestBlockSeconds: 1,
      quietSeconds: 1,
      perAuthenticator: 100,
      rowSeconds: 1,
    }
    for (let count = 0; count < 100; count++)
      await world.domain.store.guesses.take({ subject, budget: 'owner', authenticators: [app.id], now: world.clock.now(), limits })
    expect((await loadStanding(world.domain, alice)).proofs).toEqual([alice.login])
  })

  test('threat: a burst would get more than a hundred, or a right code after them would still count', async () => {
    await guess(95)
    world.clock.advance(86_400)
    const opened = [(await open()).id, (await open()).id]
    const { lost } = await tally(opened.flatMap((id) => Array.from({ length: 20 }, () => answer(id, wrong()))))
    expect(lost.filter((code) => code === 'attempt_failed')).toHaveLength(5)
    world.clock.advance(86_400)
    expect(await world.notices()).toEqual(['authenticator_disabled alice@example.com'])
    expect((await problemOf(open())).code).toBe('enrollment_required')
  })

  test('is replaced with a passkey that a recovery code lets in, and removed with that', async () => {
    const passkeyOwner = world.signedIn(alice)
    const { codes } = await world.confirmed(passkeyOwner, () => makeRecoveryCodes(world.domain, passkeyOwner))
    world.wait()
    await guess(100)
    world.clock.advance(86_400)
    const back = world.signedIn(alice)
    await redeemRecovery(world.domain, back, { code: codes[0] })
    expect(await world.addPasskey(back)).toMatchObject({ level: 'phr' })
    world.clock.advance(86_400)
    await world.confirmed(back, () => removeAuthenticator(world.domain, back, app.id))
    expect((await listAuthenticators(world.domain, back)).authenticators).toMatchObject([{ method: 'passkey' }])
  })
})

describe('wrong codes in a row', () => {
  test('end with a right one', async () => {
    await guess(99)
    const { id } = await open()
    expect(await answer(id, app.code())).toMatchObject({ status: 'done' })
    world.wait()
    await guess(3)
    expect((await listAuthenticators(world.domain, alice)).authenticators[0]).not.toHaveProperty('disabled')
  })

  test('threat: one that is typed while a right one is judged would be forgotten', async () => {
    const { store } = world.domain
    const [first, second] = [await open(), await open()]
    const accept: typeof store.totp.accept = async (input) => {
      const accepted = await store.totp.accept(input)
      await problemOf(answer(second.id, wrong()))
      return accepted
    }
    await answer(first.id, app.code(), alice, { ...world.domain, store: { ...store, totp: { accept } } })
    const record = await store.authenticators.get({ subject: alice.subject, id: app.id })
    expect(record?.data).toMatchObject({ failures: 1 })
  })

  test('are not counted if the store fails, or if the code was used already', async () => {
    await guess(99)
    world.clock.advance(86_400)
    const { store } = world.domain
    const broken: Domain = { ...world.domain, store: { ...store, totp: { accept: () => Promise.reject(new Error('disk')) } } }
    const { id } = await open()
    for (let count = 0; count < 3; count++) await expect(answer(id, app.code(), alice, broken)).rejects.toThrow('disk')
    expect(await answer(id, app.code())).toMatchObject({ status: 'done' })
    world.clock.advance(1)
    const stepUp = await startStepUp(world.domain, alice, { feature: 'pay', operation: { amount: '1', currency: 'EUR' } })
    for (let count = 0; count < 7; count++)
      expect(await problemOf(answer(stepUp.id, app.code()))).toMatchObject({ failure: 'code_used', attemptsLeft: 5 })
  })

  test('are those of an app alone: right codes of one do not use up the other', async () => {
    const other = await world.enrolApp(alice)
    for (let count = 0; count < 105; count++) {
      world.wait(901)
      const { id } = await open()
      expect(await answer(id, app.code())).toMatchObject({ status: 'done' })
    }
    world.wait(901)
    const last = await open()
    expect(await answer(last.id, other.code())).toMatchObject({ status: 'done' })
  })

  test('lock no user out of their passkey', async () => {
    const begun = await world.confirmed(alice, () => startRegistration(world.domain, alice, { method: 'passkey' }))
    const device = softAuthenticator()
    await finishRegistration(world.domain, alice, begun.id, { response: device.register((begun.start as { challenge: string }).challenge) })
    world.wait()
    await guess(100)
    const stepUp = await open()
    expect(stepUp).toMatchObject({ methods: [{ method: 'passkey' }] })
    const done = await attempt(world.domain, alice, stepUp.id, { method: 'passkey', response: device.assert(challengeOf(stepUp)) })
    expect(done).toMatchObject({ status: 'done' })
  })
})

describe('a code', () => {
  test('threat: would count once for each app of a subject, or an older one after a newer', async () => {
    const other = await world.enrolApp(alice)
    world.wait()
    const pay = () => startStepUp(world.domain, alice, { feature: 'pay', operation: { amount: '1', currency: 'EUR' } })
    const opened = await Promise.all(Array.from({ length: 8 }, pay))
    const { won } = await tally(opened.map((each, index) => answer(each.id, (index % 2 === 0 ? app : other).code())))
    expect(won).toBe(1)
    const late = await pay()
    expect(await problemOf(answer(late.id, other.code(-1)))).toMatchObject({ failure: 'code_used' })
    expect(await answer(late.id, other.code(1))).toMatchObject({ status: 'done' })
  })

  test('of an app that is enrolled in the step in which another was used is right: its secret was never used', async () => {
    const asked = await problemOf(startRegistration(world.domain, alice, { method: 'totp' }))
    const { id } = await startStepUp(world.domain, alice, { feature: 'stile:authenticators', operation: asked.operation })
    await answer(id, app.code())
    const begun = await world.beginApp(alice)
    expect(await world.finishApp(alice, begun)).toMatchObject({ method: 'totp' })
    const stepUp = await startStepUp(world.domain, alice, { feature: 'pay', operation: { amount: '1', currency: 'EUR' } })
    expect(await problemOf(answer(stepUp.id, app.code()))).toMatchObject({ failure: 'code_used' })
  })

  test.each([0, 1, 2])('is accepted %i steps away and no further', async (windowSteps) => {
    const domain: Domain = { ...world.domain, options: { ...world.domain.options, totp: { windowSteps } } }
    const { id } = await open()
    for (const away of [windowSteps + 1, -windowSteps - 1])
      expect(await problemOf(answer(id, app.code(away), alice, domain))).toMatchObject({ failure: 'wrong_code' })
    expect(await answer(id, app.code(windowSteps), alice, domain)).toMatchObject({ status: 'done' })
  })
})

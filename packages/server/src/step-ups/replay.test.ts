import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Caller } from '../sessions/caller.ts'
import { attempt, startMethod, startStepUp } from './index.ts'
import { challengeOf, createWorld, problemOf, tally, type World } from './world.test-support.ts'

let world: World
let caller: Caller
beforeEach(async () => {
  world = await createWorld()
  caller = await world.caller()
})
afterEach(() => world.close())

const open = (feature: string) => startStepUp(world.domain, caller, { feature, operation: { amount: '1', currency: 'EUR' } })
const answer = (id: string, method: string, response: unknown) => attempt(world.domain, caller, id, { method, response })

describe('whoever recorded an answer by passkey', () => {
  test('cannot give it again to the step-up that it finished', async () => {
    const passkey = await world.enrolPasskey(caller)
    world.wait()
    const stepUp = await open('approve')
    const response = passkey.assert(challengeOf(stepUp))
    await answer(stepUp.id, 'passkey', response)
    expect((await problemOf(answer(stepUp.id, 'passkey', response))).code).toBe('step_up_expired')
  })

  test('cannot give it to a step-up whose challenge was replaced', async () => {
    const passkey = await world.enrolPasskey(caller)
    world.wait()
    const stepUp = await open('approve')
    const response = passkey.assert(challengeOf(stepUp))
    await startMethod(world.domain, caller, stepUp.id, 'passkey')
    expect(await problemOf(answer(stepUp.id, 'passkey', response))).toMatchObject({ failure: 'challenge_used' })
  })

  test('cannot use a challenge twice, not even after a failure', async () => {
    const passkey = await world.enrolPasskey(caller)
    world.wait()
    const stepUp = await open('approve')
    const response = passkey.assert(challengeOf(stepUp))
    await problemOf(answer(stepUp.id, 'passkey', { ...response, type: 'nothing' }))
    expect(await problemOf(answer(stepUp.id, 'passkey', response))).toMatchObject({ failure: 'challenge_used' })
  })

  test('wins once in a burst of thirty', async () => {
    const passkey = await world.enrolPasskey(caller)
    world.wait()
    for (const feature of ['approve', 'pay']) {
      const stepUp = await open(feature)
      const response = passkey.assert(challengeOf(stepUp))
      const { won, lost } = await tally(Array.from({ length: 30 }, () => answer(stepUp.id, 'passkey', response)))
      expect({ won, lost: new Set(lost) }).toEqual({ won: 1, lost: new Set(['step_up_expired']) })
    }
  })

  test('and has a copy of the authenticator wins once, and the copy that is behind is told so', async () => {
    const passkey = await world.enrolPasskey(caller, { counter: 7 })
    world.wait()
    const [first, second] = [await open('approve'), await open('approve')]
    const original = passkey.assert(challengeOf(first), { counter: 8 })
    const copy = passkey.assert(challengeOf(second), { counter: 8 })
    const { won, lost } = await tally([answer(first.id, 'passkey', original), answer(second.id, 'passkey', copy)])
    expect({ won, lost }).toEqual({ won: 1, lost: ['attempt_failed'] })
    const third = await open('approve')
    if (third.status === 'open') expect.unreachable('a fresh proof was given')
  })

  test('and comes later with an older counter is told so', async () => {
    const passkey = await world.enrolPasskey(caller, { counter: 7 })
    world.wait()
    const first = await open('approve')
    await answer(first.id, 'passkey', passkey.assert(challengeOf(first), { counter: 20 }))
    world.wait()
    const second = await open('approve')
    const stale = passkey.assert(challengeOf(second), { counter: 12 })
    expect(await problemOf(answer(second.id, 'passkey', stale))).toMatchObject({ failure: 'counter_regressed' })
  })
})

describe('whoever read a code over a shoulder', () => {
  test('cannot use it after its owner did, not even in another step-up', async () => {
    const app = await world.enrolApp(caller)
    world.wait()
    const code = app.code()
    const [first, second] = [await open('pay'), await open('pay')]
    await answer(first.id, 'totp', { code })
    expect(await problemOf(answer(second.id, 'totp', { code }))).toMatchObject({ failure: 'code_used', attemptsLeft: 5 })
  })

  test('cannot use an older code after a newer one', async () => {
    const app = await world.enrolApp(caller)
    world.wait()
    const [first, second] = [await open('pay'), await open('pay')]
    await answer(first.id, 'totp', { code: app.code(0) })
    expect(await problemOf(answer(second.id, 'totp', { code: app.code(-1) }))).toMatchObject({ failure: 'code_used' })
    expect(await answer(second.id, 'totp', { code: app.code(1) })).toMatchObject({ status: 'done' })
  })

  test('cannot use the code that finished the enrolment', async () => {
    const app = await world.enrolApp(caller)
    const { id } = await open('pay')
    expect(await problemOf(answer(id, 'totp', { code: app.code(-1) }))).toMatchObject({ failure: 'code_used' })
  })

  test('and sends it sixteen times with its owner costs nobody a guess, and is told that the step-up is over', async () => {
    const app = await world.enrolApp(caller)
    world.wait()
    const { id } = await open('pay')
    const { won, lost } = await tally(Array.from({ length: 16 }, () => answer(id, 'totp', { code: app.code() })))
    expect({ won, lost: new Set(lost) }).toEqual({ won: 1, lost: new Set(['step_up_expired']) })
    expect(await open('pay')).toMatchObject({ attemptsLeft: 5 })
    expect((await world.domain.store.authenticators.get({ subject: caller.subject, id: app.id }))?.data).toMatchObject({ failures: 0 })
  })

  test('and answers thirty step-ups at once with it wins one of them', async () => {
    const app = await world.enrolApp(caller)
    world.wait()
    const opened = await Promise.all(Array.from({ length: 30 }, () => open('pay')))
    const { won } = await tally(opened.map(({ id }) => answer(id, 'totp', { code: app.code() })))
    expect(won).toBe(1)
  })
})

test('a double click with two right answers of two methods gives one token', async () => {
  const app = await world.enrolApp(caller)
  const passkey = await world.enrolPasskey(caller)
  world.wait()
  const stepUp = await open('pay')
  const response = passkey.assert(challengeOf(stepUp))
  const { won, lost } = await tally([answer(stepUp.id, 'totp', { code: app.code() }), answer(stepUp.id, 'passkey', response)])
  expect({ won, lost }).toEqual({ won: 1, lost: ['step_up_expired'] })
})

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { wrongOf } from '../methods/email-otp/email-otp.test-support.ts'
import { createRecoveryWorld, type RecoveryWorld } from '../recovery/world.test-support.ts'
import type { Caller } from '../sessions/caller.ts'
import { attempt, startMethod, startStepUp } from '../step-ups/index.ts'
import { type App, problemOf, tally } from '../step-ups/world.test-support.ts'

let world: RecoveryWorld
let alice: Caller
let thief: Caller
let app: App
beforeEach(async () => {
  world = await createRecoveryWorld()
  alice = await world.person()
  await world.arrive(alice)
  app = await world.enrolApp(alice)
  await world.notices()
  thief = { ...alice, jkt: 'x'.repeat(43), vouchedBy: 'none' }
  world.wait()
})
afterEach(() => world.close())

const open = (by: Caller) => startStepUp(world.domain, by, { feature: 'export' })
const guess = (id: string, by: Caller, code = app.wrong()) => attempt(world.domain, by, id, { method: 'totp', response: { code } })

/** Types wrong codes in step-ups of their own, one after the other. */
async function typeWrong(times: number, by: Caller): Promise<void> {
  for (let count = 0; count < times; count++)
    expect(await problemOf(guess((await open(by)).id, by))).toMatchObject({ code: 'attempt_failed' })
}

describe('threat: somebody with a stolen session token guesses codes, and the owner hears nothing', () => {
  test('the owner is told once when the guesses of keys that own no login are used up, in a burst too', async () => {
    await typeWrong(8, thief)
    expect(await world.notices()).toEqual([])
    const opened = await Promise.all(Array.from({ length: 12 }, () => open(thief)))
    const { lost } = await tally(opened.map(({ id }) => guess(id, thief)))
    expect(lost.filter((code) => code === 'attempt_failed')).toHaveLength(2)
    expect(await world.notices()).toEqual(['codes_guessed alice@example.com'])
    expect((await problemOf(guess((await open(thief)).id, thief))).code).toBe('too_many_attempts')
    expect(await world.notices()).toEqual([])
  })

  const nextDay = () => {
    world.clock.advance(86_400)
    thief = { ...world.signedIn(thief), login: alice.login }
  }

  test('the next time that they are used up is told as well', async () => {
    for (let day = 1; day <= 3; day++) {
      await typeWrong(10, thief)
      expect(await world.notices()).toEqual(['codes_guessed alice@example.com'])
      nextDay()
    }
  })

  test('the hundredth code in a row is told, also in the middle of a window', async () => {
    for (let day = 1; day <= 11; day++) {
      await typeWrong(9, thief)
      expect(await world.notices()).toEqual([])
      nextDay()
    }
    await typeWrong(1, thief)
    expect(await world.notices()).toEqual(['codes_guessed alice@example.com'])
    expect((await problemOf(guess((await open(thief)).id, thief))).code).toBe('too_many_attempts')
  })

  test('codes by mail are told of as well', async () => {
    const bob = await world.person('bob', { login: { ...alice.login, authTime: 1 } })
    await world.arrive(bob)
    thief = { ...bob, jkt: 'x'.repeat(43), vouchedBy: 'none' }
    for (let round = 0; round < 2; round++) {
      const { id } = await startStepUp(world.domain, thief, { feature: 'recent' })
      await startMethod(world.domain, thief, id, 'email-otp')
      const code = wrongOf(world.server.code())
      for (let count = 0; count < 5; count++) await problemOf(attempt(world.domain, thief, id, { method: 'email-otp', response: { code } }))
    }
    expect(await world.notices()).toEqual(['codes_guessed bob@example.com'])
  })

  test('a right code as the last one uses nothing up, and nobody is told', async () => {
    await world.arrive(thief)
    await typeWrong(9, thief)
    expect(await guess((await open(thief)).id, thief, app.code())).toMatchObject({ status: 'done' })
    expect(await world.notices()).toEqual([])
  })

  test('of their own wrong codes nobody is told', async () => {
    await typeWrong(10, alice)
    expect((await problemOf(guess((await open(alice)).id, alice))).code).toBe('too_many_attempts')
    expect(await world.notices()).toEqual([])
  })
})

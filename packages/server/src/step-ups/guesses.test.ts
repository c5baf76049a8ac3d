import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { GUESS_WINDOW_SECONDS, ROW_SECONDS } from '../guesses/guesses.ts'
import { recordProof } from '../proofs/record.ts'
import type { Caller } from '../sessions/caller.ts'
import { loadStanding } from '../standing/standing.ts'
import { attempt, startStepUp } from './index.ts'
import { type App, challengeOf, createWorld, problemOf, tally, type World } from './world.test-support.ts'

let world: World
let caller: Caller
let app: App
beforeEach(async () => {
  world = await createWorld()
  caller = await world.caller()
  app = await world.enrolApp(caller)
  world.wait()
})
afterEach(() => world.close())

const open = (by = caller) => startStepUp(world.domain, by, { feature: 'export' })
const guess = (id: string, code: string, by = caller) => attempt(world.domain, by, id, { method: 'totp', response: { code } })
const wrong = () => app.wrong()

/** Types a hundred wrong codes, as many a day as there may be. */
async function wrongDaysOf(by: Caller): Promise<void> {
  for (let count = 0; count < 100; count++) {
    if (count > 0 && count % 10 === 0) world.wait(86_400)
    expect((await problemOf(guess((await open(by)).id, wrong(), by))).code).toBe('attempt_failed')
  }
  world.wait(86_400)
}

describe('whoever guesses codes', () => {
  test('has five wrong ones in a step-up, then not even the right one', async () => {
    const { id } = await open()
    for (const left of [4, 3, 2, 1, 0])
      expect(await problemOf(guess(id, wrong()))).toMatchObject({ failure: 'wrong_code', attemptsLeft: left })
    expect(await problemOf(guess(id, app.code()))).toMatchObject({ code: 'too_many_attempts', attemptsLeft: 0, retryAfter: 1 })
    expect(await open()).toMatchObject({ attemptsLeft: 5 })
  })

  test('has ten wrong ones in fifteen minutes over all step-ups, sessions and devices', async () => {
    const elsewhere = await world.caller({ sid: 's2', jkt: 'x'.repeat(43) })
    for (const by of [caller, elsewhere]) {
      const { id } = await open(by)
      for (let count = 0; count < 5; count++) await problemOf(guess(id, wrong(), by))
    }
    const third = await open()
    expect(third).toMatchObject({ attemptsLeft: 0 })
    expect(await problemOf(guess(third.id, app.code()))).toMatchObject({
      code: 'too_many_attempts',
      status: 429,
      attemptsLeft: 0,
      retryAfter: GUESS_WINDOW_SECONDS,
    })
    world.wait(GUESS_WINDOW_SECONDS)
    const later = await open()
    expect(await guess(later.id, app.code())).toMatchObject({ status: 'done' })
  })

  test('in a burst of forty gets not one guess more', async () => {
    const { id } = await open()
    const { lost } = await tally(Array.from({ length: 40 }, () => guess(id, wrong())))
    expect(lost.filter((code) => code === 'attempt_failed')).toHaveLength(5)
    expect(lost.filter((code) => code === 'too_many_attempts')).toHaveLength(35)
  })

  test('in a burst over many step-ups gets not one guess more', async () => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => open()))
    const { lost } = await tally(opened.flatMap(({ id }) => Array.from({ length: 5 }, () => guess(id, wrong()))))
    expect(lost.filter((code) => code === 'attempt_failed').length).toBeLessThanOrEqual(10)
    expect(lost).toHaveLength(40)
  })

  test('loses no guess by what cannot be a code, which says what was expected', async () => {
    const { id } = await open()
    for (const code of ['', '12345', '1234567', 'abcdef', '①②③④⑤⑥', ' - '])
      expect(await problemOf(guess(id, code)), code).toMatchObject({
        code: 'attempt_failed',
        failure: 'response_malformed',
        attemptsLeft: 5,
        errors: [{ pointer: '/response/code', detail: expect.stringContaining('6 digits') }],
      })
    expect(await guess(id, app.code())).toMatchObject({ status: 'done' })
  })

  test('may type a code in the digits of their own script', async () => {
    const { id } = await open()
    const arabic = app.code().replace(/\d/g, (digit) => String.fromCodePoint(0x0660 + Number(digit)))
    expect(await guess(id, `${arabic.slice(0, 3)}\u00a0${arabic.slice(3)}`)).toMatchObject({ status: 'done' })
  })

  test('has none left to lose by what cannot be a code, and gets none by it', async () => {
    const { id } = await open()
    for (let count = 0; count < 5; count++) await problemOf(guess(id, wrong()))
    expect(await problemOf(guess(id, '12345'))).toMatchObject({ failure: 'response_malformed', attemptsLeft: 0 })
    expect((await problemOf(guess(id, app.code()))).code).toBe('too_many_attempts')
  })

  test('does not take away the guesses of another subject', async () => {
    const victim = await world.caller({ sub: 'bob' })
    const own = await world.enrolApp(victim)
    world.wait()
    for (let round = 0; round < 2; round++) {
      const mallory = await open()
      for (let count = 0; count < 5; count++) await problemOf(guess(mallory.id, wrong()))
    }
    expect(await open()).toMatchObject({ attemptsLeft: 0 })
    const { id } = await open(victim)
    expect(await guess(id, own.code(), victim)).toMatchObject({ status: 'done' })
  })

  test('threat: with a stolen session token and a key of their own, would use up the guesses of the owner, or switch their app off', async () => {
    const thief = await world.caller({ sid: caller.sid, jkt: 'x'.repeat(43), vouchedBy: 'none' })
    for (let day = 0; day < 12; day++) {
      for (let round = 0; round < 2; round++) {
        const { id } = await open(thief)
        for (let count = 0; count < 5; count++) await problemOf(guess(id, wrong(), thief))
      }
      const closed = await open(thief)
      expect(closed).toMatchObject({ attemptsLeft: 0 })
      expect(await problemOf(guess(closed.id, app.code(), thief))).toMatchObject({ code: 'too_many_attempts', attemptsLeft: 0 })
      world.wait(86_400)
    }
    const record = await world.domain.store.authenticators.get({ subject: caller.subject, id: app.id })
    expect(record?.data).toMatchObject({ failures: 0 })
    // the owner still has all guesses, and the right one
    const { id, ...opened } = await open()
    expect(opened).toMatchObject({ attemptsLeft: 5 })
    for (let count = 0; count < 4; count++) await problemOf(guess(id, wrong()))
    expect(await guess(id, app.code())).toMatchObject({ status: 'done' })
  })

  test('threat: would close the codes of an owner whose key no login belongs to, though they have signed in on it', async () => {
    await wrongDaysOf(await world.caller({ sid: caller.sid, jkt: 'x'.repeat(43), vouchedBy: 'none' }))
    const fresh = await world.caller({ sid: 'fresh', jkt: 'y'.repeat(43), vouchedBy: 'none' })
    expect(await open(fresh)).toMatchObject({ attemptsLeft: 0 })
    const signIn = { method: 'relogin', level: 'session', amr: ['pwd'], authTime: world.clock.now() } as const
    await recordProof(world.domain, await loadStanding(world.domain, fresh), signIn)
    const { id, ...opened } = await open(fresh)
    expect(opened).toMatchObject({ attemptsLeft: 5 })
    expect(await guess(id, app.code(), fresh)).toMatchObject({ status: 'done' })
    // of another key in that session nothing is said
    expect(await open(await world.caller({ sid: 'fresh', jkt: 'z'.repeat(43), vouchedBy: 'none' }))).toMatchObject({ attemptsLeft: 0 })
  })

  test('threat: would close the codes of an owner on their known device, if the issuer says nothing of the login', async () => {
    await wrongDaysOf(await world.caller({ sid: caller.sid, jkt: 'x'.repeat(43), vouchedBy: 'none' }))
    const known = await world.caller({ sid: 's2', vouchedBy: 'none' })
    const { id, ...opened } = await open(known)
    expect(opened).toMatchObject({ attemptsLeft: 5 })
    expect(await guess(id, app.code(), known)).toMatchObject({ status: 'done' })
  })

  test('threat: on keys that own no login, would have more than a hundred codes in a row', async () => {
    let compared = 0
    const type = async (key: number, code = wrong()) => {
      const thief = await world.caller({ jkt: `${key}`.padStart(43, 'x'), vouchedBy: 'none' })
      const { id } = await open(thief)
      return problemOf(guess(id, code, thief))
    }
    for (let day = 0; day < 20; day++) {
      for (let key = 0; key < 12; key++) if ((await type(key)).code === 'attempt_failed') compared++
      world.wait(86_400)
    }
    expect(compared).toBe(100)
    expect(await type(99, app.code())).toMatchObject({
      code: 'too_many_attempts',
      retryAfter: expect.toSatisfy((seconds: number) => seconds > 86_400),
      detail: expect.stringContaining('Sign in again here'),
    })
    world.wait(ROW_SECONDS)
    expect(await type(100)).toMatchObject({ code: 'attempt_failed' })
  })

  test('locks nobody out of their passkey', async () => {
    const fresh = await world.caller({ sub: 'carol' })
    const codes = await world.enrolApp(fresh)
    const passkey = await world.enrolPasskey(fresh)
    world.wait()
    for (let round = 0; round < 2; round++) {
      const { id } = await open(fresh)
      for (let count = 0; count < 5; count++) await problemOf(guess(id, codes.wrong(), fresh))
    }
    const stepUp = await open(fresh)
    const response = passkey.assert(challengeOf(stepUp))
    expect(await attempt(world.domain, fresh, stepUp.id, { method: 'passkey', response })).toMatchObject({ status: 'done' })
  })
})

describe('whoever is right', () => {
  test('is never charged, however often', async () => {
    for (let count = 0; count < 15; count++) {
      const { id } = await startStepUp(world.domain, caller, { feature: 'pay', operation: { amount: '1', currency: 'EUR' } })
      expect(await guess(id, app.code())).toMatchObject({ status: 'done' })
      world.clock.advance(30)
    }
  })
})

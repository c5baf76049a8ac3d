import { describe, expect, test } from 'vitest'
import { guessesLeft } from '../../guesses/guesses.ts'
import { attempt } from '../../step-ups/index.ts'
import { problemOf, tally } from '../../step-ups/world.test-support.ts'
import { useMailbox, wrongOf } from './email-otp.test-support.ts'

const mailbox = useMailbox()
const { answer, begin, resend } = mailbox

describe('an attacker who guesses', () => {
  test('has five guesses, whatever is sent again', async () => {
    const { id } = await begin()
    for (const left of [4, 3])
      expect(await problemOf(answer(id, wrongOf(mailbox.server.code())))).toMatchObject({ failure: 'wrong_code', attemptsLeft: left })
    mailbox.world.clock.advance(30)
    expect(await resend(id)).toMatchObject({ attemptsLeft: 3 })
    for (const left of [2, 1, 0])
      expect(await problemOf(answer(id, wrongOf(mailbox.server.code())))).toMatchObject({ failure: 'wrong_code', attemptsLeft: left })
    expect((await problemOf(answer(id, mailbox.server.code()))).code).toBe('too_many_attempts')
  })

  test('gets no extra guess in a burst', async () => {
    const { id } = await begin()
    const wrong = wrongOf(mailbox.server.code())
    const { lost } = await tally(Array.from({ length: 20 }, () => answer(id, wrong)))
    expect(lost.filter((code) => code === 'attempt_failed')).toHaveLength(5)
    expect(lost.filter((code) => code === 'too_many_attempts')).toHaveLength(15)
  })

  test.each([
    ['truncated', (code: string) => code.slice(0, 5)],
    ['longer', (code: string) => `${code}0`],
    ['empty', () => ''],
    ['a number', (code: string) => Number(code)],
    ['a list', (code: string) => [code]],
    ['with a zero byte', (code: string) => `${code}\u0000`],
    ['with a sign', (code: string) => `+${code}`],
    ['as hexadecimal', (code: string) => `0x${Number(code).toString(16)}`],
  ])('gets nowhere with a code that is %s, and loses no guess', async (_, typed) => {
    const { id } = await begin()
    expect(await problemOf(answer(id, typed(mailbox.server.code())))).toMatchObject({
      failure: 'response_malformed',
      attemptsLeft: 5,
      errors: [{ pointer: '/response/code' }],
    })
    expect(await answer(id, mailbox.server.code())).toMatchObject({ status: 'done' })
  })

  test.each([undefined, null, 'code', {}, { code: null }])('gets nowhere with the answer %j', async (response) => {
    const { id } = await begin()
    expect(await problemOf(attempt(mailbox.world.domain, mailbox.caller, id, { method: 'email-otp', response }))).toMatchObject({
      failure: 'response_malformed',
      attemptsLeft: 5,
    })
  })
})

test('a right code that is sent several times at once costs no guess, and says that the step-up is over', async () => {
  const { id } = await begin()
  const code = mailbox.server.code()
  const { won, lost } = await tally(Array.from({ length: 16 }, () => answer(id, code)))
  expect({ won, lost: new Set(lost) }).toEqual({ won: 1, lost: new Set(['step_up_expired']) })
  const { subject } = mailbox.caller
  expect(await guessesLeft(mailbox.world.domain, { subject, budget: 'owner', ceremony: id })).toBe(5)
})

test('a wrong code beside the right one is a guess as ever', async () => {
  const { id } = await begin()
  const code = mailbox.server.code()
  const { stepUps } = mailbox.world.domain.store
  // the right one is used up, and its answer still under way
  const kept = (await stepUps.takeChallenge({ id, method: 'email-otp' })) as string
  await stepUps.start({ id, method: 'email-otp', challenge: kept })
  await stepUps.takeChallenge({ id, method: 'email-otp', challenge: kept })
  expect(await problemOf(answer(id, wrongOf(code)))).toMatchObject({ failure: 'wrong_code', attemptsLeft: 4 })
  expect((await problemOf(answer(id, code))).code).toBe('step_up_expired')
})

test('threat: a thief on another key would close codes by mail to the owner', async () => {
  const { login } = mailbox.caller
  const thief = await mailbox.callerOf('alice', { jkt: 'x'.repeat(43), vouchedBy: 'none', login })
  for (let round = 0; round < 2; round++) {
    const { id } = await begin(thief)
    const wrong = wrongOf(mailbox.server.code())
    for (let guess = 0; guess < 5; guess++) await problemOf(answer(id, wrong, thief))
  }
  expect((await problemOf(begin(thief))).code).toBe('too_many_attempts')
  const { id } = await begin()
  expect(await answer(id, mailbox.server.code())).toMatchObject({ status: 'done' })
})

test('somebody who has used up their guesses is sent no code that they could not type', async () => {
  for (let round = 0; round < 2; round++) {
    const { id } = await begin()
    const wrong = wrongOf(mailbox.server.code())
    for (let guess = 0; guess < 5; guess++) await problemOf(answer(id, wrong))
  }
  const sent = mailbox.server.inbox().length
  expect(await problemOf(begin())).toMatchObject({ code: 'too_many_attempts', attemptsLeft: 0, retryAfter: expect.any(Number) })
  expect(mailbox.server.inbox()).toHaveLength(sent)
})

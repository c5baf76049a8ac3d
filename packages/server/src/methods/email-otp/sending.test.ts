import type { StepUp } from '@stile/protocol'
import { describe, expect, test } from 'vitest'
import { recordProof } from '../../proofs/record.ts'
import type { Caller } from '../../sessions/caller.ts'
import { loadStanding } from '../../standing/standing.ts'
import { startStepUp } from '../../step-ups/index.ts'
import { problemOf, tally } from '../../step-ups/world.test-support.ts'
import type { Domain } from '../../tokens/domain.ts'
import { takeMail } from './budget.ts'
import { methodsOf, startOf, useMailbox } from './email-otp.test-support.ts'

const mailbox = useMailbox()
const { answer, begin, callerOf, resend } = mailbox

describe('sending again', () => {
  const startOver = async (by = mailbox.caller) => startOf(await begin(by).catch(() => ({}) as StepUp))

  test('takes 30 seconds, then 60, then 120, then the step-up is over', async () => {
    const { id } = await begin()
    const at = mailbox.world.clock.now()
    let waited = 0
    for (const wait of [30, 60, 120]) {
      mailbox.world.clock.advance(wait - 1)
      expect(await problemOf(resend(id))).toMatchObject({ code: 'too_many_attempts', retryAfter: 1 })
      mailbox.world.clock.advance(1)
      waited += wait
      expect(startOf(await resend(id))).toMatchObject({ resendAt: at + waited + wait * 2 })
    }
    expect(mailbox.server.inbox()).toHaveLength(4)
  })

  test('threat: a burst would send more than one', async () => {
    const { id } = await begin()
    mailbox.world.clock.advance(30)
    const { won, lost } = await tally(Array.from({ length: 12 }, () => resend(id)))
    expect([won, new Set(lost)]).toEqual([1, new Set(['too_many_attempts'])])
    expect(mailbox.server.inbox()).toHaveLength(2)
    mailbox.world.clock.advance(59)
    expect(await problemOf(resend(id))).toMatchObject({ retryAfter: 1 })
  })

  test('threat: a step-up that stays open would send without end', async () => {
    const stepUp = {
      subject: 'main|alice',
      budget: 'owner' as const,
      stepUp: 'su_long',
      expiresAt: mailbox.world.clock.now() + 3000,
    }
    for (const wait of [30, 60, 120, 240, 480]) {
      await takeMail(mailbox.world.domain, stepUp)
      mailbox.world.clock.advance(wait)
    }
    expect((await problemOf(takeMail(mailbox.world.domain, stepUp))).code).toBe('too_many_attempts')
    // what was refused is not counted: another step-up has its mails
    for (let count = 0; count < 5; count++) await takeMail(mailbox.world.domain, { ...stepUp, stepUp: `su_${count}` })
    expect((await problemOf(takeMail(mailbox.world.domain, { ...stepUp, stepUp: 'su_6' }))).code).toBe('too_many_attempts')
  })

  test('threat: many step-ups and sessions would fill a mailbox', async () => {
    for (let count = 0; count < 14; count++)
      await begin({ ...mailbox.caller, sid: `s${count}`, jkt: `key-${count}` }).catch(() => undefined)
    expect(mailbox.server.inbox()).toHaveLength(10)
    expect(await startOver()).toBeUndefined()
    expect(await startOver(await callerOf('bob', { login: { ...mailbox.caller.login, authTime: 1 } }))).toBeDefined()
    const stepUp = await startStepUp(mailbox.world.domain, mailbox.caller, { feature: 'recent' })
    expect(await problemOf(resend(stepUp.id))).toMatchObject({ code: 'too_many_attempts', retryAfter: 3600 })
    mailbox.world.clock.advance(3600)
    expect(await startOver()).toBeDefined()
  })

  test('threat: with a stolen session token and keys of their own, would use up the mails of the owner, and fill the mailbox', async () => {
    const thief = (key: number): Caller => ({ ...mailbox.caller, jkt: `${key}`.padStart(43, 'x'), vouchedBy: 'none' })
    const asked = await tally(Array.from({ length: 20 }, (_, key) => begin(thief(key))))
    expect(asked).toEqual({ won: 5, lost: Array(15).fill('too_many_attempts') })
    // the owner still has all ten
    for (let count = 0; count < 10; count++) expect(await startOver()).toBeDefined()
    expect(await startOver()).toBeUndefined()
    expect(mailbox.server.inbox()).toHaveLength(15)
    mailbox.world.clock.advance(3600)
    expect(await startOver(thief(20))).toBeDefined()
  })

  test('threat: a thief would take the mails of an owner who has signed in on a key that no login belongs to', async () => {
    const strange = (key: string): Caller => ({ ...mailbox.caller, jkt: key.repeat(43), vouchedBy: 'none' })
    await tally(Array.from({ length: 6 }, () => begin(strange('x'))))
    expect((await problemOf(begin(strange('y')))).code).toBe('too_many_attempts')
    const signIn = { method: 'relogin', level: 'session', amr: ['pwd'], authTime: mailbox.world.clock.now() - 600 } as const
    await mailbox.world.arrive(strange('y'))
    await recordProof(mailbox.world.domain, await loadStanding(mailbox.world.domain, strange('y')), signIn)
    expect(startOf(await begin(strange('y')))).toBeDefined()
  })

  test('threat: a mail to a thief that could not be sent would give one back to the owner', async () => {
    const thief: Caller = { ...mailbox.caller, jkt: 'x'.repeat(43), vouchedBy: 'none' }
    for (let count = 0; count < 10; count++) await begin()
    await mailbox.server.stop()
    const { id } = await startStepUp(mailbox.world.domain, thief, { feature: 'recent' })
    expect((await problemOf(resend(id, thief))).code).toBe('mail_unavailable')
    const own = await startStepUp(mailbox.world.domain, mailbox.caller, { feature: 'recent' })
    expect((await problemOf(resend(own.id))).code).toBe('too_many_attempts')
  })
})

describe('if the mail server is down', () => {
  test('the step-up begins without a code, and who asks for one is told', async () => {
    await mailbox.server.stop()
    const stepUp = await startStepUp(mailbox.world.domain, mailbox.caller, { feature: 'recent' })
    expect(methodsOf(stepUp)).toEqual(['email-otp', 'relogin'])
    expect(startOf(stepUp)).toBeUndefined()
    expect(await problemOf(resend(stepUp.id))).toMatchObject({ code: 'mail_unavailable', status: 503 })
  })

  test('nothing is counted, and the former code still counts', async () => {
    const { id } = await begin()
    const code = mailbox.server.code()
    mailbox.world.clock.advance(30)
    mailbox.server.answer('refuse-mail')
    for (let count = 0; count < 12; count++) expect((await problemOf(resend(id))).code).toBe('mail_unavailable')
    mailbox.server.answer('refuse-recipient')
    expect((await problemOf(resend(id))).code).toBe('mail_unavailable')
    mailbox.server.answer(undefined)
    const stepUp = await resend(id)
    expect(startOf(stepUp)).toMatchObject({ resendAt: mailbox.world.clock.now() + 60 })
    expect(stepUp).toMatchObject({ attemptsLeft: 5 })
    expect(mailbox.server.inbox()).toHaveLength(2)
    if (mailbox.server.code() !== code) expect(await answer(id, mailbox.server.code())).toMatchObject({ status: 'done' })
  })

  test('threat: a code that was never sent would take the place of one that was', async () => {
    const { id } = await begin()
    const code = mailbox.server.code()
    mailbox.world.clock.advance(30)
    mailbox.server.answer('refuse-mail')
    await problemOf(resend(id))
    expect(await answer(id, code)).toMatchObject({ status: 'done' })
  })

  test('a store that fails costs neither guess nor mail', async () => {
    const { id } = await begin()
    const { store } = mailbox.world.domain
    const broken: Domain = {
      ...mailbox.world.domain,
      store: {
        ...store,
        stepUps: {
          ...store.stepUps,
          start: () => Promise.reject(new Error('disk')),
          takeChallenge: () => Promise.reject(new Error('disk')),
        },
      },
    }
    for (let count = 0; count < 6; count++) await expect(answer(id, mailbox.server.code(), mailbox.caller, broken)).rejects.toThrow('disk')
    mailbox.world.clock.advance(30)
    await expect(resend(id, mailbox.caller, broken)).rejects.toThrow('disk')
    expect(await resend(id)).toMatchObject({ attemptsLeft: 5 })
  })
})

import { describe, expect, test } from 'vitest'
import { attempt } from '../../step-ups/index.ts'
import { createWorld, problemOf, tally } from '../../step-ups/world.test-support.ts'
import { useMailbox } from './email-otp.test-support.ts'

const mailbox = useMailbox()
const { answer, begin, callerOf, resend } = mailbox

describe('a code', () => {
  test('threat: counts twice', async () => {
    const { id } = await begin()
    const code = mailbox.server.code()
    await answer(id, code)
    expect((await problemOf(answer(id, code))).code).toBe('step_up_expired')
    const kept = await mailbox.world.domain.store.stepUps.takeChallenge({ id, method: 'email-otp' })
    expect(kept).toBeNull()
  })

  test('threat: counts twice in a burst', async () => {
    const { id } = await begin()
    const code = mailbox.server.code()
    const { won } = await tally(Array.from({ length: 8 }, () => answer(id, code)))
    expect(won).toBe(1)
  })

  test('threat: of another step-up, subject, session or device counts', async () => {
    const mine = await begin()
    const code = mailbox.server.code()
    const others = [
      await callerOf('bob', { login: { ...mailbox.caller.login } }),
      { ...mailbox.caller, sid: 's2' },
      { ...mailbox.caller, jkt: 'another-device-key' },
    ]
    for (const by of others) {
      expect((await problemOf(answer(mine.id, code, by))).code).toBe('step_up_expired')
      const theirs = await begin(by)
      if (mailbox.server.code() === code) continue
      expect((await problemOf(answer(theirs.id, code, by))).code).toBe('attempt_failed')
    }
    const again = await begin()
    if (mailbox.server.code() !== code) expect((await problemOf(answer(again.id, code))).code).toBe('attempt_failed')
    expect(await answer(mine.id, code)).toMatchObject({ status: 'done' })
  })

  test('threat: that was replaced counts', async () => {
    const { id } = await begin()
    const former = mailbox.server.code()
    mailbox.world.clock.advance(30)
    await resend(id)
    if (mailbox.server.code() !== former) expect((await problemOf(answer(id, former))).code).toBe('attempt_failed')
    expect(await answer(id, mailbox.server.code())).toMatchObject({ status: 'done' })
  })

  test('threat: can be read or tried out of the store', async () => {
    const { id } = await begin()
    const kept = await mailbox.world.domain.store.stepUps.takeChallenge({ id, method: 'email-otp' })
    expect(kept).toMatch(/^[A-Za-z0-9_-]{43}$/)
    const other = await createWorld({
      options: { secret: new Uint8Array(32).fill(8), mail: { from: 'a@example.com', url: mailbox.server.url } },
    })
    await mailbox.world.domain.store.stepUps.start({ id, method: 'email-otp', challenge: kept as string })
    const withOtherSecret = { ...mailbox.world.domain, options: other.domain.options }
    expect((await problemOf(answer(id, mailbox.server.code(), mailbox.caller, withOtherSecret))).code).toBe('attempt_failed')
    await other.close()
  })

  test('threat: a writer of the database would move it to another step-up', async () => {
    const mine = await begin()
    const code = mailbox.server.code()
    const { stepUps } = mailbox.world.domain.store
    const kept = (await stepUps.takeChallenge({ id: mine.id, method: 'email-otp' })) as string
    const theirs = await begin(await callerOf('bob', { login: { ...mailbox.caller.login } }))
    await stepUps.start({ id: theirs.id, method: 'email-otp', challenge: kept })
    const bob = await callerOf('bob', { login: { ...mailbox.caller.login } })
    expect((await problemOf(answer(theirs.id, code, bob))).code).toBe('attempt_failed')
  })

  test('threat: answers another method, or the answer of another method counts for it', async () => {
    const app = await mailbox.world.enrolApp({ ...mailbox.caller, login: { ...mailbox.caller.login, authTime: mailbox.world.clock.now() } })
    mailbox.world.wait()
    const { id } = await begin()
    await resend(id).catch(() => undefined)
    const code = mailbox.server.code()
    if (code !== app.code()) {
      expect((await problemOf(attempt(mailbox.world.domain, mailbox.caller, id, { method: 'totp', response: { code } }))).code).toBe(
        'attempt_failed',
      )
      expect((await problemOf(answer(id, app.code()))).code).toBe('attempt_failed')
    }
  })
})

import { describe, expect, test } from 'vitest'
import { startStepUp } from '../../step-ups/index.ts'
import { STEP_UP_SECONDS } from '../../step-ups/open.ts'
import { claimsOf, issuedOf, problemOf } from '../../step-ups/world.test-support.ts'
import { ADA, methodsOf, startOf, useMailbox } from './email-otp.test-support.ts'

const mailbox = useMailbox()
const { answer, begin } = mailbox

describe('a code by mail', () => {
  test('is sent when it is chosen, and not before', async () => {
    const stepUp = await startStepUp(mailbox.world.domain, mailbox.caller, { feature: 'recent' })
    expect(methodsOf(stepUp)[0]).toBe('email-otp')
    expect(startOf(stepUp)).toBeUndefined()
    expect(mailbox.server.inbox()).toEqual([])
  })

  test('proves the session now', async () => {
    const stepUp = await begin()
    const now = mailbox.world.clock.now()
    expect(methodsOf(stepUp)).toEqual(['email-otp', 'relogin'])
    expect(stepUp).toMatchObject({ methods: [{ hint: 'a•••@example.com' }, {}], attemptsLeft: 5 })
    expect(startOf(stepUp)).toEqual({ sentTo: 'a•••@example.com', resendAt: now + 30, expiresAt: stepUp.expiresAt })
    expect(mailbox.server.newest()).toMatchObject({ to: [ADA], text: expect.stringContaining('recent') })
    const issued = issuedOf(await answer(stepUp.id, mailbox.server.code()))
    expect(claimsOf(issued)).toMatchObject({ acr: 'urn:stile:acr:session', amr: ['otp'], auth_time: now })
    expect(await begin()).toMatchObject({ status: 'done' })
  })

  test.each([
    (code: string) => ` ${code} `,
    (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`,
    (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`,
    (code: string) => code.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    (code: string) => code.replace(/\d/g, (digit) => String.fromCodePoint(0x06f0 + Number(digit))),
  ])('may be typed as people do', async (typed) => {
    const { id } = await begin()
    expect(await answer(id, typed(mailbox.server.code()))).toMatchObject({ status: 'done' })
  })

  test('threat: a page would let people confirm another operation than they see', async () => {
    const stepUp = await begin(mailbox.caller, 'sign', mailbox.world.domain, { document: 'Contract 7 <b>of</b>\nMay' })
    expect(methodsOf(stepUp)).toEqual(['email-otp'])
    expect(mailbox.server.newest().text).toContain('It confirms exactly this: document: Contract 7 <b>of</b> May.')
    expect(mailbox.server.newest().html).toContain('document: Contract 7 &lt;b&gt;of&lt;/b&gt; May.')
    const claims = claimsOf(issuedOf(await answer(stepUp.id, mailbox.server.code())))
    expect(claims.authorization_details).toMatchObject([{ feature: 'sign' }])
    expect(await begin(mailbox.caller, 'sign').catch((error: { code?: string }) => error.code)).toBe('invalid_operation')
  })

  test('is never open for longer than five minutes', async () => {
    expect(STEP_UP_SECONDS).toBeLessThanOrEqual(300)
    const stepUp = await begin()
    mailbox.world.clock.advance(STEP_UP_SECONDS)
    expect((await problemOf(answer(stepUp.id, mailbox.server.code()))).code).toBe('step_up_expired')
  })

  test('is six digits, each as likely as every other', async () => {
    const draws = [Buffer.from('ffffffff', 'hex'), Buffer.from('fffff000', 'hex'), Buffer.from('00000007', 'hex')]
    const random = (bytes: number) => (bytes === 4 ? (draws.shift() ?? Buffer.alloc(4)) : mailbox.world.domain.random(bytes))
    await begin(mailbox.caller, 'recent', { ...mailbox.world.domain, random })
    // 2^32 is no multiple of a million: what lies above the last one is drawn again
    expect(mailbox.server.code()).toBe('000007')
    expect(draws).toHaveLength(0)
  })
})

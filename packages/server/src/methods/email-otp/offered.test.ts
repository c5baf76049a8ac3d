import { definePolicy } from '@stile/policy'
import { describe, expect, test } from 'vitest'
import { nameAddress } from '../../addresses/mailbox.ts'
import { decideFor } from '../../decisions/decide.ts'
import type { Caller } from '../../sessions/caller.ts'
import { loadStanding } from '../../standing/standing.ts'
import { startMethod } from '../../step-ups/index.ts'
import { createWorld, problemOf } from '../../step-ups/world.test-support.ts'
import { methodsOf, useMailbox } from './email-otp.test-support.ts'

const mailbox = useMailbox()
const { answer, begin, callerOf, resend } = mailbox

describe('whether it is offered', () => {
  test('a decision names it, and only there', async () => {
    const next = async (by: Caller) =>
      decideFor(await loadStanding(mailbox.world.domain, { ...by, login: { ...by.login, authTime: 1 } }), 'recent')
    expect(await next(mailbox.caller)).toMatchObject({ next: { methods: ['email-otp', 'relogin'] } })
    expect(await next(await mailbox.world.caller({ sub: 'bob' }))).toMatchObject({ next: { methods: ['relogin'] } })
    expect(await next(await callerOf('alice', { actor: 'support' }))).toMatchObject({ next: { methods: ['relogin'] } })
  })

  test.each([
    ['no address is known', () => mailbox.world.caller({})],
    ['the address is not verified', () => callerOf('bob', { email: { address: 'bob@example.com', verified: false } })],
    ['somebody acts for the subject', () => callerOf('alice', { actor: 'support' })],
  ])('it is not if %s', async (_, who) => {
    const by = await who()
    expect(methodsOf(await begin({ ...by, login: { ...by.login, authTime: 1 } }))).toEqual(['relogin'])
    expect(mailbox.server.inbox()).toEqual([])
  })

  test('it is not if no mail is configured', async () => {
    const silent = await createWorld()
    silent.wait()
    expect(methodsOf(await begin({ ...mailbox.caller, login: { ...mailbox.caller.login, authTime: 1 } }, 'recent', silent.domain))).toEqual(
      ['relogin'],
    )
    await silent.close()
  })

  test('threat: a code would be sent for what it cannot prove', async () => {
    await mailbox.world.enrolApp({ ...mailbox.caller, login: { ...mailbox.caller.login, authTime: mailbox.world.clock.now() } })
    mailbox.world.wait()
    const stepUp = await begin(mailbox.caller, 'export')
    expect(methodsOf(stepUp)).toEqual(['totp'])
    expect((await problemOf(resend(stepUp.id))).code).toBe('method_unavailable')
    expect(mailbox.server.inbox()).toEqual([])
  })

  test('threat: a mailbox would prove more than the session', async () => {
    const { id } = await begin()
    for (const feature of ['export', 'approve']) expect((await problemOf(begin(mailbox.caller, feature))).code).toBe('enrollment_required')
    await answer(id, mailbox.server.code())
    for (const feature of ['export', 'approve']) expect((await problemOf(begin(mailbox.caller, feature))).code).toBe('enrollment_required')
  })

  test('threat: a thief who changed the address would get the codes', async () => {
    await begin()
    const thief = { ...mailbox.caller, email: { address: 'eve@example.com', verified: true } }
    mailbox.world.clock.advance(60)
    expect(methodsOf(await begin(thief))).toEqual(['relogin'])
    expect(methodsOf(await begin(mailbox.caller))).toEqual(['email-otp', 'relogin'])
    await nameAddress(mailbox.world.domain, { subject: mailbox.caller.subject, address: 'new@example.com', by: 'admin' })
    expect(methodsOf(await begin(mailbox.caller))).toEqual(['relogin'])
    mailbox.world.clock.advance(259_200)
    expect(methodsOf(await begin(mailbox.caller))).toEqual(['email-otp', 'relogin'])
    expect(mailbox.server.newest().to).toEqual(['new@example.com'])
    expect(mailbox.server.inbox().some(({ to }) => to.includes('eve@example.com'))).toBe(false)
  })

  test('threat: a code that was sent would count after the address has begun to change', async () => {
    const { id } = await begin()
    const thief = { ...mailbox.caller, email: { address: 'eve@example.com', verified: true } }
    expect((await problemOf(answer(id, mailbox.server.code(), thief))).code).toBe('method_unavailable')
  })

  test('threat: a mailbox would open the gate of authenticators, or prove anything while the context is unusual', async () => {
    const stepUp = await begin(mailbox.caller, 'stile:authenticators')
    expect(methodsOf(stepUp)).toEqual(['relogin'])
    await mailbox.world.enrolPasskey({ ...mailbox.caller, login: { ...mailbox.caller.login, authTime: mailbox.world.clock.now() } })
    mailbox.world.wait()
    const elsewhere = { ...mailbox.caller, sid: 's2', jkt: 'another-device-key' }
    expect(methodsOf(await begin(elsewhere))).not.toContain('email-otp')
    expect((await problemOf(startMethod(mailbox.world.domain, elsewhere, (await begin(elsewhere)).id, 'email-otp'))).code).toBe(
      'method_unavailable',
    )
    expect(mailbox.server.inbox()).toEqual([])
  })

  test.each([
    ['is offered if a rule names it', undefined, ['email-otp', 'relogin']],
    ['threat: would meet what risk has raised, if a rule names it', { elevated: { level: 'session', maxAge: '1m' } } as const, ['relogin']],
  ])('%s', async (_, risk, expected) => {
    const policy = definePolicy({
      format: 1,
      features: { named: { requires: { level: 'session', maxAge: '5m', methods: ['relogin', 'email-otp'] } } },
      tiers: { pro: { features: ['named'] } },
      license: { none: { tier: 'pro' } },
      ...(risk && { risk }),
    })
    const other = await createWorld({ policy, options: { mail: { from: 'no-reply@example.com', url: mailbox.server.url } } })
    const caller = { ...mailbox.caller, login: { ...mailbox.caller.login, authTime: other.clock.now() } }
    await other.arrive(caller)
    await other.enrolPasskey(caller)
    other.wait()
    expect(methodsOf(await begin({ ...mailbox.caller, jkt: 'another-device-key' }, 'named', other.domain))).toEqual(expected)
    await other.close()
  })
})

import { definePolicy } from '@stile/policy'
import type { EmailCodeStart, StepUp } from '@stile/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nameAddress } from '../../addresses/mailbox.ts'
import { decideFor } from '../../decisions/decide.ts'
import { startMailServer, type TestMailServer } from '../../mail/smtp.test-support.ts'
import type { Caller } from '../../sessions/caller.ts'
import { loadStanding } from '../../standing/standing.ts'
import { attempt, startMethod, startStepUp } from '../../step-ups/index.ts'
import { STEP_UP_SECONDS } from '../../step-ups/open.ts'
import { claimsOf, createWorld, issuedOf, problemOf, tally, type World } from '../../step-ups/world.test-support.ts'
import type { Domain } from '../../tokens/domain.ts'
import { takeMail } from './budget.ts'

const ADA = 'ada@example.com'

let server: TestMailServer
let world: World
let caller: Caller
beforeEach(async () => {
  server = await startMailServer()
  world = await createWorld({ options: { mail: { from: 'no-reply@example.com', url: server.url } } })
  caller = await callerOf('alice')
  world.wait()
})
afterEach(() => world.close())

const callerOf = (sub: string, more: Partial<Caller> = {}) =>
  world.caller({ sub, email: { address: sub === 'alice' ? ADA : `${sub}@example.com`, verified: true }, ...more })
/** Begins as the browser does: the first way is chosen at once, and only then something is sent. */
const begin = async (by = caller, feature = 'recent', on: Domain = world.domain, operation?: object) => {
  const stepUp = await startStepUp(on, by, { feature, operation })
  return methodsOf(stepUp)[0] === 'email-otp' ? startMethod(on, by, stepUp.id, 'email-otp') : stepUp
}
const resend = (id: string, by = caller, on: Domain = world.domain) => startMethod(on, by, id, 'email-otp')
const answer = (id: string, code: unknown, by = caller, on: Domain = world.domain) =>
  attempt(on, by, id, { method: 'email-otp', response: { code } })
const methodsOf = (stepUp: StepUp) => (stepUp.status === 'open' ? stepUp.methods.map(({ method }) => method) : [])
const startOf = (stepUp: StepUp) =>
  (stepUp.status === 'open' ? stepUp.methods.find(({ method }) => method === 'email-otp')?.start : undefined) as EmailCodeStart | undefined
const wrongOf = (code: string) => (code === '000000' ? '111111' : '000000')

describe('a code by mail', () => {
  test('is sent when it is chosen, and not before', async () => {
    const stepUp = await startStepUp(world.domain, caller, { feature: 'recent' })
    expect(methodsOf(stepUp)[0]).toBe('email-otp')
    expect(startOf(stepUp)).toBeUndefined()
    expect(server.inbox()).toEqual([])
  })

  test('proves the session now', async () => {
    const stepUp = await begin()
    const now = world.clock.now()
    expect(methodsOf(stepUp)).toEqual(['email-otp', 'relogin'])
    expect(stepUp).toMatchObject({ methods: [{ hint: 'a•••@example.com' }, {}], attemptsLeft: 5 })
    expect(startOf(stepUp)).toEqual({ sentTo: 'a•••@example.com', resendAt: now + 30, expiresAt: stepUp.expiresAt })
    expect(server.newest()).toMatchObject({ to: [ADA], text: expect.stringContaining('recent') })
    const issued = issuedOf(await answer(stepUp.id, server.code()))
    expect(claimsOf(issued)).toMatchObject({ acr: 'urn:stile:acr:session', amr: ['otp'], auth_time: now })
    expect(await begin()).toMatchObject({ status: 'done' })
  })

  test.each([
    (code: string) => ` ${code} `,
    (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`,
    (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`,
  ])('may be typed as people do', async (typed) => {
    const { id } = await begin()
    expect(await answer(id, typed(server.code()))).toMatchObject({ status: 'done' })
  })

  test('threat: a page would let people confirm another operation than they see', async () => {
    const stepUp = await begin(caller, 'sign', world.domain, { document: 'Contract 7 <b>of</b>\nMay' })
    expect(methodsOf(stepUp)).toEqual(['email-otp'])
    expect(server.newest().text).toContain('It confirms exactly this: document: Contract 7 <b>of</b> May.')
    expect(server.newest().html).toContain('document: Contract 7 &lt;b&gt;of&lt;/b&gt; May.')
    const claims = claimsOf(issuedOf(await answer(stepUp.id, server.code())))
    expect(claims.authorization_details).toMatchObject([{ feature: 'sign' }])
    expect(await begin(caller, 'sign').catch((error: { code?: string }) => error.code)).toBe('invalid_operation')
  })

  test('is never open for longer than five minutes', async () => {
    expect(STEP_UP_SECONDS).toBeLessThanOrEqual(300)
    const stepUp = await begin()
    world.clock.advance(STEP_UP_SECONDS)
    expect((await problemOf(answer(stepUp.id, server.code()))).code).toBe('step_up_expired')
  })

  test('is six digits, each as likely as every other', async () => {
    const draws = [Buffer.from('ffffffff', 'hex'), Buffer.from('fffff000', 'hex'), Buffer.from('00000007', 'hex')]
    const random = (bytes: number) => (bytes === 4 ? (draws.shift() ?? Buffer.alloc(4)) : world.domain.random(bytes))
    await begin(caller, 'recent', { ...world.domain, random })
    // 2^32 is no multiple of a million: what lies above the last one is drawn again
    expect(server.code()).toBe('000007')
    expect(draws).toHaveLength(0)
  })
})

describe('where it is offered', () => {
  test('a decision names it, and only there', async () => {
    const next = async (by: Caller) => decideFor(await loadStanding(world.domain, { ...by, login: { ...by.login, authTime: 1 } }), 'recent')
    expect(await next(caller)).toMatchObject({ next: { methods: ['email-otp', 'relogin'] } })
    expect(await next(await world.caller({ sub: 'bob' }))).toMatchObject({ next: { methods: ['relogin'] } })
    expect(await next(await callerOf('alice', { actor: 'support' }))).toMatchObject({ next: { methods: ['relogin'] } })
  })

  test.each([
    ['no address is known', () => world.caller({})],
    ['nobody has verified the address', () => callerOf('bob', { email: { address: 'bob@example.com', verified: false } })],
    ['somebody acts for the subject', () => callerOf('alice', { actor: 'support' })],
  ])('it is not where %s', async (_, who) => {
    const by = await who()
    expect(methodsOf(await begin({ ...by, login: { ...by.login, authTime: 1 } }))).toEqual(['relogin'])
    expect(server.inbox()).toEqual([])
  })

  test('it is not where no mail is configured', async () => {
    const silent = await createWorld()
    silent.wait()
    expect(methodsOf(await begin({ ...caller, login: { ...caller.login, authTime: 1 } }, 'recent', silent.domain))).toEqual(['relogin'])
    await silent.close()
  })

  test('threat: a code would be sent for what it cannot prove', async () => {
    await world.enrolApp({ ...caller, login: { ...caller.login, authTime: world.clock.now() } })
    world.wait()
    const stepUp = await begin(caller, 'export')
    expect(methodsOf(stepUp)).toEqual(['totp'])
    expect((await problemOf(resend(stepUp.id))).code).toBe('method_unavailable')
    expect(server.inbox()).toEqual([])
  })

  test('threat: a mailbox would prove more than the session', async () => {
    const { id } = await begin()
    for (const feature of ['export', 'approve']) expect((await problemOf(begin(caller, feature))).code).toBe('enrollment_required')
    await answer(id, server.code())
    for (const feature of ['export', 'approve']) expect((await problemOf(begin(caller, feature))).code).toBe('enrollment_required')
  })

  test('threat: whoever changed the address would get the codes', async () => {
    await begin()
    const thief = { ...caller, email: { address: 'eve@example.com', verified: true } }
    world.clock.advance(60)
    expect(methodsOf(await begin(thief))).toEqual(['relogin'])
    expect(methodsOf(await begin(caller))).toEqual(['email-otp', 'relogin'])
    await nameAddress(world.domain, { subject: caller.subject, address: 'new@example.com', by: 'admin' })
    expect(methodsOf(await begin(caller))).toEqual(['relogin'])
    world.clock.advance(259_200)
    expect(methodsOf(await begin(caller))).toEqual(['email-otp', 'relogin'])
    expect(server.newest().to).toEqual(['new@example.com'])
    expect(server.inbox().some(({ to }) => to.includes('eve@example.com'))).toBe(false)
  })

  test('threat: a code that was sent would count after the address has begun to change', async () => {
    const { id } = await begin()
    const thief = { ...caller, email: { address: 'eve@example.com', verified: true } }
    expect((await problemOf(answer(id, server.code(), thief))).code).toBe('method_unavailable')
  })

  test('threat: a mailbox would open the gate of authenticators, or prove anything while the context is unusual', async () => {
    const stepUp = await begin(caller, 'stile:authenticators')
    expect(methodsOf(stepUp)).toEqual(['relogin'])
    await world.enrolPasskey({ ...caller, login: { ...caller.login, authTime: world.clock.now() } })
    world.wait()
    const elsewhere = { ...caller, sid: 's2', jkt: 'another-device-key' }
    expect(methodsOf(await begin(elsewhere))).not.toContain('email-otp')
    expect((await problemOf(startMethod(world.domain, elsewhere, (await begin(elsewhere)).id, 'email-otp'))).code).toBe(
      'method_unavailable',
    )
    expect(server.inbox()).toEqual([])
  })

  test.each([
    ['is offered where a rule names it', undefined, ['email-otp', 'relogin']],
    [
      'threat: would meet what risk has raised, where a rule names it',
      { elevated: { level: 'session', maxAge: '1m' } } as const,
      ['relogin'],
    ],
  ])('%s', async (_, risk, expected) => {
    const policy = definePolicy({
      format: 1,
      features: { named: { requires: { level: 'session', maxAge: '5m', methods: ['relogin', 'email-otp'] } } },
      tiers: { pro: { features: ['named'] } },
      license: { none: { tier: 'pro' } },
      ...(risk && { risk }),
    })
    const other = await createWorld({ policy, options: { mail: { from: 'no-reply@example.com', url: server.url } } })
    await other.enrolPasskey({ ...caller, login: { ...caller.login, authTime: other.clock.now() } })
    other.wait()
    expect(methodsOf(await begin({ ...caller, jkt: 'another-device-key' }, 'named', other.domain))).toEqual(expected)
    await other.close()
  })
})

describe('an attacker who guesses', () => {
  test('has five guesses, whatever is sent again', async () => {
    const { id } = await begin()
    for (const left of [4, 3])
      expect(await problemOf(answer(id, wrongOf(server.code())))).toMatchObject({ failure: 'wrong_code', attemptsLeft: left })
    world.clock.advance(30)
    expect(await resend(id)).toMatchObject({ attemptsLeft: 3 })
    for (const left of [2, 1, 0])
      expect(await problemOf(answer(id, wrongOf(server.code())))).toMatchObject({ failure: 'wrong_code', attemptsLeft: left })
    expect((await problemOf(answer(id, server.code()))).code).toBe('too_many_attempts')
  })

  test('gets no extra guess in a burst', async () => {
    const { id } = await begin()
    const wrong = wrongOf(server.code())
    const { lost } = await tally(Array.from({ length: 20 }, () => answer(id, wrong)))
    expect(lost.filter((code) => code === 'attempt_failed')).toHaveLength(5)
    expect(lost.filter((code) => code === 'too_many_attempts')).toHaveLength(15)
  })

  test.each([
    ['truncated', (code: string) => code.slice(0, 5)],
    ['longer', (code: string) => `${code}0`],
    ['in full-width digits', (code: string) => code.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))],
    ['in Arabic digits', (code: string) => code.replace(/\d/g, (digit) => String.fromCodePoint(0x0660 + Number(digit)))],
    ['a number', (code: string) => Number(code)],
    ['a list', (code: string) => [code]],
    ['with a zero byte', (code: string) => `${code}\u0000`],
    ['with a sign', (code: string) => `+${code}`],
    ['as hexadecimal', (code: string) => `0x${Number(code).toString(16)}`],
  ])('gets nowhere with a code that is %s', async (_, typed) => {
    const { id } = await begin()
    expect(await problemOf(answer(id, typed(server.code())))).toMatchObject({ failure: 'wrong_code', attemptsLeft: 4 })
    expect(await answer(id, server.code())).toMatchObject({ status: 'done' })
  })

  test.each([undefined, null, 'code', {}, { code: null }])('gets nowhere with the answer %j', async (response) => {
    const { id } = await begin()
    expect((await problemOf(attempt(world.domain, caller, id, { method: 'email-otp', response }))).code).toBe('attempt_failed')
  })
})

describe('a code', () => {
  test('threat: counts twice', async () => {
    const { id } = await begin()
    const code = server.code()
    await answer(id, code)
    expect((await problemOf(answer(id, code))).code).toBe('step_up_expired')
    const kept = await world.domain.store.stepUps.takeChallenge({ id, method: 'email-otp' })
    expect(kept).toBeNull()
  })

  test('threat: counts twice in a burst', async () => {
    const { id } = await begin()
    const code = server.code()
    const { won } = await tally(Array.from({ length: 8 }, () => answer(id, code)))
    expect(won).toBe(1)
  })

  test('threat: of another step-up, subject, session or device counts', async () => {
    const mine = await begin()
    const code = server.code()
    const others = [
      await callerOf('bob', { login: { ...caller.login } }),
      { ...caller, sid: 's2' },
      { ...caller, jkt: 'another-device-key' },
    ]
    for (const by of others) {
      expect((await problemOf(answer(mine.id, code, by))).code).toBe('step_up_expired')
      const theirs = await begin(by)
      if (server.code() === code) continue
      expect((await problemOf(answer(theirs.id, code, by))).code).toBe('attempt_failed')
    }
    const again = await begin()
    if (server.code() !== code) expect((await problemOf(answer(again.id, code))).code).toBe('attempt_failed')
    expect(await answer(mine.id, code)).toMatchObject({ status: 'done' })
  })

  test('threat: that was replaced counts', async () => {
    const { id } = await begin()
    const former = server.code()
    world.clock.advance(30)
    await resend(id)
    if (server.code() !== former) expect((await problemOf(answer(id, former))).code).toBe('attempt_failed')
    expect(await answer(id, server.code())).toMatchObject({ status: 'done' })
  })

  test('threat: can be read or tried out of the store', async () => {
    const { id } = await begin()
    const kept = await world.domain.store.stepUps.takeChallenge({ id, method: 'email-otp' })
    expect(kept).toMatch(/^[A-Za-z0-9_-]{43}$/)
    const other = await createWorld({ options: { secret: new Uint8Array(32).fill(8), mail: { from: 'a@example.com', url: server.url } } })
    await world.domain.store.stepUps.start({ id, method: 'email-otp', challenge: kept as string })
    const withOtherSecret = { ...world.domain, options: other.domain.options }
    expect((await problemOf(answer(id, server.code(), caller, withOtherSecret))).code).toBe('attempt_failed')
    await other.close()
  })

  test('threat: whoever writes to the database would move it to another step-up', async () => {
    const mine = await begin()
    const code = server.code()
    const { stepUps } = world.domain.store
    const kept = (await stepUps.takeChallenge({ id: mine.id, method: 'email-otp' })) as string
    const theirs = await begin(await callerOf('bob', { login: { ...caller.login } }))
    await stepUps.start({ id: theirs.id, method: 'email-otp', challenge: kept })
    const bob = await callerOf('bob', { login: { ...caller.login } })
    expect((await problemOf(answer(theirs.id, code, bob))).code).toBe('attempt_failed')
  })

  test('threat: answers another method, or the answer of another method counts for it', async () => {
    const app = await world.enrolApp({ ...caller, login: { ...caller.login, authTime: world.clock.now() } })
    world.wait()
    const { id } = await begin()
    await resend(id).catch(() => undefined)
    const code = server.code()
    if (code !== app.code()) {
      expect((await problemOf(attempt(world.domain, caller, id, { method: 'totp', response: { code } }))).code).toBe('attempt_failed')
      expect((await problemOf(answer(id, app.code()))).code).toBe('attempt_failed')
    }
  })
})

describe('sending again', () => {
  const startOver = async (by = caller) => startOf(await begin(by).catch(() => ({}) as StepUp))

  test('takes 30 seconds, then 60, then 120, then the step-up is over', async () => {
    const { id } = await begin()
    const at = world.clock.now()
    let waited = 0
    for (const wait of [30, 60, 120]) {
      world.clock.advance(wait - 1)
      expect(await problemOf(resend(id))).toMatchObject({ code: 'too_many_attempts', retryAfter: 1 })
      world.clock.advance(1)
      waited += wait
      expect(startOf(await resend(id))).toMatchObject({ resendAt: at + waited + wait * 2 })
    }
    expect(server.inbox()).toHaveLength(4)
  })

  test('threat: a burst would send more than one', async () => {
    const { id } = await begin()
    world.clock.advance(30)
    const { won, lost } = await tally(Array.from({ length: 12 }, () => resend(id)))
    expect([won, new Set(lost)]).toEqual([1, new Set(['too_many_attempts'])])
    expect(server.inbox()).toHaveLength(2)
    world.clock.advance(59)
    expect(await problemOf(resend(id))).toMatchObject({ retryAfter: 1 })
  })

  test('threat: a step-up that stays open would send without end', async () => {
    const stepUp = { subject: 'main|alice', stepUp: 'su_long', expiresAt: world.clock.now() + 3000 }
    for (const wait of [30, 60, 120, 240, 480]) {
      await takeMail(world.domain, stepUp)
      world.clock.advance(wait)
    }
    expect((await problemOf(takeMail(world.domain, stepUp))).code).toBe('too_many_attempts')
    // what was refused is not counted: another step-up has its mails
    for (let count = 0; count < 5; count++) await takeMail(world.domain, { ...stepUp, stepUp: `su_${count}` })
    expect((await problemOf(takeMail(world.domain, { ...stepUp, stepUp: 'su_6' }))).code).toBe('too_many_attempts')
  })

  test('threat: many step-ups and sessions would fill a mailbox', async () => {
    for (let count = 0; count < 14; count++) await begin({ ...caller, sid: `s${count}`, jkt: `key-${count}` }).catch(() => undefined)
    expect(server.inbox()).toHaveLength(10)
    expect(await startOver()).toBeUndefined()
    expect(await startOver(await callerOf('bob', { login: { ...caller.login, authTime: 1 } }))).toBeDefined()
    const stepUp = await startStepUp(world.domain, caller, { feature: 'recent' })
    expect(await problemOf(resend(stepUp.id))).toMatchObject({ code: 'too_many_attempts', retryAfter: 3600 })
    world.clock.advance(3600)
    expect(await startOver()).toBeDefined()
  })
})

test('whoever has used up their guesses is sent no code that they could not type', async () => {
  for (let round = 0; round < 2; round++) {
    const { id } = await begin()
    const wrong = wrongOf(server.code())
    for (let guess = 0; guess < 5; guess++) await problemOf(answer(id, wrong))
  }
  const sent = server.inbox().length
  expect(await problemOf(begin())).toMatchObject({ code: 'too_many_attempts', attemptsLeft: 0, retryAfter: expect.any(Number) })
  expect(server.inbox()).toHaveLength(sent)
})

describe('where the mail server is down', () => {
  test('the step-up begins without a code, and who asks for one is told', async () => {
    await server.stop()
    const stepUp = await startStepUp(world.domain, caller, { feature: 'recent' })
    expect(methodsOf(stepUp)).toEqual(['email-otp', 'relogin'])
    expect(startOf(stepUp)).toBeUndefined()
    expect(await problemOf(resend(stepUp.id))).toMatchObject({ code: 'mail_unavailable', status: 503 })
  })

  test('nothing is counted, and the former code still counts', async () => {
    const { id } = await begin()
    const code = server.code()
    world.clock.advance(30)
    server.answer('refuse-mail')
    for (let count = 0; count < 12; count++) expect((await problemOf(resend(id))).code).toBe('mail_unavailable')
    server.answer('refuse-recipient')
    expect((await problemOf(resend(id))).code).toBe('mail_unavailable')
    server.answer(undefined)
    const stepUp = await resend(id)
    expect(startOf(stepUp)).toMatchObject({ resendAt: world.clock.now() + 60 })
    expect(stepUp).toMatchObject({ attemptsLeft: 5 })
    expect(server.inbox()).toHaveLength(2)
    if (server.code() !== code) expect(await answer(id, server.code())).toMatchObject({ status: 'done' })
  })

  test('threat: a code that was never sent would take the place of one that was', async () => {
    const { id } = await begin()
    const code = server.code()
    world.clock.advance(30)
    server.answer('refuse-mail')
    await problemOf(resend(id))
    expect(await answer(id, code)).toMatchObject({ status: 'done' })
  })

  test('a store that fails costs neither guess nor mail', async () => {
    const { id } = await begin()
    const { store } = world.domain
    const broken: Domain = {
      ...world.domain,
      store: {
        ...store,
        stepUps: {
          ...store.stepUps,
          start: () => Promise.reject(new Error('disk')),
          takeChallenge: () => Promise.reject(new Error('disk')),
        },
      },
    }
    for (let count = 0; count < 6; count++) await expect(answer(id, server.code(), caller, broken)).rejects.toThrow('disk')
    world.clock.advance(30)
    await expect(resend(id, caller, broken)).rejects.toThrow('disk')
    expect(await resend(id)).toMatchObject({ attemptsLeft: 5 })
  })
})

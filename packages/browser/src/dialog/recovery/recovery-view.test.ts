import type { ProblemCode } from '@stile/protocol'
import { beforeEach, describe, expect, test } from 'vitest'
import { json, NOW, refuse, setup, state, until } from '../../wire.test-support.ts'
import { about, alert, buttonOf, buttons, dialog, input, mount, press, say, text, texts, useDialogs } from '../page.test-support.ts'
import { enrols, none, REDEEM, REGISTER, STATUS, submit, title, typeIn } from '../wizard/wizard.test-support.ts'

useDialogs()

test('recovery: a code, then enrolment of what the ticket allows', async () => {
  const ticket = { expiresAt: NOW + 300, methods: ['totp'] }
  const { stile, seen } = setup({ ...none, ...enrols, [STATUS]: () => json({ codesLeft: 1 }), [REDEEM]: () => json(ticket, 201) })
  const recovered = mount(stile).recover()
  await until(() => dialog().querySelector('input'))
  typeIn(' 0000-1111-2222-3333 ')
  await until(() => buttonOf(texts.totpTitle))
  expect(seen(REDEEM)[0]?.body).toEqual({ code: '0000-1111-2222-3333' })
  expect(buttons()).toEqual([texts.totpTitle, texts.cancel])
  press(texts.totpTitle)
  await until(() => dialog().querySelector('input'))
  typeIn('123456')
  await until(() => title() === texts.enrolled)
  submit()
  await expect(recovered).resolves.toBe(true)
})

describe('threat: one Escape wastes a recovery code or link:', () => {
  const TICKET = { expiresAt: NOW + 300, methods: ['totp'] }
  const pressEscape = () => dialog().dispatchEvent(new Event('cancel', { cancelable: true }))
  const redeemed = async () => {
    const world = setup({ ...none, ...enrols, [REDEEM]: () => json(TICKET, 201) })
    const mounted = mount(world.stile)
    const recovered = mounted.recover('the-token')
    await until(() => buttonOf(texts.continue))
    press(texts.continue)
    await until(() => buttonOf(texts.totpTitle))
    return { ...world, mounted, recovered }
  }
  beforeEach(() => sessionStorage.clear())

  test.each([
    ['Escape', pressEscape],
    ['Cancel', () => press(texts.cancel)],
  ])('%s asks first, and leads back', async (_, leave) => {
    const { recovered } = await redeemed()
    leave()
    expect(title()).toBe(texts.leaveTitle)
    pressEscape()
    expect(buttonOf(texts.totpTitle)).toBeDefined()
    press(texts.totpTitle)
    await until(() => dialog().querySelector('input'))
    leave()
    expect(title()).toBe(texts.leaveTitle)
    press(texts.goOn)
    typeIn('123456')
    await until(() => title() === texts.enrolled)
    submit()
    await until(() => title() === texts.offerTitle)
    press(texts.notNow)
    await expect(recovered).resolves.toBe(true)
  })

  test('who left, or reloaded the page, goes on from there, until something is enrolled', async () => {
    const { mounted, recovered, seen } = await redeemed()
    press(texts.cancel)
    press(texts.leave)
    await expect(recovered).resolves.toBe(false)
    mounted.recover('the-token')
    await until(() => buttonOf(texts.totpTitle))
    expect(seen(REDEEM)).toHaveLength(1)
    press(texts.totpTitle)
    await until(() => dialog().querySelector('input'))
    typeIn('123456')
    await until(() => title() === texts.enrolled)
    await until(() => sessionStorage.length === 0)
  })

  test('another user of the tab is asked for a code of their own', async () => {
    const { mounted, recovered, stile, answers } = await redeemed()
    press(texts.cancel)
    press(texts.leave)
    await recovered
    answers['GET /v1/state'] = () => json(state({ subject: 'demo|u2', revision: 2 }))
    await stile.refresh()
    mounted.recover('their-own-token')
    await until(() => buttonOf(texts.continue))
  })

  test('once the service knows of no ticket, a code is asked for again', async () => {
    const { mounted, answers } = await redeemed()
    const requirement = { level: 'mfa' } as const
    answers[REGISTER] = () => refuse('insufficient_user_authentication', { feature: 'stile:authenticators', requirement })
    answers['POST /v1/step-ups'] = () => refuse('denied')
    press(texts.totpTitle)
    await until(() => buttonOf(texts.close))
    await until(() => sessionStorage.length === 0)
    mounted()
  })
})

test.each<[ProblemCode, object, string]>([
  ['recovery_failed', {}, texts.recovery_failed],
  ['too_many_attempts', { attemptsLeft: 0, retryAfter: 600 }, `${texts.too_many_attempts} ${say('lockedFor', { minutes: 10 })}`],
  ['service_unavailable', {}, texts.service_unavailable],
])('recovery: %s is said, and what was typed stays', async (code, members, sentence) => {
  const now = { now: () => Date.now() / 1000, session: async () => 'opaque' }
  const { stile } = setup({ [STATUS]: () => json({ codesLeft: 1 }), [REDEEM]: () => refuse(code, members) }, now)
  mount(stile).recover()
  await until(() => dialog().querySelector('input'))
  typeIn('WRONG')
  await until(() => alert())
  expect(alert()).toBe(sentence)
  expect(input().value).toBe('WRONG')
})

test('recovery: who was not signed in again reads that the code was not used', async () => {
  const requirement = { level: 'session', maxAgeSeconds: 300, methods: ['relogin'] } as const
  const { stile } = setup(
    {
      [STATUS]: () => json({ codesLeft: 1 }),
      [REDEEM]: () => refuse('insufficient_user_authentication', { feature: 'stile:recovery', requirement }),
    },
    { relogin: async () => false },
  )
  mount(stile).recover()
  await until(() => dialog().querySelector('input'))
  typeIn('0000')
  await until(() => alert())
  expect(alert()).toBe(`${texts.relogin_failed} ${texts.recoveryKept}`)
  expect(dialog().open).toBe(true)
})

test('recovery by a link asks for no code, and says where the link has ended', async () => {
  const { stile, seen } = setup({ [REDEEM]: () => refuse('recovery_failed') })
  mount(stile).recover('the-token')
  await until(() => buttonOf(texts.continue))
  expect(dialog().querySelector('input')).toBeNull()
  press(texts.continue)
  await until(() => alert())
  expect(seen(REDEEM)[0]?.body).toEqual({ link: 'the-token' })
  expect(alert()).toBe(say('link_failed', { help: texts.helper }))
})

test('recovery: who has no code reads whom to ask', async () => {
  const { stile } = setup({ [STATUS]: () => json({ codesLeft: 0, help: 'support@example.com' }) })
  const recovered = mount(stile).recover()
  await until(() => buttonOf(texts.close))
  expect(text()).toBe(say('noCodesLeft', { help: 'support@example.com' }))
  press(texts.close)
  await expect(recovered).resolves.toBe(false)
})

test('every view of recovery says who is signed in', async () => {
  const ticket = { expiresAt: NOW + 300, methods: ['totp'] }
  const { stile } = setup({ ...none, ...enrols, [STATUS]: () => json({ codesLeft: 1 }), [REDEEM]: () => json(ticket, 201) })
  mount(stile, { user: 'ada@example.com' }).recover()
  const who = [say('signedInAs', { user: 'ada@example.com' })]
  await until(() => dialog().querySelector('input'))
  expect(about()).toEqual(who)
  press(texts.noCode)
  expect(about()).toEqual(who)
  press(texts.back)
  typeIn('0000-1111-2222-3333')
  await until(() => buttonOf(texts.totpTitle))
  expect(about()).toEqual(who)
  press(texts.cancel)
  expect(title()).toBe(texts.leaveTitle)
  expect(about()).toEqual(who)
})

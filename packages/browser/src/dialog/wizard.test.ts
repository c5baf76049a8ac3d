import type { ProblemCode } from '@stile/protocol'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { json, NOW, refuse, setup, state, until } from '../wire.test-support.ts'
import {
  about,
  alert,
  buttonOf,
  buttons,
  dialog,
  focused,
  input,
  labelled,
  mount,
  press,
  rootOf,
  say,
  text,
  texts,
  useDialogs,
} from './page.test-support.ts'

useDialogs()

const CODES = Array.from({ length: 10 }, (_, index) => `000${index}-1111-2222-3333`)
const STATUS = 'GET /v1/recovery'
const REDEEM = 'POST /v1/recovery'
const MAKE = 'POST /v1/recovery/codes'
const REGISTER = 'POST /v1/authenticators/registrations'
const FINISH = `${REGISTER}/reg_1`
const TOTP = { id: 'reg_1', expiresAt: NOW + 300, method: 'totp', start: { secret: 'ABCD', uri: 'otpauth://totp/x?secret=ABCD' } }
const APP = {
  id: 'auth_1',
  method: 'totp',
  level: 'mfa',
  name: 'Authenticator app',
  createdAt: NOW,
  boundBy: { method: 'login', level: 'session' },
}
const none = { [STATUS]: () => json({ codesLeft: 0 }), [MAKE]: () => json({ codes: CODES }, 201) }
const enrols = { [REGISTER]: () => json(TOTP, 201), [FINISH]: () => json(APP, 201) }

const title = () => labelled('aria-labelledby')
const descriptionOf = (name: string) => rootOf().getElementById(buttonOf(name)?.getAttribute('aria-describedby') ?? '')?.textContent
const submit = () => dialog().querySelector('form')?.requestSubmit()
const typeIn = (text: string) => {
  input().value = text
  submit()
}

test('after enrolling, subjects without recovery codes are offered some, and can decline', async () => {
  const { stile } = setup({ ...none, ...enrols })
  const enrolled = mount(stile).enroll('totp')
  await until(() => dialog().querySelector('input'))
  typeIn('123456')
  await until(() => title() === texts.enrolled)
  submit()
  await until(() => title() === texts.offerTitle)
  press(texts.notNow)
  await expect(enrolled).resolves.toBe(true)
  expect(dialog().open).toBe(false)
})

test('a way that this browser lacks cannot be chosen, and its button is described by the reason', async () => {
  const { stile, seen } = setup(enrols)
  mount(stile).enroll()
  await until(() => buttonOf(texts.passkeyTitle))
  for (const name of [texts.passkeyTitle, texts['security-keyTitle']]) {
    expect(buttonOf(name)?.disabled).toBe(true)
    expect(descriptionOf(name)).toBe(texts.passkeyMissing)
    press(name)
  }
  expect(seen(REGISTER)).toEqual([])
  expect(focused()).toBe(buttonOf(texts.totpTitle))
})

test('ways that this browser has can be chosen, and their buttons are described by what they are', async () => {
  vi.stubGlobal('PublicKeyCredential', class {})
  mount(setup(enrols).stile).enroll()
  await until(() => buttonOf(texts.passkeyTitle))
  const offers = [
    [texts.passkeyTitle, `${texts.passkeyHint} ${texts.recommended}`],
    [texts.totpTitle, texts.totpHint],
    [texts['security-keyTitle'], texts['security-keyHint']],
  ] as const
  expect(buttons()).toEqual([...offers.map(([name]) => name), texts.cancel])
  for (const [name, hint] of offers) {
    expect(buttonOf(name)?.disabled).toBe(false)
    expect(descriptionOf(name)).toBe(hint)
  }
})

test.each([true, false])(
  'a phone cannot scan its own screen: on touch (%s) a link opens the authenticator app first',
  async (isTouched) => {
    vi.stubGlobal('matchMedia', () => ({ matches: isTouched }))
    mount(setup(enrols).stile).enroll('totp')
    await until(() => dialog().querySelector('input') && dialog().querySelector('code'))
    const link = dialog().querySelector('a')
    expect(link?.textContent).toBe(isTouched ? texts.openApp : undefined)
    expect(link?.getAttribute('href')).toBe(isTouched ? TOTP.start.uri : undefined)
  },
)

test.each([
  ['has codes', () => json({ codesLeft: 4 })],
  ['has codes that nobody could count', () => refuse('not_found')],
])('a subject who %s is offered none', async (_, status) => {
  const { stile } = setup({ ...enrols, [STATUS]: status })
  const enrolled = mount(stile).enroll('totp')
  await until(() => dialog().querySelector('input'))
  typeIn('123456')
  await until(() => title() === texts.enrolled)
  submit()
  await expect(enrolled).resolves.toBe(true)
})

test('ten codes are shown once; Escape does not throw them away', async () => {
  const written: string[] = []
  vi.stubGlobal('navigator', { clipboard: { writeText: async (text: string) => written.push(text) } })
  const { stile } = setup(none)
  const made = mount(stile).recoveryCodes()
  await until(() => buttonOf(texts.makeCodes))
  submit()
  await until(() => title() === texts.codesTitle)
  expect([...dialog().querySelectorAll('li')].map((each) => each.textContent)).toEqual(CODES)
  expect(buttons()).toEqual([texts.copy, texts.download, texts.print, texts.saved])
  expect(focused()).toBe(dialog().querySelector('h2'))
  dialog().dispatchEvent(new Event('cancel', { cancelable: true }))
  expect(alert()).toBe(texts.saveFirst)
  dialog().close()
  submit()
  press(texts.saved)
  expect(dialog().open).toBe(true)
  press(texts.copy)
  await until(() => buttonOf(texts.copied))
  expect(written).toEqual([CODES.join('\n')])
  expect(alert()).toBe('')
  submit()
  await expect(made).resolves.toBe(true)
  expect(dialog().open).toBe(false)
})

test('threat: an Enter too many throws ten codes away: they can be put away after a tick, and a tick can be taken back', async () => {
  const { stile } = setup(none)
  const made = mount(stile).recoveryCodes()
  await until(() => buttonOf(texts.makeCodes))
  submit()
  await until(() => title() === texts.codesTitle)
  const done = () => buttonOf(texts.saved)
  expect(done()?.disabled).toBe(true)
  input().click()
  expect(done()?.disabled).toBe(false)
  input().click()
  expect(done()?.disabled).toBe(true)
  input().click()
  press(texts.saved)
  await expect(made).resolves.toBe(true)
})

test('a clipboard that refuses does not count as saved', async () => {
  vi.stubGlobal('navigator', { clipboard: { writeText: () => Promise.reject(new DOMException('no', 'NotAllowedError')) } })
  const { stile } = setup(none)
  mount(stile).recoveryCodes()
  await until(() => buttonOf(texts.makeCodes))
  submit()
  await until(() => title() === texts.codesTitle)
  press(texts.copy)
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(buttonOf(texts.saved)?.disabled).toBe(true)
})

test('codes that could not be made are said, with the way to try again', async () => {
  const { stile, answers } = setup({ ...none, [MAKE]: () => refuse('service_unavailable') })
  mount(stile).recoveryCodes()
  await until(() => buttonOf(texts.makeCodes))
  submit()
  await until(() => alert())
  answers[MAKE] = () => json({ codes: CODES }, 201)
  submit()
  await until(() => title() === texts.codesTitle)
})

test('where codes may not be made now the service says whom to ask', async () => {
  const { stile } = setup({ ...none, [MAKE]: () => refuse('denied', { detail: 'Ask support@example.com.' }) })
  mount(stile).recoveryCodes()
  await until(() => buttonOf(texts.makeCodes))
  submit()
  await until(() => alert())
  expect(alert()).toBe('Ask support@example.com.')
})

test('what has to be proven first says what for, and the wizard goes on after it', async () => {
  const requirement = { level: 'mfa', maxAgeSeconds: 300 } as const
  const operation = { change: 'codes', id: 'codes_1' }
  let asked = 0
  const { stile, seen } = setup({
    ...none,
    [MAKE]: () => {
      asked += 1
      if (asked > 1) return json({ codes: CODES }, 201)
      return refuse('insufficient_user_authentication', { feature: 'stile:authenticators', requirement, operation })
    },
  })
  mount(stile).recoveryCodes()
  await until(() => buttonOf(texts.makeCodes))
  submit()
  await until(() => dialog().querySelector('input'))
  expect(about()[0]).toBe('Make new recovery codes.')
  typeIn('123456')
  await until(() => title() === texts.codesTitle)
  expect(seen('POST /v1/step-ups')[0]?.body).toMatchObject({ feature: 'stile:authenticators', operation })
})

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

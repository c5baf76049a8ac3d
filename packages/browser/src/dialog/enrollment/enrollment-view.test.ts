import { describe, expect, test, vi } from 'vitest'
import { json, refuse, setup, until } from '../../wire.test-support.ts'
import {
  about,
  alert,
  buttonOf,
  buttons,
  dialog,
  focused,
  mount,
  press,
  rootOf,
  say,
  text,
  texts,
  useDialogs,
} from '../page.test-support.ts'
import { enrols, FINISH, none, REGISTER, submit, TOTP, title, typeIn } from '../wizard/wizard.test-support.ts'

useDialogs()

const descriptionOf = (name: string) => rootOf().getElementById(buttonOf(name)?.getAttribute('aria-describedby') ?? '')?.textContent

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

test('threat: a service gives a link that runs a script in the page: only the authenticator app is linked', async () => {
  vi.stubGlobal('matchMedia', () => ({ matches: true }))
  const start = { secret: 'ABCD', uri: 'javascript:alert(document.domain)//' }
  mount(setup({ [REGISTER]: () => json({ ...TOTP, start }, 201) }).stile).enroll('totp')
  await until(() => dialog().querySelector('input'))
  expect(dialog().querySelector('a')).toBeNull()
})

describe('it explains itself', () => {
  const who = say('signedInAs', { user: 'ada@example.com' })
  const user = () => 'ada@example.com'
  const wrong = () => refuse('attempt_failed', { failure: 'wrong_code', attemptsLeft: 4 })

  test('if a page opens it, every view says who is signed in, and it is read out with the dialog', async () => {
    const { stile, answers } = setup({ ...none, ...enrols })
    mount(stile, { user }).enroll()
    await until(() => buttonOf(texts.totpTitle))
    expect(about()).toEqual([who])
    expect(dialog().getAttribute('aria-describedby')?.split(' ')).toContain('about')
    press(texts.totpTitle)
    await until(() => dialog().querySelector('input'))
    expect(about()).toEqual([who])
    const right = answers[FINISH]
    answers[FINISH] = wrong
    typeIn('000000')
    await until(() => alert())
    expect(about()).toEqual([who])
    answers[FINISH] = right as typeof wrong
    typeIn('123456')
    await until(() => title() === texts.enrolled)
    expect(about()).toEqual([who])
    submit()
    await until(() => title() === texts.offerTitle)
    expect(about()).toEqual([who])
    submit()
    await until(() => title() === texts.codesTitle)
    expect(about()).toEqual([who])
  })

  test('if a step-up leads to it, every view says what for and why, too', async () => {
    const nothing = () => refuse('enrollment_required', { next: { methods: ['totp', 'passkey'] } })
    const { stile } = setup({ ...none, ...enrols, 'POST /v1/step-ups': nothing })
    mount(stile, { user })
    const flow = stile.stepUp('reports.export')
    flow.done.catch(() => {})
    await until(() => buttonOf(texts.totpTitle))
    const lines = [say('enrollFor', { feature: 'Export reports' }), who]
    expect(about()).toEqual(lines)
    expect(text()).toBe(texts.enrollOnce)
    press(texts.totpTitle)
    await until(() => dialog().querySelector('input'))
    expect(about()).toEqual(lines)
    flow.cancel()
  })

  test('if enrolment is refused, it still says who is signed in', async () => {
    const { stile } = setup({ [REGISTER]: () => refuse('denied', { detail: 'Ask support@example.com.' }) })
    mount(stile, { user }).enroll('totp')
    await until(() => alert())
    expect(about()).toEqual([who])
  })
})

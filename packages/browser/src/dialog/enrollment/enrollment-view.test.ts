import { expect, test, vi } from 'vitest'
import { setup, until } from '../../wire.test-support.ts'
import { buttonOf, buttons, dialog, focused, mount, press, rootOf, texts, useDialogs } from '../page.test-support.ts'
import { enrols, none, REGISTER, submit, TOTP, title, typeIn } from '../wizard/wizard.test-support.ts'

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

import { expect, test, vi } from 'vitest'
import { json, refuse, setup, until } from '../../wire.test-support.ts'
import { about, alert, buttonOf, buttons, dialog, focused, input, mount, press, texts, useDialogs } from '../page.test-support.ts'
import { CODES, enrols, MAKE, none, STATUS, submit, title, typeIn } from '../wizard/wizard.test-support.ts'

useDialogs()

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

test('if codes may not be made now the service says whom to ask', async () => {
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

test('threat: a click too many leaves while the codes are made, which ends the former ones unseen: they are shown first', async () => {
  const service = Promise.withResolvers<void>()
  const { stile, seen } = setup({
    ...none,
    [MAKE]: async () => {
      await service.promise
      return json({ codes: CODES }, 201)
    },
  })
  const made = mount(stile).recoveryCodes()
  await until(() => buttonOf(texts.makeCodes))
  submit()
  await until(() => seen(MAKE).length > 0)
  press(texts.cancel)
  dialog().dispatchEvent(new Event('cancel', { cancelable: true }))
  service.resolve()
  await until(() => title() === texts.codesTitle)
  expect(dialog().querySelectorAll('li')).toHaveLength(CODES.length)
  input().click()
  press(texts.saved)
  await expect(made).resolves.toBe(true)
})

test('a page whose codes nobody has saved is not left without a question', async () => {
  const asksToStay = () => !dispatchEvent(new Event('beforeunload', { cancelable: true }))
  const { stile } = setup(none)
  const made = mount(stile).recoveryCodes()
  await until(() => buttonOf(texts.makeCodes))
  expect(asksToStay()).toBe(false)
  submit()
  await until(() => title() === texts.codesTitle)
  expect(asksToStay()).toBe(true)
  input().click()
  expect(asksToStay()).toBe(false)
  press(texts.saved)
  await made
  expect(asksToStay()).toBe(false)
})

test.each([null, {}])('threat: an answer without codes, %j, keeps the page asking whether to leave for ever', async (answer) => {
  const { stile } = setup({ ...none, [MAKE]: () => json(answer, 201) })
  mount(stile).recoveryCodes()
  await until(() => buttonOf(texts.makeCodes))
  submit()
  await until(() => alert())
  expect(dispatchEvent(new Event('beforeunload', { cancelable: true }))).toBe(true)
  expect(document.querySelector('stile-dialog')?.hasAttribute('data-codes')).toBe(false)
})

test('codes that arrive when the dialog is gone do not keep the page', async () => {
  const service = Promise.withResolvers<Response>()
  const { stile, seen } = setup({ ...none, [MAKE]: () => service.promise })
  const unmount = mount(stile)
  const host = document.querySelector('stile-dialog')
  unmount.recoveryCodes()
  await until(() => buttonOf(texts.makeCodes))
  submit()
  await until(() => seen(MAKE).length)
  unmount()
  service.resolve(json({ codes: CODES }, 201))
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(dispatchEvent(new Event('beforeunload', { cancelable: true }))).toBe(true)
  expect(host?.hasAttribute('data-codes')).toBe(false)
})

test('an enrolment counts if the service says nothing of recovery codes', async () => {
  const { stile } = setup({ ...enrols, [STATUS]: () => new Response(null, { status: 204 }) })
  const enrolled = mount(stile).enroll('totp')
  await until(() => dialog().querySelector('input'))
  typeIn('123456')
  await until(() => title() === texts.enrolled)
  submit()
  await expect(enrolled).resolves.toBe(true)
})

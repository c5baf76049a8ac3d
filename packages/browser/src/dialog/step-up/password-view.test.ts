import { expect, test, vi } from 'vitest'
import type { PasswordRequest } from '../../stile.ts'
import { doneStepUp, json, openStepUp, refuse, setup, until } from '../../wire.test-support.ts'
import { alert, buttonOf, dialog, focused, input, labelled, mount, press, texts, useDialogs } from '../page.test-support.ts'

useDialogs()

const ATTEMPTS = 'POST /v1/step-ups/su_1/attempts'
const relogin = (over: object = {}) => ({
  'POST /v1/step-ups': () => json(openStepUp({ methods: [{ method: 'relogin', ...over }, { method: 'totp' }] })),
})
const title = () => labelled('aria-labelledby')
const password = () => dialog().querySelector('input[autocomplete=current-password]') as HTMLInputElement
const submit = (typed: string) => {
  password().value = typed
  dialog().querySelector('form')?.requestSubmit()
}
/** An application that checks passwords: one is right. */
function application(over: object = {}) {
  const checked: PasswordRequest[] = []
  const check = async (asked: PasswordRequest) => {
    checked.push(asked)
    if (asked.password === 'unreachable') throw new TypeError('Failed to fetch')
    return asked.password === 'right'
  }
  const world = setup({ ...relogin(over) }, { relogin: { password: check } })
  return { ...world, checked }
}

test('the password is asked for in a field that password managers know, with the account beside it', async () => {
  const { stile } = application()
  mount(stile, { user: () => 'ada@example.com' })
  stile.stepUp('reports.export')
  await until(() => dialog().open && password())
  expect(title()).toBe(texts.passwordTitle)
  expect(focused()).toBe(password())
  expect(password().type).toBe('password')
  expect(password().labels?.[0]?.textContent).toBe(texts.password)
  const username = dialog().querySelector('input[autocomplete=username]') as HTMLInputElement
  expect([username.value, username.hidden]).toEqual(['ada@example.com', true])
  expect(username.compareDocumentPosition(password()) & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy()
})

test('the right one goes to the application with the device key, and what was asked for goes on', async () => {
  const { stile, answers, seen, checked } = application({ why: 'login_elsewhere' })
  mount(stile)
  const flow = stile.stepUp('reports.export')
  await until(() => dialog().open && password())
  answers['POST /v1/step-ups'] = () => json(doneStepUp())
  submit('right')
  await flow.done
  expect(checked).toEqual([{ password: 'right', jkt: expect.stringMatching(/^[\w-]{43}$/), why: 'login_elsewhere' }])
  expect(seen(ATTEMPTS)).toEqual([])
  expect(JSON.stringify(flow.get())).not.toContain('right')
})

test('a wrong one is said, stays selected, and can be typed again', async () => {
  const { stile, checked } = application()
  mount(stile)
  stile.stepUp('reports.export')
  await until(() => dialog().open && password())
  const field = password()
  submit('wrong')
  await until(() => alert())
  expect(alert()).toBe(texts.wrongPassword)
  expect(password()).toBe(field)
  expect([field.selectionStart, field.selectionEnd, field.readOnly, field.getAttribute('aria-invalid')]).toEqual([0, 5, false, 'true'])
  submit('wrong again')
  await until(() => checked.length === 2)
})

test('an application that cannot be reached is not a wrong password', async () => {
  const { stile } = application()
  mount(stile)
  stile.stepUp('reports.export')
  await until(() => dialog().open && password())
  submit('unreachable')
  await until(() => alert())
  expect(alert()).toBe(texts.failed)
  expect(password()).not.toBeNull()
})

test('an empty one is not sent', async () => {
  const { stile, checked } = application()
  mount(stile)
  stile.stepUp('reports.export')
  await until(() => dialog().open && password())
  submit('')
  expect(alert()).toBe(texts.passwordMissing)
  expect(focused()).toBe(password())
  expect(checked).toEqual([])
})

test('it can be looked at, and is hidden again before it is sent', async () => {
  const { stile } = application()
  mount(stile)
  stile.stepUp('reports.export')
  await until(() => dialog().open && password())
  const field = password()
  press(texts.showPassword)
  expect(field.type).toBe('text')
  expect(buttonOf(texts.hidePassword)).toBeDefined()
  submit('wrong')
  expect(field.type).toBe('password')
})

test('threat: a sign-in that is not enough would begin again without end: it is said once, and the developer reads why', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  let asked = 0
  const { stile, seen } = setup(
    { 'POST /v1/step-ups': () => json(openStepUp({ methods: [{ method: 'relogin' }] })) },
    {
      relogin: async () => {
        asked += 1
        return true
      },
    },
  )
  mount(stile)
  const flow = stile.stepUp('reports.export')
  await until(() => alert())
  expect(alert()).toBe(texts.login_too_old)
  expect(flow.get()).toMatchObject({ status: 'choosing', error: { code: 'relogin_failed', failure: 'login_too_old' } })
  expect([asked, seen('POST /v1/step-ups').length]).toEqual([1, 2])
  expect(log.mock.calls.flat().join()).toContain('auth_time')
  log.mockRestore()
})

test('who can only sign in again, on a page that has no way to, reads that and not that nothing works', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { stile } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods: [{ method: 'relogin' }] })) })
  mount(stile)
  for (let times = 0; times < 2; times++) {
    const flow = stile.stepUp('reports.export')
    await until(() => dialog().open && alert())
    expect(alert()).toBe(texts.relogin_unavailable)
    await expect(flow.done).rejects.toMatchObject({ code: 'method_unavailable' })
    press(texts.close)
    await until(() => !dialog().open)
  }
  expect(log).toHaveBeenCalledOnce()
  log.mockRestore()
})

test('an enrolment that asks for a sign-in has the dialog ask for the password, and goes on', async () => {
  const { stile, answers, seen, checked } = application()
  answers['POST /v1/authenticators/registrations'] = () =>
    checked.length > 0
      ? json({ id: 'reg_1', method: 'totp', start: { secret: 'JBSWY3DP', uri: 'otpauth://totp/x' } }, 201)
      : refuse('insufficient_user_authentication', {
          feature: 'stile:authenticators',
          requirement: { level: 'session', maxAgeSeconds: 300, methods: ['relogin'] },
        })
  mount(stile).enroll('totp')
  await until(() => dialog().open && password())
  answers['POST /v1/step-ups'] = () => json(doneStepUp())
  submit('right')
  await until(() => title() === texts.totpTitle && input())
  expect(seen('POST /v1/authenticators/registrations')).toHaveLength(2)
})

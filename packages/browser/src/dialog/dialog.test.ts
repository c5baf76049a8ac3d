import { describe, expect, test, vi } from 'vitest'
import { doneStepUp, json, NOW, openStepUp, refuse, setup, until } from '../wire.test-support.ts'
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
  texts,
  type,
  useDialogs,
} from './page.test-support.ts'

const ATTEMPTS = 'POST /v1/step-ups/su_1/attempts'
useDialogs()

test('a code is asked for in a labelled modal dialog that says what for, with the field in focus', async () => {
  const { stile } = setup()
  mount(stile)
  stile.stepUp('reports.export')
  // until the step-up is loaded, the dialog may say that it takes a moment
  await until(() => dialog().querySelector('input') !== null)
  expect(dialog().open).toBe(true)
  expect(labelled('aria-labelledby')).toBe(texts.title)
  expect(about()).toEqual([say('purpose', { feature: 'Export reports' }), say('holds', { time: '15 minutes' })])
  expect(focused()).toBe(input())
  expect(input().labels?.[0]?.textContent).toBe(texts.code)
  expect(input().autocomplete).toBe('one-time-code')
  expect(input().getAttribute('inputmode')).toBe('numeric')
  expect(buttons()).toEqual([texts.verify, texts.none, texts.cancel])
})

test('a pasted code with spaces sends itself, the dialog says so and closes', async () => {
  const { stile, seen } = setup()
  mount(stile)
  const flow = stile.stepUp('reports.export', { label: 'The yearly report' })
  await until(() => dialog().open)
  expect(about()[0]).toBe(say('purpose', { feature: 'The yearly report' }))
  type(' 123 456 ')
  await flow.done
  expect(seen(ATTEMPTS)[0]?.body).toEqual({ method: 'totp', response: { code: '123456' } })
  await until(() => labelled('aria-labelledby') === texts.done)
  await until(() => !dialog().open)
})

test('a wrong code is read out with what is left; focus stays and the code is selected', async () => {
  const { stile } = setup({ [ATTEMPTS]: () => refuse('attempt_failed', { failure: 'wrong_code', attemptsLeft: 4 }) })
  mount(stile)
  stile.stepUp('reports.export')
  await until(() => dialog().open)
  const field = input()
  type('000000')
  await until(() => alert())
  expect(alert()).toBe(`${texts.wrong_code} ${say('attemptsLeft', { count: 4 })}`)
  expect(input()).toBe(field)
  expect(focused()).toBe(field)
  expect([field.selectionStart, field.selectionEnd]).toEqual([0, 6])
  expect(field.getAttribute('aria-invalid')).toBe('true')
  expect(field.getAttribute('aria-describedby')).toBe(dialog().querySelector('[role=alert]')?.id)
})

test('a lock says how long, and the method waits for it', async () => {
  const { stile } = setup(
    { [ATTEMPTS]: () => refuse('too_many_attempts', { attemptsLeft: 0, retryAfter: 170 }) },
    { now: () => Date.now() / 1000, session: async () => 'opaque' },
  )
  mount(stile)
  stile.stepUp('reports.export')
  await until(() => dialog().open)
  type('000000')
  await until(() => alert())
  expect(alert()).toBe(`${texts.too_many_attempts} ${say('lockedFor', { minutes: 3 })}`)
  expect(dialog().querySelector('button')?.disabled).toBe(true)
})

test('Escape cancels, once, and the flow settles', async () => {
  const { stile } = setup()
  mount(stile)
  const flow = stile.stepUp('reports.export')
  await until(() => dialog().open)
  dialog().dispatchEvent(new Event('cancel', { cancelable: true }))
  await expect(flow.done).rejects.toMatchObject({ code: 'step_up_cancelled' })
  await until(() => !dialog().open)
})

test('a browser that closes the dialog by itself cancels too', async () => {
  const { stile } = setup()
  mount(stile)
  const flow = stile.stepUp('reports.export')
  await until(() => dialog().open)
  dialog().close()
  await expect(flow.done).rejects.toMatchObject({ code: 'step_up_cancelled' })
})

test('after a passkey prompt that was dismissed the other way is one click away', async () => {
  vi.stubGlobal('PublicKeyCredential', class {})
  vi.stubGlobal('navigator', { credentials: { get: () => Promise.reject(new DOMException('no', 'NotAllowedError')) } })
  const methods = [{ method: 'passkey', start: { challenge: 'AAAA' } }, { method: 'totp' }]
  const { stile } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods })) })
  mount(stile)
  const flow = stile.stepUp('reports.export')
  await until(() => alert())
  expect(alert()).toBe(texts.passkey_cancelled)
  expect(buttons()).toEqual([texts.usePasskey, texts.useTotp, texts.noneOfThese, texts.cancel])
  press(texts.useTotp)
  await until(() => input())
  expect(alert()).toBe('')
  expect(focused()).toBe(input())
  type('123456')
  await flow.done
})

test('what needs no prompt opens none', async () => {
  const { stile } = setup({ 'POST /v1/step-ups': () => json(doneStepUp()) })
  mount(stile)
  const show = vi.spyOn(HTMLDialogElement.prototype, 'showModal')
  await stile.stepUp('reports.export').done
  expect(show).not.toHaveBeenCalled()
  show.mockRestore()
})

test('a service that cannot be reached is said, with a way to try again', async () => {
  const { stile, answers } = setup({ 'POST /v1/step-ups': () => refuse('service_unavailable') })
  mount(stile)
  const flow = stile.stepUp('reports.export')
  await until(() => dialog().open)
  expect(alert()).toBe(texts.service_unavailable)
  answers['POST /v1/step-ups'] = () => json(openStepUp())
  press(texts.retry)
  await until(() => input())
  expect(alert()).toBe('')
  flow.cancel()
})

test.each([
  ['license_required', texts.license_required],
  ['denied', 'because denied'],
  ['conflict', texts.failed],
] as const)('%s is said in a sentence, and closing it ends it', async (code, sentence) => {
  const { stile } = setup({ 'POST /v1/step-ups': () => refuse(code) })
  mount(stile)
  stile.stepUp('reports.export')
  await until(() => dialog().open)
  expect(alert()).toBe(sentence)
  press(texts.close)
  await until(() => !dialog().open)
})

describe('who has nothing enrolled', () => {
  const nothing = () => refuse('enrollment_required', { next: { methods: ['totp'] } })
  const registration = { id: 'reg_1', method: 'totp', start: { secret: 'JBSWY3DPEHPK3PXP', uri: 'otpauth://totp/x' } }
  const added = {
    id: 'auth_1',
    method: 'totp',
    name: 'Phone',
    level: 'mfa',
    createdAt: NOW,
    boundBy: { method: 'login', level: 'session' },
  }
  const enrol = async () => {
    await until(() => buttonOf(texts.totpTitle))
    press(texts.totpTitle)
    await until(() => dialog().querySelector('input'))
    type('123456')
    await until(() => buttonOf(texts.save))
    press(texts.save)
  }

  test('is told what for, sets it up, and what they asked for goes on with it', async () => {
    const { stile, answers, seen } = setup({
      'POST /v1/step-ups': nothing,
      'POST /v1/authenticators/registrations': () => json(registration, 201),
      'POST /v1/authenticators/registrations/reg_1': () => {
        answers['POST /v1/step-ups'] = () => json(doneStepUp())
        return json(added, 201)
      },
      'GET /v1/recovery': () => json({ codesLeft: 10 }),
    })
    mount(stile)
    const flow = stile.stepUp('reports.export')
    await until(() => dialog().open)
    await until(() => labelled('aria-labelledby') === texts.enrollTitle)
    expect(about()).toEqual([say('enrollFor', { feature: 'Export reports' })])
    expect(flow.get()).toMatchObject({ status: 'enrolling', problem: { code: 'enrollment_required' } })
    await enrol()
    expect(await flow.done).toMatchObject({ token: expect.any(String) })
    expect(seen('POST /v1/step-ups')).toHaveLength(2)
    await until(() => !dialog().open)
  })

  test('and leaves it has cancelled what they asked for', async () => {
    const { stile } = setup({ 'POST /v1/step-ups': nothing })
    mount(stile)
    const flow = stile.stepUp('reports.export')
    await until(() => buttonOf(texts.totpTitle))
    press(texts.cancel)
    await expect(flow.done).rejects.toMatchObject({ code: 'step_up_cancelled' })
    await until(() => !dialog().open)
  })

  test('and has to sign in again for it is asked in between, and goes on', async () => {
    const { stile, answers, seen } = setup({
      'POST /v1/step-ups': ({ body }) =>
        (body as { feature: string }).feature === 'reports.export'
          ? nothing()
          : json(openStepUp({ feature: 'stile:authenticators', methods: [{ method: 'email-otp' }] })),
      'POST /v1/step-ups/su_1/methods/email-otp': () => json(openStepUp({ methods: [{ method: 'email-otp', hint: 'a@…', start: {} }] })),
      'POST /v1/step-ups/su_1/attempts': () => {
        answers['POST /v1/authenticators/registrations'] = () => json(registration, 201)
        return json(doneStepUp())
      },
      'POST /v1/authenticators/registrations': () =>
        refuse('insufficient_user_authentication', {
          feature: 'stile:authenticators',
          requirement: { level: 'session', methods: ['email-otp'] },
        }),
      'POST /v1/authenticators/registrations/reg_1': () => {
        answers['POST /v1/step-ups'] = () => json(doneStepUp())
        return json(added, 201)
      },
      'GET /v1/recovery': () => json({ codesLeft: 10 }),
    })
    mount(stile)
    const flow = stile.stepUp('reports.export')
    await until(() => buttonOf(texts.totpTitle))
    press(texts.totpTitle)
    await until(() => dialog().querySelector('input') && labelled('aria-labelledby') === texts.title)
    type('654321')
    await until(() => labelled('aria-labelledby') === texts.totpTitle && dialog().querySelector('input'))
    type('123456')
    await until(() => buttonOf(texts.save))
    press(texts.save)
    await flow.done
    expect(seen('POST /v1/step-ups').map(({ body }) => (body as { feature: string }).feature)).toEqual([
      'reports.export',
      'stile:authenticators',
      'reports.export',
    ])
  })

  test('is told that nothing can be set up if the service has nothing to offer', async () => {
    const { stile } = setup({ 'POST /v1/step-ups': () => refuse('enrollment_required') })
    mount(stile)
    const flow = stile.stepUp('reports.export')
    await until(() => alert())
    expect(alert()).toBe(texts.enrollment_required)
    await expect(flow.done).rejects.toMatchObject({ code: 'enrollment_required' })
  })
})

test('sentences can be replaced, and any code can be given one', async () => {
  const { stile } = setup({ 'POST /v1/step-ups': () => refuse('conflict') })
  mount(stile, { texts: { title: 'Bitte bestätigen', conflict: 'Jemand war schneller.' } })
  stile.stepUp('reports.export')
  await until(() => dialog().open)
  expect(labelled('aria-labelledby')).toBe('Bitte bestätigen')
  expect(alert()).toBe('Jemand war schneller.')
})

test('a page that is left takes the prompt with it, and the caller settles', async () => {
  const { stile } = setup()
  const unmount = mount(stile)
  const flow = stile.stepUp('reports.export')
  await until(() => dialog().open)
  unmount()
  expect(document.querySelector('stile-dialog')).toBeNull()
  await expect(flow.done).rejects.toMatchObject({ code: 'step_up_cancelled' })
})

test('the sign-in of the application does not lie behind the dialog', async () => {
  const signIn = Promise.withResolvers<boolean>()
  const { stile, answers } = setup(
    { 'POST /v1/step-ups': () => json(openStepUp({ methods: [{ method: 'relogin' }, { method: 'totp' }] })) },
    { relogin: () => signIn.promise },
  )
  mount(stile)
  const flow = stile.stepUp('reports.export')
  await until(() => flow.get().status === 'proving')
  expect(dialog().open).toBe(false)
  answers['POST /v1/step-ups'] = () => json(doneStepUp())
  signIn.resolve(true)
  await flow.done
  expect(NOW).toBeGreaterThan(0)
})

test('threat: two dialogs on a page read out each other’s errors: every dialog has ids of its own', async () => {
  for (const { stile } of [setup(), setup()]) {
    mount(stile)
    stile.stepUp('reports.export')
  }
  const shown = () => [...document.querySelectorAll('stile-dialog')].flatMap((host) => rootOf(host).querySelector('dialog[open]') ?? [])
  await until(() => shown().length === 2)
  expect(document.querySelectorAll('[id]')).toHaveLength(0)
  for (const each of shown()) {
    const labelsIn = (by: string) =>
      each
        .getAttribute(by)
        ?.split(' ')
        .map((id) => (each.getRootNode() as ShadowRoot).getElementById(id))
    expect(labelsIn('aria-labelledby')?.map((label) => each.contains(label) && label?.tagName)).toEqual(['H2'])
    expect(labelsIn('aria-describedby')?.map((label) => each.contains(label) && label?.tagName)).toEqual(['P', 'P'])
  }
})

test('closed() resolves at once if nothing is shown, and otherwise when the dialog is gone', async () => {
  const { stile } = setup()
  const mounted = mount(stile)
  await mounted.closed()
  stile.stepUp('reports.export')
  await until(() => dialog().open)
  let isClosed = false
  const closed = mounted.closed().then(() => {
    isClosed = true
  })
  type('123456')
  await until(() => labelled('aria-labelledby') === texts.done)
  expect(isClosed).toBe(false)
  await closed
  expect(dialog().open).toBe(false)
})

test('a page that is left while the dialog is open waits for nothing', async () => {
  const { stile } = setup()
  const mounted = mount(stile)
  stile.stepUp('reports.export')
  await until(() => dialog().open)
  const closed = mounted.closed()
  mounted()
  await closed
})

import { expect, test, vi } from 'vitest'
import { json, NOW, openStepUp, refuse, setup, until } from '../../wire.test-support.ts'
import {
  alert,
  buttonOf,
  buttons,
  dialog,
  focused,
  input,
  labelled,
  mount,
  press,
  say,
  text,
  texts,
  type,
  useDialogs,
} from '../page.test-support.ts'

useDialogs()

const ATTEMPTS = 'POST /v1/step-ups/su_1/attempts'
const RESEND = 'POST /v1/step-ups/su_1/methods/email-otp'
const RECOVERY = 'GET /v1/recovery'
const clock = { now: () => Date.now() / 1000, session: async () => 'opaque' }
const soon = () => Date.now() / 1000 + 25
const sent = (resendAt = soon()) => ({ method: 'email-otp', start: { sentTo: 'a•••@example.com', resendAt, expiresAt: resendAt + 300 } })
const asks = (...methods: object[]) => ({ 'POST /v1/step-ups': () => json(openStepUp({ methods }), 201) })
const passkeys = (get: () => Promise<unknown>) => {
  vi.stubGlobal('PublicKeyCredential', class {})
  vi.stubGlobal('navigator', { credentials: { get } })
}

test('a code by mail says where it went, and its field takes the code as any other', async () => {
  const { stile, seen } = setup(asks(sent()), clock)
  mount(stile)
  const flow = stile.stepUp('reports.export')
  await until(() => dialog().querySelector('input'))
  expect(text()).toBe(say('emailSent', { address: 'a•••@example.com' }))
  expect(input().labels?.[0]?.textContent).toBe(texts.emailCode)
  expect(input().autocomplete).toBe('one-time-code')
  expect(input().getAttribute('inputmode')).toBe('numeric')
  expect(focused()).toBe(input())
  type('123456')
  await flow.done
  expect(seen(ATTEMPTS)[0]?.body).toEqual({ method: 'email-otp', response: { code: '123456' } })
})

test('another code can be asked for once it is time, what became of it is said, and the field is empty and in focus', async () => {
  const { stile, answers, seen } = setup(asks(sent()), clock)
  mount(stile)
  stile.stepUp('reports.export')
  await until(() => dialog().querySelector('input'))
  const waiting = [...dialog().querySelectorAll('button')].find((each) => each.textContent?.startsWith(texts.resend))
  expect(waiting?.textContent).toMatch(/0:2\d$/)
  expect(waiting?.disabled).toBe(true)
  vi.useFakeTimers({ now: Date.now() + 26_000, toFake: ['Date'] })
  await until(() => buttonOf(texts.resend))
  input().value = '12'
  answers[RESEND] = () => json(openStepUp({ methods: [sent(soon() + 60)] }))
  press(texts.resend)
  await until(() => dialog().querySelector('[role=status]')?.textContent === texts.resent)
  expect(seen(RESEND)).toHaveLength(1)
  expect(input().value).toBe('')
  expect(focused()).toBe(input())
})

test('a clock of this browser that is hours behind does not keep the subject from asking for another code', async () => {
  const { stile } = setup(asks(sent(Date.now() / 1000 + 7200)), clock)
  mount(stile)
  stile.stepUp('reports.export')
  await until(() => dialog().querySelector('input'))
  expect(buttons().find((each) => each?.startsWith(texts.resend))).toMatch(/in [0-5]:\d\d$/)
})

test('each way has a name, and which one is meant; another is always one click away', async () => {
  passkeys(() => new Promise(() => {}))
  const start = { challenge: 'AAAA' }
  const { stile } = setup(asks({ method: 'passkey', hint: 'Passkey', start }, { method: 'totp', hint: 'Old phone' }))
  mount(stile)
  const flow = stile.stepUp('reports.export')
  await until(() => buttonOf(texts.another))
  press(texts.another)
  await until(() => buttonOf(texts.usePasskey))
  expect(text()).toBe(texts.chooseText)
  expect(buttons()).toEqual([texts.usePasskey, `${texts.useTotp} Old phone`, texts.noneOfThese, texts.cancel])
  press(`${texts.useTotp} Old phone`)
  await until(() => dialog().querySelector('input'))
  press(texts.another)
  await until(() => buttonOf(`${texts.useTotp} Old phone`))
  press(`${texts.useTotp} Old phone`)
  expect(focused()).toBe(input())
  flow.cancel()
})

test('threat: while codes are locked another kind of code is a second budget: no code can be chosen, a passkey can', async () => {
  passkeys(() => Promise.reject(new DOMException('no', 'NotAllowedError')))
  const { stile } = setup(
    {
      ...asks({ method: 'totp' }, sent(), { method: 'passkey', start: { challenge: 'AAAA' } }),
      [ATTEMPTS]: () => refuse('too_many_attempts', { attemptsLeft: 0, retryAfter: 840 }),
    },
    clock,
  )
  mount(stile)
  stile.stepUp('reports.export')
  await until(() => dialog().open && dialog().querySelector('input'))
  type('000000')
  await until(() => buttonOf(texts.usePasskey))
  expect(alert()).toBe(`${texts.too_many_attempts} ${say('lockedFor', { minutes: 14 })}`)
  expect(buttonOf(`${texts.useTotp} ${say('againIn', { minutes: 14 })}`)?.disabled).toBe(true)
  expect(buttonOf(`${texts.useEmail} ${say('againIn', { minutes: 14 })}`)?.disabled).toBe(true)
  expect(buttonOf(texts.usePasskey)?.disabled).toBe(false)
})

test('once the guesses of a step-up are used up, the way on is to start again, with new ones', async () => {
  const { stile, seen } = setup({
    ...asks({ method: 'totp' }, sent()),
    [ATTEMPTS]: () => refuse('attempt_failed', { failure: 'wrong_code', attemptsLeft: 0 }),
  })
  mount(stile)
  const flow = stile.stepUp('reports.export')
  await until(() => dialog().open && dialog().querySelector('input'))
  type('000000')
  await until(() => buttonOf(texts.startAgain))
  expect(focused()).toBe(buttonOf(texts.startAgain))
  expect(alert()).toBe(`${texts.too_many_attempts} ${texts.startAnew}`)
  press(texts.startAgain)
  await until(() => seen('POST /v1/step-ups').length === 2)
  await until(() => dialog().querySelector('input') && flow.get().status === 'proving')
  expect(alert()).toBe('')
})

test.each([
  ['mail_unavailable', {}, texts.mail_unavailable],
  ['login_unavailable', {}, texts.login_unavailable],
  ['attempt_failed', { failure: 'login_other_user' }, texts.login_other_user],
  ['attempt_failed', { failure: 'login_too_old' }, texts.login_too_old],
  ['attempt_failed', { failure: 'user_verification_missing' }, texts.user_verification_missing],
  ['attempt_failed', { failure: 'counter_regressed' }, texts.counter_regressed],
] as const)('%s %j has a sentence of its own', async (code, members, sentence) => {
  const { stile } = setup({ [ATTEMPTS]: () => refuse(code, members) })
  mount(stile)
  stile.stepUp('reports.export')
  await until(() => dialog().querySelector('input'))
  type('123456')
  await until(() => alert())
  expect(alert()).toBe(sentence)
})

test('who can do none of these is led to recovery, and the caller settles', async () => {
  const { stile } = setup({ [RECOVERY]: () => json({ codesLeft: 3 }) })
  mount(stile)
  const flow = stile.stepUp('reports.export')
  await until(() => buttonOf(texts.none))
  press(texts.none)
  await expect(flow.done).rejects.toMatchObject({ code: 'step_up_cancelled' })
  await until(() => labelled('aria-labelledby') === texts.recoverTitle)
  expect(input().labels?.[0]?.textContent).toBe(texts.recoveryCode)
})

test('if something must be enrolled first, only what would do is offered', async () => {
  const { stile } = setup({ 'POST /v1/step-ups': () => refuse('enrollment_required', { next: { methods: ['security-key'] } }) })
  mount(stile)
  stile.stepUp('reports.export')
  await until(() => buttonOf(texts['security-keyTitle']))
  expect(buttons()).toEqual([texts['security-keyTitle'], texts.cancel])
  expect(NOW).toBeGreaterThan(0)
})

test('if it is denied the service says whom to ask', async () => {
  const { stile } = setup({ 'POST /v1/step-ups': () => refuse('denied', { detail: 'Ask support@example.com.' }) })
  mount(stile)
  stile.stepUp('reports.export')
  await until(() => dialog().open && alert())
  expect(alert()).toBe('Ask support@example.com.')
})

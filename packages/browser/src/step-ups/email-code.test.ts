import { afterEach, expect, test, vi } from 'vitest'
import type { Flow, FlowState } from '../stile.ts'
import { type Answer, doneStepUp, json, NOW, openStepUp, refuse, setup, until } from '../wire.test-support.ts'

const ATTEMPTS = 'POST /v1/step-ups/su_1/attempts'
const SEND = 'POST /v1/step-ups/su_1/methods/email-otp'
const KEY = 'POST /v1/step-ups/su_1/methods/security-key'
const sent = (resendAt = NOW + 30) => ({ method: 'email-otp', start: { sentTo: 'a***@example.com', resendAt, expiresAt: NOW + 300 } })
const UNSENT = { method: 'email-otp' }

afterEach(() => vi.unstubAllGlobals())

const status = (flow: Flow, wanted: FlowState['status']) => until(() => flow.get().status === wanted)
const startIn = (flow: Flow, method: string) => {
  const state = flow.get()
  return 'stepUp' in state ? state.stepUp.methods.find((way) => way.method === method)?.start : undefined
}
async function begun(methods: readonly object[], answers: Record<string, Answer> = {}) {
  const world = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods }), 201), ...answers })
  const flow = world.stile.stepUp('reports.export', { headless: true })
  await until(() => /proving|choosing/.test(flow.get().status))
  return { ...world, flow }
}

test('the service has sent the code already: it is typed and proves', async () => {
  const { flow, arrived, seen } = await begun([sent()])
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'email-otp' })
  await flow.submit({ code: '123456' })
  await flow.done
  expect(seen(ATTEMPTS)[0]?.body).toEqual({ method: 'email-otp', response: { code: '123456' } })
  expect(arrived.filter(({ route }) => route === SEND)).toEqual([])
})

test('if it has not, it is asked to', async () => {
  const { flow, seen } = await begun([{ method: 'totp' }, UNSENT], {
    [SEND]: () => json(openStepUp({ methods: [{ method: 'totp' }, sent()] })),
  })
  await flow.choose('email-otp')
  expect(seen(SEND)[0]?.body).toEqual({})
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'email-otp', methods: ['totp', 'email-otp'] })
  expect(startIn(flow, 'email-otp')).toMatchObject({ sentTo: 'a***@example.com' })
  flow.cancel()
})

test('a double click on it sends one code', async () => {
  const answered = Promise.withResolvers<void>()
  const { flow, seen } = await begun([{ method: 'totp' }, UNSENT], {
    [SEND]: async () => {
      await answered.promise
      return json(openStepUp({ methods: [{ method: 'totp' }, sent()] }))
    },
  })
  const chosen = [flow.choose('email-otp'), flow.choose('email-otp')]
  await until(() => seen(SEND).length > 0)
  chosen.push(flow.choose('email-otp'))
  answered.resolve()
  await Promise.all(chosen)
  expect(seen(SEND)).toHaveLength(1)
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'email-otp', error: undefined })
  flow.cancel()
})

test('chosen again it sends another code, and says when the next may be asked for', async () => {
  const { flow, seen } = await begun([sent()], { [SEND]: () => json(openStepUp({ methods: [sent(NOW + 90)] })) })
  await flow.choose('email-otp')
  expect(seen(SEND)).toHaveLength(1)
  expect(flow.get()).toMatchObject({ status: 'proving', error: undefined })
  expect(startIn(flow, 'email-otp')).toMatchObject({ resendAt: NOW + 90 })
  flow.cancel()
})

test('asked again too early it says until when to wait, and the code that was sent can still be typed', async () => {
  const { flow } = await begun([sent(), { method: 'totp' }], { [SEND]: () => refuse('too_many_attempts', { retryAfter: 25 }) })
  await flow.choose('email-otp')
  expect(flow.get()).toMatchObject({
    status: 'proving',
    method: 'email-otp',
    error: { code: 'too_many_attempts', retryAt: (NOW + 25) * 1000 },
  })
  await flow.submit({ code: '123456' })
  await flow.done
})

test('a mail server that is away keeps the code that was sent', async () => {
  const { flow } = await begun([sent()], { [SEND]: () => refuse('mail_unavailable') })
  await flow.choose('email-otp')
  expect(flow.get()).toMatchObject({ status: 'proving', error: { code: 'mail_unavailable' } })
  await flow.submit({ code: '123456' })
  await flow.done
})

test('a mail server that was away from the start is no end: other ways stay, and so does trying again', async () => {
  const { flow, answers } = await begun([UNSENT, { method: 'totp' }], { [SEND]: () => refuse('mail_unavailable') })
  await until(() => 'error' in flow.get() && flow.get().status === 'choosing')
  expect(flow.get()).toMatchObject({ status: 'choosing', error: { code: 'mail_unavailable' }, methods: ['email-otp', 'totp'] })
  await flow.choose('totp')
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'totp', error: undefined })
  answers[SEND] = () => json(openStepUp({ methods: [sent(), { method: 'totp' }] }))
  await flow.choose('email-otp')
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'email-otp', error: undefined })
  flow.cancel()
})

test('coming back from another way sends no other code: the one that was sent still counts', async () => {
  vi.stubGlobal('PublicKeyCredential', class {})
  vi.stubGlobal('navigator', { credentials: { get: () => Promise.reject(new DOMException('no', 'NotAllowedError')) } })
  // the service shows the start of the method that was started, and of no other
  const key = { method: 'security-key', start: { challenge: 'AAAA', rpId: 'localhost' } }
  const { flow, seen } = await begun([sent(), { method: 'security-key' }], {
    [KEY]: () => json(openStepUp({ methods: [UNSENT, key] })),
  })
  await flow.choose('security-key')
  expect(flow.get()).toMatchObject({ status: 'choosing', error: { code: 'passkey_cancelled' } })
  expect(startIn(flow, 'security-key')).toBeDefined()
  await flow.choose('email-otp')
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'email-otp', error: undefined })
  expect(startIn(flow, 'email-otp')).toBeDefined()
  expect(seen(SEND)).toEqual([])
  flow.cancel()
})

test('a wrong code can be typed again; where no guess is left another step-up and another code are needed', async () => {
  const { flow, answers, seen } = await begun([sent(), { method: 'totp' }], {
    [ATTEMPTS]: () => refuse('attempt_failed', { failure: 'wrong_code', attemptsLeft: 4 }),
  })
  await flow.submit({ code: '000000' })
  expect(flow.get()).toMatchObject({ status: 'proving', error: { failure: 'wrong_code', attemptsLeft: 4 } })
  answers[ATTEMPTS] = () => refuse('attempt_failed', { failure: 'wrong_code', attemptsLeft: 0 })
  await flow.submit({ code: '000000' })
  expect(flow.get()).toMatchObject({ status: 'choosing', error: { attemptsLeft: 0 } })
  await flow.choose('email-otp')
  expect(seen('POST /v1/step-ups')).toHaveLength(2)
  expect(seen(SEND)).toEqual([])
  answers[ATTEMPTS] = () => json(doneStepUp())
  await flow.submit({ code: '123456' })
  await flow.done
})

test('the code of a step-up that expired is not sent to the next: it has its own', async () => {
  let asked = 0
  const { flow, seen } = await begun([sent()], { [ATTEMPTS]: () => (asked++ ? json(doneStepUp()) : refuse('step_up_expired')) })
  await flow.submit({ code: '111111' })
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'email-otp' })
  expect(seen(ATTEMPTS)).toHaveLength(1)
  await flow.submit({ code: '222222' })
  await flow.done
})

test('a code that was typed for a way which is no longer offered is not sent as the answer of another', async () => {
  let asked = 0
  const { flow, seen } = await begun([], {
    'POST /v1/step-ups': () => json(openStepUp({ methods: asked++ ? [sent()] : [{ method: 'totp' }, sent()] })),
    [ATTEMPTS]: () => refuse('method_unavailable'),
  })
  await flow.submit({ code: '111111' })
  await until(() => 'method' in flow.get() && (flow.get() as { method: string }).method === 'email-otp')
  await status(flow, 'proving')
  expect(seen(ATTEMPTS)).toHaveLength(1)
  flow.cancel()
})

test('to another way and back while the mail is on its way sends one mail', async () => {
  const methods = [{ method: 'email-otp' }, { method: 'totp' }]
  const { stile, seen, answers } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods })) })
  let answer: (response: Response) => void = () => {}
  answers[SEND] = () => new Promise((resolve) => (answer = resolve))
  const flow = stile.stepUp('reports.export')
  await until(() => seen(SEND).length)
  await flow.choose('totp')
  flow.choose('email-otp')
  answer(json(openStepUp({ methods: [{ method: 'email-otp', start: sent().start }, { method: 'totp' }] })))
  await until(() => startIn(flow, 'email-otp'))
  expect(seen(SEND)).toHaveLength(1)
})

test('threat: a code is sent for one step-up, and typed into another: what was asked for a former one is not shown', async () => {
  const open = (id: string, start?: unknown) => openStepUp({ id, methods: [{ method: 'email-otp', start }] })
  let asked = 0
  let answer: (response: Response) => void = () => {}
  const { stile, seen } = setup({
    'POST /v1/step-ups': () => json(open(`su_${++asked}`)),
    [SEND]: () => new Promise((resolve) => (answer = resolve)),
    'POST /v1/step-ups/su_2/methods/email-otp': () => json(open('su_2', sent().start)),
  })
  const flow = stile.stepUp('reports.export')
  await until(() => seen(SEND).length)
  await Promise.all([flow.retry(), flow.retry()])
  expect(asked).toBe(2)
  answer(json(open('su_1', sent().start)))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(flow.get()).toMatchObject({ status: 'proving', stepUp: { id: 'su_2' } })
})

test('the refusal of a code that was sent for a former step-up is not shown for the next', async () => {
  const open = (id: string) => openStepUp({ id, methods: [{ method: 'email-otp', start: sent().start }] })
  let asked = 0
  let answer: (response: Response) => void = () => {}
  const { stile, seen } = setup({
    'POST /v1/step-ups': () => json(open(`su_${++asked}`)),
    'POST /v1/step-ups/su_1/attempts': () => new Promise((resolve) => (answer = resolve)),
  })
  const flow = stile.stepUp('reports.export')
  await until(() => flow.get().status === 'proving')
  flow.submit({ code: '123456' })
  await until(() => seen('POST /v1/step-ups/su_1/attempts').length)
  await flow.retry()
  answer(refuse('attempt_failed', { failure: 'wrong_code', attemptsLeft: 4 }))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(flow.get()).toMatchObject({ status: 'proving', stepUp: { id: 'su_2' }, error: undefined })
})

import { afterEach, expect, test, vi } from 'vitest'
import { StepUpCancelled, StepUpFailed } from '../error.ts'
import type { Flow, FlowState } from '../stile.ts'
import { doneStepUp, json, NOW, openStepUp, refuse, setup, state, until } from '../wire.test-support.ts'
import { assertion, stubAuthenticator } from './authenticator.test-support.ts'

const ATTEMPTS = 'POST /v1/step-ups/su_1/attempts'
const PASSKEY = { method: 'passkey', start: { challenge: 'AAAA', rpId: 'localhost', timeout: 60_000 } } as const

afterEach(() => vi.unstubAllGlobals())

const named = (name: string) => Promise.reject(new DOMException('no', name))
const status = (flow: Flow, wanted: FlowState['status']) => until(() => flow.get().status === wanted)

test('a right code proves: the token is kept, the state is read again, then the promise resolves', async () => {
  const { stile, seen } = setup()
  const flow = stile.stepUp('reports.export')
  const states: string[] = []
  flow.subscribe(() => states.push(flow.get().status))
  await status(flow, 'proving')
  expect(flow.get()).toMatchObject({ method: 'totp', methods: ['totp'] })
  const before = seen('GET /v1/state').length
  await flow.submit({ code: '123456' })
  expect(await flow.done).toMatchObject({ token: 'mfa-level' })
  expect(states).toEqual(['starting', 'proving', 'verifying', 'done'])
  expect(seen(ATTEMPTS)[0]?.body).toEqual({ method: 'totp', response: { code: '123456' } })
  expect(seen('GET /v1/state').length).toBe(before + 1)
})

test('the state that a proof brings is there when the promise resolves', async () => {
  let proven = false
  const { stile } = setup({
    [ATTEMPTS]: () => {
      proven = true
      return json(doneStepUp())
    },
    'GET /v1/state': () => json(state({ revision: proven ? 2 : 1 })),
  })
  const flow = stile.stepUp('reports.export')
  await status(flow, 'proving')
  flow.submit({ code: '123456' })
  await flow.done
  expect(stile.get()).toMatchObject({ status: 'ready', state: { revision: 2 } })
})

test('what is proven already needs no prompt', async () => {
  const { stile } = setup({ 'POST /v1/step-ups': () => json(doneStepUp()) })
  expect(await stile.stepUp('reports.export').done).toMatchObject({ token: 'mfa-level' })
})

test('a wrong code says what is left and can be typed again', async () => {
  const { stile, answers } = setup({ [ATTEMPTS]: () => refuse('attempt_failed', { failure: 'wrong_code', attemptsLeft: 4 }) })
  const flow = stile.stepUp('reports.export')
  await status(flow, 'proving')
  await flow.submit({ code: '000000' })
  expect(flow.get()).toMatchObject({
    status: 'proving',
    error: { code: 'attempt_failed', failure: 'wrong_code', attemptsLeft: 4 },
  })
  answers[ATTEMPTS] = () => json(doneStepUp())
  await flow.submit({ code: '123456' })
  await flow.done
})

test('a lock says until when, leaves other methods open, and the next code goes to a new step-up', async () => {
  stubAuthenticator(() => named('NotAllowedError'))
  const { stile, seen, answers } = setup({
    'POST /v1/step-ups': () => json(openStepUp({ methods: [{ method: 'totp' }, PASSKEY] })),
    [ATTEMPTS]: () => refuse('too_many_attempts', { retryAfter: 60, attemptsLeft: 0 }),
  })
  const flow = stile.stepUp('reports.export')
  await status(flow, 'proving')
  await flow.submit({ code: '000000' })
  expect(flow.get()).toMatchObject({
    status: 'choosing',
    methods: ['totp', 'passkey'],
    error: { retryAt: (NOW + 60) * 1000, attemptsLeft: 0 },
  })
  answers[ATTEMPTS] = () => json(doneStepUp())
  await flow.choose('totp')
  expect(seen('POST /v1/step-ups')).toHaveLength(2)
  await flow.submit({ code: '123456' })
  await flow.done
})

test('a step-up that expired on the way is started again once, with the code that was typed', async () => {
  let calls = 0
  const { stile, seen } = setup({ [ATTEMPTS]: () => (calls++ ? json(doneStepUp()) : refuse('step_up_expired')) })
  const flow = stile.stepUp('reports.export')
  await status(flow, 'proving')
  await flow.submit({ code: '123456' })
  await flow.done
  expect(seen('POST /v1/step-ups')).toHaveLength(2)
  expect(seen(ATTEMPTS).map(({ body }) => body)).toEqual(Array(2).fill({ method: 'totp', response: { code: '123456' } }))
})

test('a step-up that expires again and again ends', async () => {
  const { stile } = setup({ [ATTEMPTS]: () => refuse('step_up_expired') })
  const flow = stile.stepUp('reports.export')
  await status(flow, 'proving')
  await flow.submit({ code: '123456' })
  await expect(flow.done).rejects.toMatchObject({ code: 'step_up_expired' })
})

test.each(['enrollment_required', 'license_required', 'denied'] as const)('%s ends it with the code and the problem', async (code) => {
  const { stile } = setup({ 'POST /v1/step-ups': () => refuse(code, { next: { tiers: ['pro'], methods: ['passkey'] } }) })
  const flow = stile.stepUp('reports.export')
  await expect(flow.done).rejects.toBeInstanceOf(StepUpFailed)
  expect(flow.get()).toMatchObject({ status: 'failed', code, problem: { code, next: { tiers: ['pro'] } } })
})

test.each(['quota_exceeded', 'service_unpaid', 'passkey_shared', 'constructor'])(
  'threat: a newer service refuses with a code that is not known here; %s is no reason to try again',
  async (code) => {
    const problem = { type: `urn:stile:problem:${code}`, title: 'No', status: 403, detail: '' }
    const { stile } = setup({ [ATTEMPTS]: () => json(problem, 403) })
    const flow = stile.stepUp('reports.export')
    await status(flow, 'proving')
    await flow.submit({ code: '123456' })
    await expect(flow.done).rejects.toBeInstanceOf(StepUpFailed)
    expect(flow.get()).toMatchObject({ status: 'failed', code })
  },
)

test('a service that is away is no end: trying again goes on', async () => {
  const { stile, answers } = setup({ 'POST /v1/step-ups': () => refuse('service_unavailable') })
  const flow = stile.stepUp('reports.export')
  await until(() => 'error' in flow.get())
  expect(flow.get()).toMatchObject({ status: 'starting', error: { code: 'service_unavailable' } })
  answers['POST /v1/step-ups'] = () => json(doneStepUp())
  await flow.retry()
  await flow.done
})

test('a code that could not be sent can be sent again', async () => {
  const { stile, answers } = setup({ [ATTEMPTS]: () => Promise.reject(new TypeError('offline')) })
  const flow = stile.stepUp('reports.export')
  await status(flow, 'proving')
  await flow.submit({ code: '123456' })
  expect(flow.get()).toMatchObject({ status: 'proving', error: { code: 'service_unavailable' } })
  answers[ATTEMPTS] = () => json(doneStepUp())
  await flow.submit({ code: '123456' })
  await flow.done
})

test('cancel is a state and a typed rejection, and a late answer changes nothing', async () => {
  let answer: (response: Response) => void = () => {}
  const { stile } = setup({ 'POST /v1/step-ups': () => new Promise((resolve) => (answer = resolve)) })
  const flow = stile.stepUp('reports.export')
  await until(() => stile)
  flow.cancel()
  flow.cancel()
  await expect(flow.done).rejects.toBeInstanceOf(StepUpCancelled)
  answer(json(doneStepUp()))
  await flow.submit({ code: '123456' })
  await flow.choose('totp')
  expect(flow.get()).toEqual({ status: 'cancelled' })
})

test('aborting the signal cancels', async () => {
  const { stile } = setup()
  const abort = new AbortController()
  const flow = stile.stepUp('reports.export', { signal: abort.signal })
  abort.abort()
  await expect(flow.done).rejects.toBeInstanceOf(StepUpCancelled)
})

test('the best method is a passkey: its prompt opens by itself and its answer is sent', async () => {
  const get = stubAuthenticator(async () => assertion)
  const { stile, seen } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods: [PASSKEY, { method: 'totp' }] })) })
  await stile.stepUp('reports.export').done
  expect(get).toHaveBeenCalledOnce()
  expect(seen(ATTEMPTS)[0]?.body).toMatchObject({ method: 'passkey', response: { id: 'AQID', type: 'public-key' } })
})

test('a prompt that was dismissed is no failure: the other ways are offered, and the challenge still holds', async () => {
  const get = stubAuthenticator(() => named('NotAllowedError'))
  const { stile, arrived } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods: [PASSKEY, { method: 'totp' }] })) })
  const flow = stile.stepUp('reports.export')
  await until(() => 'error' in flow.get() && flow.get().status === 'choosing')
  expect(flow.get()).toMatchObject({ error: { code: 'passkey_cancelled' }, methods: ['passkey', 'totp'] })
  get.mockImplementation(async () => assertion)
  await flow.choose('passkey')
  await flow.done
  expect(arrived.filter(({ route }) => route.includes('/methods/'))).toEqual([])
})

test('a passkey that was refused gets a new challenge', async () => {
  stubAuthenticator(async () => assertion)
  const again = { method: 'passkey', start: { ...PASSKEY.start, challenge: 'BBBB' } }
  const { stile, answers, seen } = setup({
    'POST /v1/step-ups': () => json(openStepUp({ methods: [PASSKEY] })),
    'POST /v1/step-ups/su_1/methods/passkey': () => json(openStepUp({ methods: [again] })),
    [ATTEMPTS]: () => refuse('attempt_failed', { failure: 'signature_invalid' }),
  })
  const flow = stile.stepUp('reports.export')
  await until(() => 'error' in flow.get() && flow.get().status === 'choosing')
  answers[ATTEMPTS] = () => json(doneStepUp())
  await flow.choose('passkey')
  await flow.done
  expect(seen('POST /v1/step-ups/su_1/methods/passkey')).toHaveLength(1)
})

test('choosing another way ends the prompt that is open, and its late answer does not count', async () => {
  let aborted = false
  stubAuthenticator(
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted = true
          reject(new DOMException('no', 'AbortError'))
        })
      }),
  )
  const { stile, seen } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods: [PASSKEY, { method: 'totp' }] })) })
  const flow = stile.stepUp('reports.export')
  await until(() => vi.mocked(navigator.credentials.get).mock.calls.length)
  await flow.choose('totp')
  expect(aborted).toBe(true)
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'totp', error: undefined })
  expect(seen(ATTEMPTS)).toEqual([])
})

test('an extension that holds the prompt for ever is waited for only so long', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const get = stubAuthenticator(() => new Promise(() => {}))
    const { stile } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods: [PASSKEY, { method: 'totp' }] })) })
    const flow = stile.stepUp('reports.export')
    await vi.waitUntil(() => get.mock.calls.length)
    await vi.advanceTimersByTimeAsync(65_000)
    expect(flow.get()).toMatchObject({ status: 'choosing', error: { code: 'passkey_timeout' }, methods: ['passkey', 'totp'] })
  } finally {
    vi.useRealTimers()
  }
})

test('methods that this browser cannot do, or that this version does not know, are not offered', async () => {
  const methods = [PASSKEY, { method: 'retina' }, { method: 'relogin' }, { method: 'totp' }]
  const { stile } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods })) })
  const flow = stile.stepUp('reports.export')
  await status(flow, 'proving')
  expect(flow.get()).toMatchObject({ methods: ['totp'], method: 'totp' })
  const { stile: other } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods: [PASSKEY] })) })
  await expect(other.stepUp('reports.export').done).rejects.toMatchObject({ code: 'method_unavailable' })
})

test('signing in again takes a token with the newer auth_time and starts again', async () => {
  let calls = 0
  const relogin = vi.fn(async () => true)
  const { stile, why } = setup(
    {
      'POST /v1/step-ups': () => json(calls++ ? doneStepUp() : openStepUp({ methods: [{ method: 'relogin', why: 'login_elsewhere' }] })),
    },
    { relogin },
  )
  await stile.stepUp('reports.export').done
  expect(why).toEqual(['start', 'relogin'])
  // the text that asks for the password can say why the sign-in of before does not count here
  expect(relogin).toHaveBeenCalledExactlyOnceWith({ jkt: expect.any(String), why: 'login_elsewhere' })
})

test('a sign-in that did not happen proves nothing', async () => {
  const { stile, why } = setup(
    { 'POST /v1/step-ups': () => json(openStepUp({ methods: [{ method: 'relogin' }] })) },
    { relogin: () => Promise.reject(new Error('closed')) },
  )
  const flow = stile.stepUp('reports.export')
  await until(() => flow.get().status === 'choosing' && 'error' in flow.get())
  expect(flow.get()).toMatchObject({ error: { code: 'relogin_failed' } })
  expect(why).toEqual(['start'])
})

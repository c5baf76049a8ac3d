import type { IssuedToken } from '@stile/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { StileError } from '../error.ts'
import type { Flow } from '../stile.ts'
import { type Answer, json, NOW, openStepUp, refuse, setup, token, until } from '../wire.test-support.ts'
import { LEFT_PAGE } from './left-page.ts'
import { channelOf, LOOK_AGAIN } from './look-again.ts'
import { signIn } from './sign-in.ts'

const TOKENS = 'POST /v1/tokens'
const RELOGIN = 'POST /v1/step-ups/su_1/methods/relogin'
const URL_1 = 'https://idp.example/authorize?state=su_1.abc'
const WAY = { method: 'relogin', hint: 'idp.example', start: { url: URL_1 } } as const
const notYet: Answer = () => refuse('insufficient_user_authentication', { feature: 'reports.export' })

let focused = true
beforeEach(() => {
  focused = true
  vi.spyOn(document, 'hasFocus').mockImplementation(() => focused)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
  sessionStorage.clear()
})

/** A window as the opener sees it. */
function fakePopup() {
  const popup = {
    closed: false,
    close: () => {
      popup.closed = true
    },
    location: { replace: vi.fn() },
    sessionStorage: { removeItem: vi.fn() },
  }
  return popup
}

/** A browser that opens windows, and a step-up whose way is a sign-in at the login provider. */
async function waiting(answers: Record<string, Answer> = {}, methods: readonly object[] = [WAY, { method: 'totp' }], status = 'choosing') {
  const popups: ReturnType<typeof fakePopup>[] = []
  const open = vi.fn(() => {
    const popup = fakePopup()
    popups.push(popup)
    return popup
  })
  vi.stubGlobal('open', open)
  const world = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods }), 201), [TOKENS]: notYet, ...answers })
  const flow = world.stile.stepUp('reports.export', { headless: true })
  await until(() => flow.get().status === status)
  return { ...world, flow, open, popups, popup: () => popups.at(-1) as ReturnType<typeof fakePopup> }
}

const say = (data: unknown, origin = location.origin) => dispatchEvent(new MessageEvent('message', { data, origin }))
/** Tells the page on the channel of its step-up to look again, and gives what it then has. */
async function doneByLooking(flow: Flow) {
  const channel = new BroadcastChannel(channelOf('su_1'))
  channel.postMessage(LOOK_AGAIN)
  const issued = await flow.done
  channel.close()
  return issued
}
/** Long enough for whatever would have been asked. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 30))
const proven: Answer = () => json(token('proven'))
const troubled = (flow: Flow) => until(() => flow.get().status === 'choosing' && 'error' in flow.get())

test('without a click that still counts no window opens before it is asked for', async () => {
  const { flow, open } = await waiting()
  await settle()
  expect(flow.get()).toMatchObject({ status: 'choosing', methods: ['relogin', 'totp'] })
  expect(open).not.toHaveBeenCalled()
  flow.cancel()
})

test('while the click that began the step-up counts, the best way opens its window by itself', async () => {
  vi.stubGlobal('navigator', { userActivation: { isActive: true } })
  const { flow, open } = await waiting({}, [WAY], 'proving')
  expect(open).toHaveBeenCalledOnce()
  flow.cancel()
})

test('a window that is kept from opening by itself does not take the page away: the subject is asked first', async () => {
  vi.stubGlobal('navigator', { userActivation: { isActive: true } })
  vi.stubGlobal('open', () => null)
  const { stile } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ methods: [WAY] }), 201) })
  const flow = stile.stepUp('reports.export', { headless: true })
  await until(() => flow.get().status === 'choosing')
  await settle()
  expect(flow.get()).toMatchObject({ status: 'choosing', methods: ['relogin'] })
  expect(flow.get()).not.toHaveProperty('error')
  expect(sessionStorage.getItem(LEFT_PAGE)).toBeNull()
  flow.cancel()
})

test('the window opens inside the click, empty first, then at the login provider', async () => {
  const { flow, open, popup, seen } = await waiting()
  flow.choose('relogin')
  expect(open).toHaveBeenCalledWith('about:blank', '', expect.stringContaining('popup'))
  await until(() => popup().location.replace.mock.calls.length)
  expect(popup().location.replace).toHaveBeenCalledWith(URL_1)
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'relogin' })
  expect(seen(RELOGIN)).toEqual([])
  flow.cancel()
  expect(popup().closed).toBe(true)
})

test('told to look again it asks the service, takes the token from it and closes the window', async () => {
  const { flow, answers, popup, seen, stile } = await waiting()
  await flow.choose('relogin')
  answers[TOKENS] = proven
  say(LOOK_AGAIN)
  expect(await flow.done).toMatchObject({ token: 'proven' })
  expect(seen(TOKENS).at(-1)?.body).toEqual({ feature: 'reports.export', audience: 'api' })
  expect(popup().closed).toBe(true)
  stile.close()
})

test('a window that was cut from this page is heard on the channel of its step-up', async () => {
  const { flow, answers, stile } = await waiting()
  await flow.choose('relogin')
  answers[TOKENS] = proven
  expect(await doneByLooking(flow)).toMatchObject({ token: 'proven' })
  stile.close()
})

test('coming back to this page is reason enough to ask', async () => {
  const { flow, answers, stile } = await waiting()
  await flow.choose('relogin')
  answers[TOKENS] = proven
  dispatchEvent(new Event('focus'))
  await flow.done
  stile.close()
})

test('a page of another origin cannot make this one ask', async () => {
  const { flow, answers, seen } = await waiting()
  await flow.choose('relogin')
  answers[TOKENS] = proven
  say(LOOK_AGAIN, 'https://evil.example')
  say({ token: 'forged' }, location.origin)
  await settle()
  expect(seen(TOKENS)).toEqual([])
  expect(flow.get().status).toBe('proving')
  flow.cancel()
})

test('a message that claims success while the service says no proves nothing', async () => {
  const { flow, seen } = await waiting()
  await flow.choose('relogin')
  say(LOOK_AGAIN)
  await troubled(flow)
  expect(flow.get()).toMatchObject({ status: 'choosing', method: 'relogin', error: { code: 'relogin_failed' } })
  expect(seen(TOKENS)).toHaveLength(1)
  flow.cancel()
})

test('the message of another step-up is not heard', async () => {
  const { flow, seen } = await waiting()
  await flow.choose('relogin')
  const channel = new BroadcastChannel(channelOf('su_2'))
  channel.postMessage(LOOK_AGAIN)
  await settle()
  channel.close()
  expect(seen(TOKENS)).toEqual([])
  flow.cancel()
})

test('a window that is closed with nothing proven is no failure of the request: the subject chooses again', async () => {
  const { flow, popup, popups, answers, seen, stile } = await waiting({
    [RELOGIN]: () => json(openStepUp({ methods: [{ ...WAY, start: { url: `${URL_1}2` } }, { method: 'totp' }] })),
  })
  await flow.choose('relogin')
  popup().close()
  await troubled(flow)
  expect(flow.get()).toMatchObject({ error: { code: 'relogin_failed' }, methods: ['relogin', 'totp'] })
  // its address was used
  await flow.choose('relogin')
  expect(seen(RELOGIN)).toHaveLength(1)
  expect(popups).toHaveLength(2)
  expect(popup().location.replace).toHaveBeenCalledWith(`${URL_1}2`)
  answers[TOKENS] = proven
  say(LOOK_AGAIN)
  await flow.done
  stile.close()
})

test('a provider that cuts the window makes it look closed: nothing is said while it has the focus, and its answer still counts', async () => {
  const { flow, popup, answers, seen, stile } = await waiting()
  focused = false
  await flow.choose('relogin')
  popup().closed = true
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(flow.get()).toMatchObject({ status: 'proving' })
  expect(seen(TOKENS)).toEqual([])
  // a glance at this page
  dispatchEvent(new Event('focus'))
  await troubled(flow)
  answers[TOKENS] = proven
  expect(await doneByLooking(flow)).toMatchObject({ token: 'proven' })
  stile.close()
})

test('choosing another way closes the window, and what was proven in it all the same still counts', async () => {
  const { flow, popup, answers, stile } = await waiting()
  await flow.choose('relogin')
  await flow.choose('totp')
  expect(popup().closed).toBe(true)
  say(LOOK_AGAIN)
  await settle()
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'totp', error: undefined })
  answers[TOKENS] = proven
  dispatchEvent(new Event('focus'))
  await flow.done
  stile.close()
})

test('a service that is away while the window is open says nothing, and is asked again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  const onFailure = vi.fn()
  const onProven = vi.fn()
  const ask = vi.fn(async (): Promise<IssuedToken> => {
    throw new StileError('service_unavailable')
  })
  const stepUpController = new AbortController()
  const popup = fakePopup()
  const options = {
    popup: popup as unknown as Window,
    stepUp: { id: 'su_1', feature: 'reports.export', expiresAt: NOW + 300 },
    now: () => NOW,
  }
  const start = async () => WAY.start
  await signIn({
    ...options,
    start,
    ask,
    onProven,
    onFailure,
    methodSignal: new AbortController().signal,
    stepUpSignal: stepUpController.signal,
  })
  dispatchEvent(new Event('focus'))
  await vi.advanceTimersByTimeAsync(1)
  expect(ask).toHaveBeenCalledTimes(1)
  expect(onFailure).not.toHaveBeenCalled()
  ask.mockImplementation(async () => token('late'))
  await vi.advanceTimersByTimeAsync(5000)
  expect(onProven).toHaveBeenCalledWith(token('late'))
  stepUpController.abort()
})

test('a step-up that ends while the window is open is said, and no longer listened for', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  const onFailure = vi.fn()
  const ask = vi.fn(async () => token('x'))
  const popup = fakePopup()
  await signIn({
    popup: popup as unknown as Window,
    // the service's clock is hours ahead
    stepUp: { id: 'su_1', feature: 'reports.export', expiresAt: NOW + 9000 },
    now: () => NOW,
    start: async () => WAY.start,
    ask,
    onProven: vi.fn(),
    onFailure,
    methodSignal: new AbortController().signal,
    stepUpSignal: new AbortController().signal,
  })
  await vi.advanceTimersByTimeAsync(899_000)
  expect(onFailure).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(2000)
  expect(onFailure).toHaveBeenCalledWith(expect.objectContaining({ code: 'relogin_failed' }))
  expect(popup.closed).toBe(true)
  say(LOOK_AGAIN)
  expect(ask).not.toHaveBeenCalled()
})

test('a session that ended meanwhile ends the step-up', async () => {
  const { flow } = await waiting({ [TOKENS]: () => refuse('denied', { feature: 'reports.export' }) })
  await flow.choose('relogin')
  dispatchEvent(new Event('focus'))
  await expect(flow.done).rejects.toMatchObject({ code: 'denied' })
})

test('a login provider that is away is a passing trouble of one way: the window closes and the others stay', async () => {
  const methods = [{ method: 'totp' }, { method: 'relogin', hint: 'idp.example' }]
  const { flow, popup } = await waiting({ [RELOGIN]: () => refuse('login_unavailable') }, methods, 'proving')
  await flow.choose('relogin')
  expect(popup().closed).toBe(true)
  expect(flow.get()).toMatchObject({ status: 'choosing', error: { code: 'login_unavailable' }, methods: ['totp', 'relogin'] })
  await flow.choose('totp')
  expect(flow.get()).toMatchObject({ status: 'proving', method: 'totp', error: undefined })
  flow.cancel()
})

test('a window whose code cannot be loaded is closed, and that is said', async () => {
  vi.doMock('./sign-in.ts', () => {
    throw new TypeError('Failed to fetch dynamically imported module')
  })
  const { flow, popup } = await waiting()
  await flow.choose('relogin')
  expect(popup().closed).toBe(true)
  expect(flow.get()).toMatchObject({ status: 'choosing', error: { code: 'relogin_failed' } })
  vi.doUnmock('./sign-in.ts')
  flow.cancel()
})

test('an address that would run a script in this origin is not opened', async () => {
  const script = { ...WAY, start: { url: 'javascript:alert(1)' } }
  const { flow, popup } = await waiting({}, [script])
  await flow.choose('relogin')
  expect(popup().location.replace).not.toHaveBeenCalled()
  expect(popup().closed).toBe(true)
  expect(flow.get()).toMatchObject({ error: { code: 'login_unavailable' } })
  flow.cancel()
})

test('if the browser opens no window this page goes there itself, and is remembered first', async () => {
  const leave = vi.fn(() => expect(sessionStorage.getItem(LEFT_PAGE)).toContain('"stepUp":"su_1"'))
  const stepUpController = new AbortController()
  const onFailure = vi.fn()
  await signIn({
    popup: null,
    stepUp: { id: 'su_1', feature: 'reports.export', expiresAt: NOW + 300 },
    now: () => NOW,
    start: async () => WAY.start,
    ask: async () => {
      throw new StileError('insufficient_user_authentication')
    },
    onProven: vi.fn(),
    onFailure,
    methodSignal: new AbortController().signal,
    stepUpSignal: stepUpController.signal,
    leave,
  })
  expect(leave).toHaveBeenCalledWith(URL_1)
  // Back was pressed at the provider, and the page is as it was
  dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
  await until(() => onFailure.mock.calls.length)
  expect(onFailure).toHaveBeenCalledWith(expect.objectContaining({ code: 'relogin_failed' }))
  expect(sessionStorage.getItem(LEFT_PAGE)).toBeNull()
  stepUpController.abort()
})

test('what is bound to an operation is not proven there: its token could not be fetched by the name of the feature', async () => {
  const methods = [WAY, { method: 'totp' }]
  const { stile } = setup({ 'POST /v1/step-ups': () => json(openStepUp({ operation: { amount: '1' }, methods }), 201) })
  const flow = stile.stepUp('reports.export', { headless: true, operation: { amount: '1' } })
  await until(() => flow.get().status === 'proving')
  expect(flow.get()).toMatchObject({ methods: ['totp'] })
  flow.cancel()
})

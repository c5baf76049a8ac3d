import { afterEach, expect, test, vi } from 'vitest'
import { StileError } from '../error.ts'
import { json, refuse, setup } from '../wire.test-support.ts'
import { complete } from './complete.ts'
import { completeRelogin, leftPage } from './index.ts'
import { LEFT_PAGE } from './left-page.ts'
import { channelOf, LOOK_AGAIN } from './look-again.ts'

const ATTEMPTS = 'POST /v1/step-ups/su_1/attempts'
const done = () => json({ id: 'su_1', status: 'done' })

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
  sessionStorage.clear()
  history.replaceState(null, '', '/')
})

/** The page at which the login provider's answer arrives, in a window that was opened. */
function arrive(query: string, answers: Parameters<typeof setup>[0] = {}) {
  const close = vi.fn()
  const postMessage = vi.fn()
  vi.stubGlobal('close', close)
  vi.stubGlobal('opener', { postMessage })
  history.replaceState(null, '', `/signed-in${query}`)
  return { ...setup({ [ATTEMPTS]: done, ...answers }), close, postMessage }
}

function leave(stepUp: string, url = `${location.origin}/form?a=1`) {
  sessionStorage.setItem(LEFT_PAGE, JSON.stringify({ leftAt: Date.now(), url, stepUp, scroll: { left: 0, top: 0 }, fields: [] }))
}

test('the answer goes to the service, the opener is told to look again, and the window closes', async () => {
  const { stile, seen, close, postMessage } = arrive('?code=c1&state=su_1.abc&iss=https%3A%2F%2Fidp.example&session_state=x&lang=de')
  await completeRelogin(stile)
  expect(seen(ATTEMPTS)[0]?.body).toEqual({
    method: 'relogin',
    response: { code: 'c1', state: 'su_1.abc', iss: 'https://idp.example' },
  })
  expect(postMessage.mock.calls).toEqual([[LOOK_AGAIN, location.origin]])
  expect(close).toHaveBeenCalledOnce()
})

test('neither code nor state stays in the address or the history, whatever becomes of them', async () => {
  let during = ''
  const { stile } = arrive('?lang=de&code=c1&state=su_1.abc#top', {
    [ATTEMPTS]: () => {
      during = location.href
      return refuse('attempt_failed', { failure: 'login_other_user' })
    },
  })
  const before = history.length
  await expect(completeRelogin(stile)).rejects.toMatchObject({ code: 'attempt_failed', problem: { failure: 'login_other_user' } })
  expect(during).toBe(`${location.origin}/signed-in?lang=de#top`)
  expect(location.href).toBe(during)
  expect(history.length).toBe(before)
})

test('they are gone before the application gives its session token', async () => {
  history.replaceState(null, '', '/signed-in?code=c1&state=su_1.abc')
  vi.stubGlobal('close', vi.fn())
  let during = ''
  await completeRelogin({
    request: async () => {
      during = location.search
    },
  })
  expect(during).toBe('')
})

test('what leaves this page never has the answer in it', async () => {
  const heard: unknown[] = []
  const channel = new BroadcastChannel(channelOf('su_1'))
  const message = new Promise<void>((resolve) => {
    channel.onmessage = ({ data }) => {
      heard.push(data)
      resolve()
    }
  })
  const { stile } = arrive('?code=c1&state=su_1.abc')
  await completeRelogin(stile)
  await message
  channel.close()
  expect(heard).toEqual([LOOK_AGAIN])
})

test('an error of the login provider is told to the service and to the caller; the opener is told to look, the window stays for words', async () => {
  const { stile, seen, close, postMessage } = arrive('?error=access_denied&error_description=no&state=su_1.abc', {
    [ATTEMPTS]: () => refuse('attempt_failed', { failure: 'login_refused' }),
  })
  await expect(completeRelogin(stile)).rejects.toMatchObject({ problem: { failure: 'login_refused' } })
  expect(seen(ATTEMPTS)[0]?.body).toEqual({ method: 'relogin', response: { error: 'access_denied', state: 'su_1.abc' } })
  expect(postMessage).toHaveBeenCalledOnce()
  expect(close).not.toHaveBeenCalled()
})

test.each([
  ['of another kind', '?code=c1&state=xyz'],
  ['that leads to another path', '?code=c1&state=su_1%2F..%2F..%2Fadmin.abc'],
  ['that is missing', '?code=c1'],
  ['without an answer', '?state=su_1.abc'],
  ['that went with a reload', ''],
])('a state %s is no answer to a step-up: nothing is sent, and it is said', async (_, query) => {
  const { stile, arrived, close } = arrive(query)
  await expect(complete(stile, () => {})).rejects.toMatchObject({ code: 'relogin_failed' })
  await expect(complete(stile, () => {})).rejects.toBeInstanceOf(StileError)
  expect(arrived).toEqual([])
  expect(close).not.toHaveBeenCalled()
  expect(location.search).toBe('')
})

test('a page that calls twice, as frameworks do that render twice, gets one answer and sends one', async () => {
  const { stile, seen } = arrive('?code=c1&state=su_1.abc')
  await Promise.all([completeRelogin(stile), completeRelogin(stile)])
  await completeRelogin(stile)
  expect(seen(ATTEMPTS)).toHaveLength(1)
})

test('a page that is opened twice says that the answer was used', async () => {
  const { stile } = arrive('?code=c1&state=su_1.abc', { [ATTEMPTS]: () => refuse('attempt_failed', { failure: 'challenge_used' }) })
  await expect(completeRelogin(stile)).rejects.toMatchObject({ problem: { failure: 'challenge_used' } })
})

test('the state of a step-up of somebody else gets what the service says, and closes nothing', async () => {
  const { stile, close } = arrive('?code=c1&state=su_2.abc', { 'POST /v1/step-ups/su_2/attempts': () => refuse('step_up_expired') })
  leave('su_1')
  await expect(completeRelogin(stile)).rejects.toMatchObject({ code: 'step_up_expired' })
  expect(close).not.toHaveBeenCalled()
})

test('an answer that the network lost is sent again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.stubGlobal('close', vi.fn())
  history.replaceState(null, '', '/signed-in?code=c1&state=su_1.abc')
  const request = vi.fn(async () => {
    if (request.mock.calls.length < 3) throw new StileError('service_unavailable')
  })
  const completed = completeRelogin({ request })
  await vi.advanceTimersByTimeAsync(3000)
  await completed
  expect(request).toHaveBeenCalledTimes(3)
  history.replaceState(null, '', '/signed-in?code=c1&state=su_1.abc')
  request.mockReset().mockRejectedValue(new StileError('service_unavailable'))
  const failed = expect(completeRelogin({ request })).rejects.toMatchObject({ code: 'service_unavailable' })
  await vi.advanceTimersByTimeAsync(3000)
  await failed
})

test('if this page took the place of the application it goes back to it', async () => {
  const { stile, close } = arrive('?code=c1&state=su_1.abc')
  leave('su_1')
  const goBack = vi.fn()
  expect(leftPage()).toBe(`${location.origin}/form?a=1`)
  await complete(stile, goBack)
  expect(goBack).toHaveBeenCalledWith(`${location.origin}/form?a=1`)
  expect(close).not.toHaveBeenCalled()
})

test.each([
  ['a page of another step-up', 'su_0', undefined],
  ['a page of another origin', 'su_1', 'https://evil.example/'],
  ['an address that is a script', 'su_1', 'javascript:alert(1)'],
])('%s is not gone back to', async (_, stepUp, url) => {
  const { stile, close } = arrive('?code=c1&state=su_1.abc')
  leave(stepUp, url)
  const goBack = vi.fn()
  await complete(stile, goBack)
  expect(goBack).not.toHaveBeenCalled()
  expect(close).toHaveBeenCalledOnce()
})

test('a page that was left long ago is forgotten', () => {
  leave('su_1')
  const page = JSON.parse(sessionStorage.getItem(LEFT_PAGE) ?? '')
  sessionStorage.setItem(LEFT_PAGE, JSON.stringify({ ...page, leftAt: Date.now() - 600_001 }))
  expect(leftPage()).toBeUndefined()
  expect(sessionStorage.getItem(LEFT_PAGE)).toBeNull()
})

test('a page that an older version of the SDK kept is dropped', () => {
  const former = { at: Date.now(), url: location.href, stepUp: 'su_1', scroll: [0, 700], fields: [['key', 'text']] }
  sessionStorage.setItem(LEFT_PAGE, JSON.stringify(former))
  expect(leftPage()).toBeUndefined()
  expect(sessionStorage.getItem(LEFT_PAGE)).toBeNull()
})

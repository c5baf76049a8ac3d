// @vitest-environment node
// Node has the real Web Locks and BroadcastChannel, which jsdom has not; a page is an event target that can be hidden.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Stile } from '../stile.ts'
import { API, decision, json, NOW, refuse, setup as setupWire, state, token, until } from '../wire.test-support.ts'
import { streams } from './streams.test-support.ts'

let page: EventTarget & { hidden: boolean }
const open: Stile[] = []

beforeEach(() => {
  page = Object.assign(new EventTarget(), { hidden: false })
  const window = new EventTarget()
  vi.stubGlobal('document', page)
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window))
})
afterEach(() => {
  for (const stile of open.splice(0)) stile.close()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const setup: typeof setupWire = (answers, options) => {
  const made = setupWire(answers, options)
  open.push(made.stile)
  return made
}

const ready = (stile: Stile) => until(() => stile.get().status === 'ready')
const revision = (stile: Stile) => {
  const now = stile.get()
  return now.status === 'ready' ? now.state.revision : undefined
}
const hide = (hidden: boolean) => {
  page.hidden = hidden
  page.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
}

test('the first subscriber loads the state once, however often it comes and goes', async () => {
  const { stile, seen } = setup()
  expect(stile.get()).toEqual({ status: 'loading' })
  const listener = vi.fn()
  stile.subscribe(listener)()
  stile.subscribe(listener)
  await ready(stile)
  expect(seen('GET /v1/state')).toHaveLength(1)
  expect(seen('GET /v1/state')[0]?.request.url).toContain('?audience=api')
  expect(listener).toHaveBeenCalledOnce()
  expect(stile.get()).toBe(stile.get())
})

test('on a server nothing happens and the state stays loading', async () => {
  vi.unstubAllGlobals()
  const { stile, arrived, why } = setup()
  const unsubscribe = stile.subscribe(() => {})
  await stile.refresh()
  unsubscribe()
  expect(stile.get()).toEqual({ status: 'loading' })
  expect(arrived).toEqual([])
  expect(why).toEqual([])
})

test('a service that is down is an error that can be tried again, and never throws', async () => {
  const { stile, answers } = setup({ 'GET /v1/state': () => refuse('service_unavailable') })
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'error')
  const failed = stile.get()
  expect(failed).toMatchObject({ code: 'service_unavailable' })
  answers['GET /v1/state'] = () => json(state())
  if (failed.status === 'error') failed.retry()
  await ready(stile)
})

test('a state that is known stays in sight while the service is away, marked as stale', async () => {
  const { stile, answers } = setup()
  stile.subscribe(() => {})
  await ready(stile)
  answers['GET /v1/state'] = () => refuse('service_unavailable')
  await stile.refresh()
  expect(stile.get()).toMatchObject({ status: 'ready', stale: true, state: { revision: 1 } })
  answers['GET /v1/state'] = () => json(state())
  await until(() => {
    const now = stile.get()
    return now.status === 'ready' && !now.stale
  })
})

test('a session that has ended takes the state away and asks no more', async () => {
  const { stile, answers, seen } = setup()
  stile.subscribe(() => {})
  await ready(stile)
  answers['GET /v1/state'] = () => refuse('session_ended')
  await stile.refresh()
  expect(stile.get()).toMatchObject({ status: 'error', code: 'session_ended' })
  const calls = seen('GET /v1/state').length
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(seen('GET /v1/state')).toHaveLength(calls)
})

test('a greater revision replaces the former, then a later instant; an older one does not', async () => {
  const { stile, answers } = setup({ 'GET /v1/state': () => json(state({ revision: 5, now: NOW })) })
  stile.subscribe(() => {})
  await ready(stile)
  const next = async (over: object) => {
    answers['GET /v1/state'] = () => json(state(over))
    await stile.refresh()
    const now = stile.get()
    return now.status === 'ready' ? [now.state.revision, now.state.now] : []
  }
  expect(await next({ revision: 4, now: NOW + 5 })).toEqual([5, NOW])
  expect(await next({ revision: 5, now: NOW - 5 })).toEqual([5, NOW])
  expect(await next({ revision: 5, now: NOW + 5 })).toEqual([5, NOW + 5])
  expect(await next({ revision: 6, now: NOW + 5 })).toEqual([6, NOW + 5])
  // another subject, or a store that was replaced
  expect(await next({ revision: 1, now: NOW + 6, subject: 'demo|u2' })).toEqual([1, NOW + 6])
  expect(await next({ revision: 0, now: NOW + 90, subject: 'demo|u2' })).toEqual([0, NOW + 90])
})

test('changes stream in, and the stream resumes after what is known', async () => {
  const { all, answer } = streams()
  const { stile } = setup({ 'GET /v1/events': answer })
  stile.subscribe(() => {})
  await until(() => all.length === 1)
  expect(all[0]?.lastEventId).toBe('1')
  all[0]?.send('state', state({ revision: 2, now: NOW + 1 }))
  await until(() => revision(stile) === 2)
  all[0]?.end()
  await until(() => all.length === 2)
  expect(all[1]?.lastEventId).toBe('2')
})

test.each([
  ['with what the service says can be done about it', () => refuse('session_ended', { next: { methods: ['relogin'] } }), ['relogin']],
  ['at once if the service does not say', () => new Promise<Response>(() => {}), undefined],
])('the stream says that the session has ended, and so does the state, %s', async (_, answerThen, methods) => {
  const { all, answer } = streams()
  const { stile, answers } = setup({ 'GET /v1/events': answer })
  stile.subscribe(() => {})
  await until(() => all.length === 1)
  answers['GET /v1/state'] = answerThen
  all[0]?.send('end', { code: 'session_ended' })
  await until(() => stile.get().status === 'error')
  const ended = stile.get()
  expect(ended).toMatchObject({ code: 'session_ended' })
  expect(ended.status === 'error' && ended.problem?.next?.methods).toEqual(methods)
})

test('a stream that speaks nonsense is opened again', async () => {
  const { all, answer } = streams()
  const { stile } = setup({ 'GET /v1/events': answer })
  stile.subscribe(() => {})
  await until(() => all.length === 1)
  all[0]?.send('state', undefined)
  await until(() => all.length === 2)
  expect(revision(stile)).toBe(1)
})

test('one tab holds the stream for all, and another takes over when it closes', async () => {
  const { all, answer } = streams()
  const answers = { 'GET /v1/events': answer }
  const clock = { now: () => NOW }
  const key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  // tabs share a device key
  const generate = vi.spyOn(crypto.subtle, 'generateKey').mockResolvedValue(key as never)
  const [first, second] = [setup(answers, clock).stile, setup(answers, clock).stile]
  first.subscribe(() => {})
  await until(() => all.length === 1)
  second.subscribe(() => {})
  await ready(second)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(all).toHaveLength(1)
  all[0]?.send('state', state({ revision: 2, now: NOW + 1 }))
  await until(() => revision(first) === 2 && revision(second) === 2)
  first.close()
  await until(() => all.length === 2)
  expect(all[1]?.lastEventId).toBe('2')
  generate.mockRestore()
})

test('tabs of two people keep apart', async () => {
  const { all, answer } = streams()
  const first = setup({ 'GET /v1/events': answer })
  const second = setup({ 'GET /v1/events': answer, 'GET /v1/state': () => json(state({ subject: 'demo|u2' })) })
  first.stile.subscribe(() => {})
  await until(() => all.length === 1)
  second.stile.subscribe(() => {})
  await until(() => all.length === 2)
  all[0]?.send('state', state({ revision: 9, now: NOW + 1 }))
  await until(() => revision(first.stile) === 9)
  expect(revision(second.stile)).toBe(1)
})

test('threat: a page that nobody uses draws out its session: only opening it and the requests of its application are a use', async () => {
  const { all, answer } = streams()
  const { stile, seen } = setup({ 'GET /v1/events': answer, [`GET ${API}/export`]: () => json({}) })
  const used = () => seen('GET /v1/state').map(({ request }) => new URL(request.url).searchParams.get('active'))
  const lookAgain = async () => {
    const opened = all.length
    hide(true)
    hide(false)
    await until(() => all.length === opened + 1)
  }
  stile.subscribe(() => {})
  await until(() => all.length === 1)
  await lookAgain()
  expect(used()).toEqual(['1', '0'])
  await stile.fetch(`${API}/export`)
  await lookAgain()
  await lookAgain()
  expect(used()).toEqual(['1', '0', '1', '0'])
})

test('the stream is closed while the page is hidden, and what was missed is read when it is shown', async () => {
  const { all, answer } = streams()
  const { stile, seen, answers } = setup({ 'GET /v1/events': answer })
  stile.subscribe(() => {})
  await until(() => all.length === 1)
  hide(true)
  answers['GET /v1/state'] = () => json(state({ revision: 3 }))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(seen('GET /v1/events')).toHaveLength(1)
  hide(false)
  await until(() => revision(stile) === 3)
  await until(() => all.length === 2)
  expect(all[1]?.lastEventId).toBe('3')
})

test('the state is read again at the next instant at which it changes by itself', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const permitted = (until: number) => state({ decisions: { 'reports.export': decision('reports.export', { until }) } })
  const cases = [
    [permitted(NOW + 60), 60],
    [state({ license: { id: 'lic_1', epoch: 1, tier: 'pro', features: [], state: 'active', changesAt: NOW + 40 } }), 40],
    // ahead of the token's end
    [state(), 270],
    [state({ token: token('short', { expiresAt: NOW + 20 }) }), 10],
  ] as const
  for (const [first, seconds] of cases) {
    const { stile, seen, answers } = setup({ 'GET /v1/state': () => json(first) })
    delete answers['GET /v1/events']
    answers['GET /v1/events'] = () => new Promise<Response>(() => {})
    stile.subscribe(() => {})
    await vi.waitUntil(() => stile.get().status === 'ready')
    await vi.advanceTimersByTimeAsync((seconds - 1) * 1000)
    // the stream that never answers is no part of this
    const calls = seen('GET /v1/state').length
    await vi.advanceTimersByTimeAsync(2000)
    await vi.waitUntil(() => seen('GET /v1/state').length === calls + 1)
    stile.close()
  }
})

test('an answer to a question from before the proof does not count', async () => {
  let answer: (response: Response) => void = () => {}
  const { stile, answers, seen } = setup({ 'GET /v1/state': () => new Promise((resolve) => (answer = resolve)) })
  stile.subscribe(() => {})
  await until(() => seen('GET /v1/state').length)
  answers['GET /v1/state'] = () => json(state({ token: token('after') }))
  const refreshed = stile.refresh()
  answer(json(state({ token: token('before') })))
  await refreshed
  expect(stile.get()).toMatchObject({ state: { token: { token: 'after' } } })
})

test('logging out ends the session at the service and the state here', async () => {
  const { stile, seen } = setup({ 'DELETE /v1/session': () => new Response(null, { status: 204 }) })
  stile.subscribe(() => {})
  await ready(stile)
  await stile.logout()
  expect(seen('DELETE /v1/session')).toHaveLength(1)
  expect(stile.get()).toMatchObject({ status: 'error', code: 'session_ended' })
})

test('after closing nothing is asked any more', async () => {
  const { stile, arrived } = setup()
  stile.subscribe(() => {})
  await ready(stile)
  stile.close()
  const calls = arrived.length
  hide(true)
  hide(false)
  await stile.refresh()
  expect(arrived).toHaveLength(calls)
})

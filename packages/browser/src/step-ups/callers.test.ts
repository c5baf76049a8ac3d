import { afterEach, expect, test, vi } from 'vitest'
import type { Flow } from '../stile.ts'
import { API, challenge, json, MFA, refuse, setup, until } from '../wire.test-support.ts'

afterEach(() => vi.unstubAllGlobals())
const CANCELLED = { code: 'step_up_cancelled' }
const EXPORT = `GET ${API}/export`
const ask = () =>
  challenge(
    'insufficient_user_authentication',
    { feature: 'reports.export', requirement: MFA },
    ', acr_values="urn:stile:acr:mfa phr phrh", max_age="900"',
  )

test('a signal that is aborted already cancels, and nothing is asked', async () => {
  const { stile, seen } = setup()
  const flow = stile.stepUp('reports.export', { signal: AbortSignal.abort() })
  await expect(flow.done).rejects.toMatchObject(CANCELLED)
  expect(flow.get().status).toBe('cancelled')
  expect(seen('POST /v1/step-ups')).toEqual([])
})

test('a caller whose signal is aborted leaves a shared step-up to the others, and the last one cancels it', async () => {
  const { stile } = setup()
  const [one, two] = [new AbortController(), new AbortController()]
  const first = stile.stepUp('reports.export', { signal: one.signal })
  const second = stile.stepUp('reports.export', { signal: two.signal })
  await until(() => second.get().status === 'proving')
  one.abort()
  await expect(first.done).rejects.toMatchObject(CANCELLED)
  expect(second.get().status).toBe('proving')
  two.abort()
  await expect(second.done).rejects.toMatchObject(CANCELLED)
  expect(second.get().status).toBe('cancelled')
})

test('a second caller’s signal lets that one go alone', async () => {
  const { stile } = setup()
  const mine = new AbortController()
  const first = stile.stepUp('reports.export')
  const second = stile.stepUp('reports.export', { signal: mine.signal })
  await until(() => first.get().status === 'proving')
  mine.abort()
  await expect(second.done).rejects.toMatchObject(CANCELLED)
  await first.submit({ code: '123456' })
  expect((await first.done).token).toBe('mfa-level')
})

test('a request that waits for the step-up keeps it if the one who began it is let go', async () => {
  const { stile } = setup({ [EXPORT]: ({ headers }) => (headers.get('authorization') === 'DPoP mfa-level' ? json({ rows: 3 }) : ask()) })
  const mine = new AbortController()
  stile.onStepUp(() => {})
  const first = stile.fetch(`${API}/export`, { prompt: 'always' })
  let flow: Flow | undefined
  stile.onStepUp((shown) => {
    flow = shown
  })
  await until(() => flow?.get().status === 'proving')
  stile.stepUp('reports.export', { signal: mine.signal })
  mine.abort()
  expect(flow?.get().status).toBe('proving')
  await flow?.submit({ code: '123456' })
  expect(await (await first).json()).toEqual({ rows: 3 })
})

test('a request that is aborted while its challenge is read opens no prompt', async () => {
  const mine = new AbortController()
  const { stile } = setup({
    [EXPORT]: () => {
      const answer = ask()
      const clone = answer.clone.bind(answer)
      answer.clone = () => {
        mine.abort()
        return clone()
      }
      return answer
    },
  })
  const shown: Flow[] = []
  stile.onStepUp((flow) => shown.push(flow))
  await expect(stile.fetch(`${API}/export`, { signal: mine.signal, prompt: 'always' })).rejects.toMatchObject({ name: 'AbortError' })
  expect(shown).toEqual([])
})

test('nothing is asked before whoever shows the step-up says that it is shown', async () => {
  const { stile, seen } = setup()
  let say = () => {}
  stile.onStepUp((_, waitUntil) => waitUntil(new Promise<void>((resolve) => (say = resolve))))
  const flow = stile.stepUp('reports.export')
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(seen('POST /v1/step-ups')).toEqual([])
  say()
  await until(() => flow.get().status === 'proving')
})

test.each<[string, Parameters<ReturnType<typeof setup>['stile']['onStepUp']>[0]]>([
  ['cannot show it', (_, waitUntil) => waitUntil(Promise.reject(new Error('Failed to fetch')))],
  [
    'throws',
    () => {
      throw new Error('of the application')
    },
  ],
])('a handler that %s fails the step-up, and the next one gets its turn', async (_, handler) => {
  const { stile, seen } = setup()
  const stop = stile.onStepUp(handler)
  await expect(stile.stepUp('reports.export').done).rejects.toMatchObject({ code: 'internal', cause: expect.any(Error) })
  expect(seen('POST /v1/step-ups')).toEqual([])
  stop()
  const next = stile.stepUp('reports.share')
  await until(() => next.get().status === 'proving')
})

test('a listener that throws leaves no promise open, is reported, and the other listeners are called', async () => {
  const report = vi.fn()
  vi.stubGlobal('reportError', report)
  const { stile } = setup({ 'POST /v1/step-ups': () => refuse('denied') })
  const flow = stile.stepUp('reports.export')
  const heard: string[] = []
  flow.subscribe(() => {
    throw new Error('of the application')
  })
  flow.subscribe(() => heard.push(flow.get().status))
  await expect(flow.done).rejects.toMatchObject({ code: 'denied' })
  expect(heard).toContain('failed')
  expect(report).toHaveBeenCalledTimes(heard.length)
})

test('threat: a listener that throws when the user signs out keeps their state on the page', async () => {
  vi.stubGlobal('reportError', vi.fn())
  const { stile } = setup({ 'DELETE /v1/session': () => new Response(null, { status: 204 }) })
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'ready')
  const flow = stile.stepUp('reports.export', { headless: true })
  await until(() => flow.get().status === 'proving')
  flow.subscribe(() => {
    throw new Error('of the application')
  })
  await stile.logout()
  expect(stile.get()).toMatchObject({ status: 'error', code: 'session_ended' })
})

test('a flow that has ended stays as it ended, whatever a listener does', async () => {
  const { stile } = setup({ 'POST /v1/step-ups': () => refuse('denied') })
  const flow = stile.stepUp('reports.export')
  flow.subscribe(() => {
    if (flow.get().status === 'failed') flow.cancel()
  })
  await expect(flow.done).rejects.toMatchObject({ code: 'denied' })
  expect(flow.get()).toMatchObject({ status: 'failed', code: 'denied' })
})

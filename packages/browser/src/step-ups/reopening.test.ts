import { SESSION_FEATURE } from '@stile/protocol'
import { afterEach, expect, test, vi } from 'vitest'
import { LOOK_AGAIN } from '../relogin/look-again.ts'
import type { Flow } from '../stile.ts'
import { API, type Arrived, challenge, doneStepUp, json, openStepUp, refuse, setup, state, token, until } from '../wire.test-support.ts'

const next = { methods: ['relogin'] }
const ended = () => refuse('session_ended', { next }, { 'www-authenticate': 'DPoP error="invalid_token"' })
const atProvider = { method: 'relogin', hint: 'idp.example', start: { url: 'https://idp.example/authorize' } }

afterEach(() => vi.unstubAllGlobals())

/** A service at which the session has ended until somebody has signed in again. */
function setupEnded() {
  const service = { isOpen: false }
  const popup = Object.assign(new EventTarget(), { closed: false, close: vi.fn(), location: { replace: vi.fn() }, sessionStorage })
  vi.stubGlobal('open', () => popup)
  vi.stubGlobal('navigator', { userActivation: { isActive: true } })
  const whenOpen = (answer: (arrived: Arrived) => Response) => (arrived: Arrived) => (service.isOpen ? answer(arrived) : ended())
  const world = setup({
    'GET /v1/state': whenOpen(() => json(state())),
    'POST /v1/tokens': whenOpen(() => json(token('session-level'))),
    'POST /v1/step-ups': (arrived) =>
      (arrived.body as { feature: string }).feature === SESSION_FEATURE
        ? json(openStepUp({ id: 'su_2', feature: SESSION_FEATURE, requirement: { level: 'session' }, methods: [atProvider] }), 201)
        : whenOpen(() => json(openStepUp(), 201))(arrived),
  })
  /** The window's page has handed the answer of the provider to the service. */
  const signIn = async () => {
    await until(() => popup.location.replace.mock.calls.length > 0)
    service.isOpen = true
    dispatchEvent(new MessageEvent('message', { data: LOOK_AGAIN, origin: location.origin }))
  }
  return { ...world, signIn, popup }
}

test('signing in at the provider begins the session again, and loads the state', async () => {
  const { stile, signIn, seen, popup } = setupEnded()
  const flows: Flow[] = []
  stile.onStepUp((flow) => flows.push(flow))
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'error')
  const known = stile.get()
  expect(known).toMatchObject({ status: 'error', code: 'session_ended' })
  stile.stepUp('stile:session')
  await until(() => flows.length > 0)
  expect(flows[0]?.feature).toBe(SESSION_FEATURE)
  // coming back to this page before the window has an answer is no failure
  await until(() => popup.location.replace.mock.calls.length > 0)
  dispatchEvent(new Event('focus'))
  await until(() => seen('POST /v1/tokens').length > 0)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(flows[0]?.get().status).toBe('proving')
  await signIn()
  await flows[0]?.done
  expect(stile.get()).toMatchObject({ status: 'ready' })
})

test('a step-up signs in again first, and then goes on with what was asked', async () => {
  const { stile, signIn, seen } = setupEnded()
  const flow = stile.stepUp('reports.export', { headless: true })
  await signIn()
  await until(() => flow.get().status === 'proving' && 'method' in flow.get() && (flow.get() as { method?: string }).method === 'totp')
  expect(seen('POST /v1/step-ups').map(({ body }) => (body as { feature: string }).feature)).toContain(SESSION_FEATURE)
  await flow.submit({ code: '123456' })
  expect((await flow.done).token).toBe('mfa-level')
})

test('a request that waits for it is repeated with the proof', async () => {
  const { stile, signIn, answers } = setupEnded()
  answers[`GET ${API}/export`] = ({ headers }) =>
    headers.get('authorization') === 'DPoP mfa-level'
      ? json({ rows: 1 })
      : challenge(
          'insufficient_user_authentication',
          { feature: 'reports.export', requirement: { level: 'mfa' } },
          ', acr_values="urn:stile:acr:mfa"',
        )
  stile.onStepUp((flow) => {
    flow.subscribe(() => {
      const now = flow.get()
      if (now.status === 'proving' && now.method === 'totp') flow.submit({ code: '123456' })
    })
  })
  const response = stile.fetch(`${API}/export`)
  await signIn()
  expect(await (await response).json()).toEqual({ rows: 1 })
})

test('threat: a service that goes on saying so keeps the page asking', async () => {
  const { stile, seen } = setup({ 'POST /v1/step-ups': ended, 'GET /v1/state': ended })
  const flow = stile.stepUp('reports.export', { headless: true })
  await expect(flow.done).rejects.toMatchObject({ code: 'session_ended' })
  // each is asked twice: once more with a new session token
  expect(seen('POST /v1/step-ups')).toHaveLength(4)
})

test('if the service offers none and the application has no sign-in, nothing more is asked', async () => {
  const { stile, seen } = setup({ 'POST /v1/step-ups': () => refuse('session_ended') })
  await expect(stile.stepUp('reports.export', { headless: true }).done).rejects.toMatchObject({ code: 'session_ended' })
  expect(seen('POST /v1/step-ups')).toHaveLength(1)
})

test('if the application lends its own sign-in, that is the way, and what was asked goes on', async () => {
  let isOver = true
  const { stile, why } = setup(
    { 'POST /v1/step-ups': () => (isOver ? refuse('session_ended') : json(doneStepUp())) },
    {
      relogin: async () => {
        isOver = false
        return true
      },
    },
  )
  await stile.stepUp('reports.export', { headless: true }).done
  expect(why).toContain('relogin')
})

test('a sign-in of the application that does not happen leaves it ended', async () => {
  const { stile, seen } = setup({ 'POST /v1/step-ups': () => refuse('session_ended') }, { relogin: async () => false })
  await expect(stile.stepUp('stile:session', { headless: true }).done).rejects.toMatchObject({ code: 'session_ended' })
  expect(seen('POST /v1/step-ups')).toHaveLength(1)
})

test('if nobody is signed in to the application, nobody is asked to sign in again', async () => {
  const relogin = vi.fn(async () => true)
  const { stile } = setup({}, { relogin, session: () => Promise.reject(new Error('nobody')) })
  const flow = stile.stepUp('stile:session', { headless: true })
  await until(() => 'error' in flow.get())
  expect(flow.get()).toMatchObject({ error: { code: 'session_unavailable' } })
  expect(relogin).not.toHaveBeenCalled()
  flow.cancel()
})

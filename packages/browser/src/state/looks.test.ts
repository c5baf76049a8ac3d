// @vitest-environment node
// Node has the real BroadcastChannel, which jsdom has not; a page is an event target that can be hidden.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { API, json, jwt, NOW, proofOf, refuse, SERVICE, setup, state, until } from '../wire.test-support.ts'

let page: EventTarget & { hidden: boolean }
let window: EventTarget

beforeEach(() => {
  page = Object.assign(new EventTarget(), { hidden: false })
  window = new EventTarget()
  vi.stubGlobal('document', page)
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window))
  vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

const look = (type: string) => window.dispatchEvent(new Event(type))
const lines = () => vi.mocked(console.error).mock.calls.map(String)

test.each([
  ['nothing of a state', {}],
  ['no object', 'ok'],
  ['nothing', null],
  ['decisions without reasons', { ...state(), decisions: { 'reports.view': { outcome: 'permit' } } }],
  ['a token of another kind', { ...state(), token: 'abc' }],
])('threat: another server answers for the service with %s: it is not taken for a state, and its clock for none', async (_, body) => {
  const { stile, answers, seen } = setup({ 'GET /v1/state': () => json(body) })
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'error')
  expect(stile.get()).toMatchObject({ code: 'service_unavailable', problem: undefined })
  answers['GET /v1/state'] = () => json(state())
  await stile.refresh()
  expect(stile.get()).toMatchObject({ status: 'ready' })
  const calls = seen('GET /v1/state')
  expect(calls.map((call) => proofOf(call).iat)).toEqual(calls.map(() => NOW))
})

test('threat: a page of the same origin sends nonsense to the tabs: nothing of it is taken', async () => {
  const { stile } = setup()
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'ready')
  const before = stile.get()
  const { subject, account } = state()
  const name = JSON.stringify(['/v1/events?audience=api&token=0', expect.anything(), subject, undefined, account])
  const channel = new BroadcastChannel(name)
  for (const data of [null, 1, {}, { subject, account, revision: 99 }]) channel.postMessage(data)
  await new Promise((resolve) => setTimeout(resolve, 20))
  channel.close()
  expect(stile.get()).toBe(before)
})

test('a page that names another server learns it on the console, once: what answered, and where', async () => {
  const html = () => new Response('<!doctype html>', { status: 404, headers: { 'content-type': 'text/html' } })
  const { stile } = setup({ 'GET /v1/state': html })
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'error')
  await stile.refresh()
  await vi.dynamicImportSettled()
  expect(stile.get()).toMatchObject({ status: 'error', code: 'not_found' })
  expect(lines()).toHaveLength(1)
  for (const part of [SERVICE, '404', 'text/html', 'createStile']) expect(lines()[0]).toContain(part)
})

test('the state says what the service said of it, and so does the console', async () => {
  const { stile } = setup({ 'GET /v1/state': () => refuse('origin_not_allowed', { detail: 'List https://here in "origins".' }) })
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'error')
  expect(stile.get()).toMatchObject({ code: 'origin_not_allowed', problem: { detail: 'List https://here in "origins".' } })
  await vi.dynamicImportSettled()
  expect(lines()).toEqual([expect.stringContaining('List https://here in "origins".')])
})

test('nobody is signed in: the console says nothing of it', async () => {
  const { stile } = setup({}, { session: () => Promise.reject(new Error('signed out')) })
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'error')
  await vi.dynamicImportSettled()
  expect(lines()).toEqual([])
})

test.each(['focus', 'pageshow', 'online'])('a page that is looked at again (%s) after an error reads its state by itself', async (type) => {
  const { stile, answers } = setup({ 'GET /v1/state': () => refuse('origin_not_allowed') })
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'error')
  answers['GET /v1/state'] = () => json(state())
  look(type)
  await until(() => stile.get().status === 'ready')
})

test('a window that gets the focus reads its state again if that is old, and else leaves the service alone', async () => {
  let now = NOW
  const { stile, seen } = setup({ 'GET /v1/state': () => json(state({ now })) }, { now: () => now })
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'ready')
  const reads = () => seen('GET /v1/state').length
  const before = reads()
  look('focus')
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(reads()).toBe(before)
  now += 11
  look('focus')
  await until(() => reads() === before + 1)
})

test('somebody else signs in in another tab: this one asks the application who it is, and shows them', async () => {
  let user = 'u1'
  const session = async () => jwt({ iss: 'demo', sub: user, iat: NOW, exp: NOW + 300, sid: `of-${user}` })
  const subjectOf = (authorization: string | null) => `demo|${JSON.parse(atob(authorization?.split('.')[1] ?? '')).sub}`
  const answers = {
    'GET /v1/state': ({ headers }: Readonly<{ headers: Headers }>) => json(state({ subject: subjectOf(headers.get('authorization')) })),
  }
  const first = setup(answers, { session })
  const shown = () => {
    const known = first.stile.get()
    return known.status === 'ready' ? known.state.subject : known.status
  }
  first.stile.subscribe(() => {})
  await until(() => shown() === 'demo|u1')
  user = 'u2'
  const second = setup(answers, { session })
  second.stile.subscribe(() => {})
  await until(() => shown() === 'demo|u2')
})

test('a clock that is set while the page is open costs one try: the service says what time it is', async () => {
  let ahead = 0
  const check = ({ headers }: Readonly<{ headers: Headers }>) => {
    const { iat } = JSON.parse(atob((headers.get('dpop') ?? '').split('.')[1] ?? ''))
    return Math.abs(Number(iat) - NOW) <= 60
  }
  const date = { date: new Date(NOW * 1000).toUTCString() }
  const { stile, seen } = setup(
    {
      'GET /v1/state': (call) => (check(call) ? json(state()) : refuse('invalid_dpop_proof', {}, date)),
      [`GET ${API}/export`]: (call) => (check(call) ? json({}) : refuse('invalid_dpop_proof')),
    },
    { now: () => NOW + ahead, session: async () => 'opaque' },
  )
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'ready')
  ahead = 90
  expect((await stile.fetch(`${API}/export`)).status).toBe(200)
  expect(seen(`GET ${API}/export`)).toHaveLength(2)
  ahead = -50_000
  await stile.refresh()
  expect(stile.get()).toMatchObject({ status: 'ready', stale: false })
})

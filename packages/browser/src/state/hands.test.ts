// @vitest-environment node
// Node has the real BroadcastChannel, which jsdom has not; a page is an event target that can be hidden.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Arrived, json, jwt, NOW, SERVICE, setup, state, until } from '../wire.test-support.ts'

let window: EventTarget
beforeEach(() => {
  window = new EventTarget()
  vi.stubGlobal('document', Object.assign(new EventTarget(), { hidden: false }))
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window))
})
afterEach(() => vi.unstubAllGlobals())

const silent = () => new Promise<Response>(() => {})
const pause = () => new Promise((resolve) => setTimeout(resolve, 50))

test.each([
  ['subject', { subject: 'demo|u2' }],
  ['account', { account: 'other' }],
  ['actor', { actor: 'demo|support' }],
])('threat: the %s changes with a token that does not tell: what was begun before is done for somebody else', async (_, after) => {
  let over: object = { revision: 9 }
  const { stile } = setup({ 'GET /v1/state': () => json(state(over)), 'GET /v1/events': silent })
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'ready')
  const flow = stile.stepUp('reports.export')
  await until(() => flow.get().status === 'proving')
  // the service counts the revisions of each by itself
  over = { revision: 3, ...after }
  await stile.refresh()
  expect(stile.get()).toMatchObject({ status: 'ready', state: over })
  expect(flow.get().status).toBe('cancelled')
  over = { revision: 4, ...after }
  await stile.refresh()
  expect(stile.get()).toMatchObject({ status: 'ready', state: over })
})

test('threat: the browser’s back button leads to the page of another user, as it was frozen', async () => {
  const who = { sub: 'u1' }
  const subjectOf = ({ headers }: Arrived) => JSON.parse(atob(headers.get('authorization')?.split('.')[1] ?? '')).sub
  const { stile } = setup(
    { 'GET /v1/state': (arrived) => json(state({ subject: subjectOf(arrived) })), 'GET /v1/events': silent },
    { session: async () => jwt({ iat: NOW, exp: NOW + 300, iss: 'demo', ...who }) },
  )
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'ready')
  await pause()
  who.sub = 'u2'
  window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
  const shown = () => {
    const known = stile.get()
    return known.status === 'ready' && known.state.subject
  }
  await until(() => shown() === 'u2')
})

test('two services on one origin do not take each other’s users for a change of hands', async () => {
  const answer = (subject: string) => () => json(state({ subject }))
  const one = setup({ 'GET /v1/state': answer('one'), 'GET /v1/events': silent })
  one.stile.subscribe(() => {})
  await until(() => one.stile.get().status === 'ready')
  await pause()
  const two = setup({ 'GET /other/v1/state': answer('two'), 'GET /other/v1/events': silent }, { service: `${SERVICE}/other` })
  two.stile.subscribe(() => {})
  await until(() => two.stile.get().status === 'ready')
  await pause()
  expect(one.why).toEqual(['start'])
})

test('if the application cannot say for a moment who is signed in, the content stays and the service is asked', async () => {
  let isDown = false
  let asked = 0
  const { stile, seen } = setup(
    { 'GET /v1/state': () => json(state()), 'GET /v1/events': silent },
    {
      session: async () => {
        asked++
        if (isDown) throw new Error('502')
        return jwt({ iat: NOW, exp: NOW + 300, sub: 'u1' })
      },
    },
  )
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'ready')
  await pause()
  isDown = true
  const other = new BroadcastChannel(`${SERVICE}/v1/events?audience=api`)
  other.postMessage('somebody else')
  await until(() => asked === 2 && seen('GET /v1/state').length === 2)
  await pause()
  other.close()
  expect(stile.get()).toMatchObject({ status: 'ready', stale: false })
})

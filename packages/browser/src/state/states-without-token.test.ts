// @vitest-environment node
// Node has the real Web Locks and BroadcastChannel, which jsdom has not; a page is an event target that can be hidden.
import type { State } from '@stile/protocol'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Stile } from '../stile.ts'
import { type Answer, API, decision, doneStepUp, json, MFA, NOW, refuse, setup, state, token, until } from '../wire.test-support.ts'
import { streams } from './streams.test-support.ts'

const CONTENT = `GET ${API}/export`
const AUTHENTICATOR = {
  id: 'auth_1',
  method: 'totp',
  level: 'mfa',
  name: 'App',
  createdAt: 1,
} as unknown as State['authenticators'][number]
const LICENSE = { id: 'lic_1', epoch: 3, tier: 'pro', features: [], state: 'active' } as const
const asked = decision('reports.export', { outcome: 'step_up', requirement: MFA, next: { methods: ['totp'] } })
const permitted = decision('reports.export')

beforeEach(() => {
  const window = new EventTarget()
  vi.stubGlobal('document', Object.assign(new EventTarget(), { hidden: false }))
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window))
})
afterEach(() => vi.unstubAllGlobals())

/** A state as the stream tells it. */
const told = (over: Partial<State> = {}): Omit<State, 'token'> => {
  const { token: _, ...rest } = state({ license: LICENSE, authenticators: [AUTHENTICATOR], ...over })
  return rest
}
const shown = (stile: Stile): State | undefined => {
  const known = stile.get()
  return known.status === 'ready' ? known.state : undefined
}

type FollowedOptions = Readonly<{ answers?: Record<string, Answer>; first?: Partial<State>; expiresAt?: number; authTime?: number }>

/** A page that follows the state of a service that issues `t1`, `t2` and so on. */
async function followed({ answers = {}, first = {}, expiresAt = NOW + 300, authTime = NOW - 10 }: FollowedOptions = {}) {
  const { all, answer } = streams()
  let issued = 0
  let known = told(first)
  const page = setup(
    {
      'GET /v1/state': () => json({ ...known, token: token(`t${++issued}`, { expiresAt, authTime }) }),
      'GET /v1/events': answer,
      [CONTENT]: () => json({}),
      ...answers,
    },
    { audiences: { api: [API], other: ['https://other.example'] } },
  )
  page.stile.subscribe(() => {})
  await until(() => all.length === 1)
  page.stile.onStepUp(async (flow) => {
    await until(() => flow.get().status === 'proving')
    await flow.submit({ code: '123456' })
  })
  const carried = () => page.seen(CONTENT).map(({ headers }) => headers.get('authorization'))
  const tell = (over: Partial<State>) => {
    known = told(over)
    all[0]?.send('state', known)
  }
  return { ...page, all, tell, carried }
}
const call = (stile: Stile) => stile.fetch(`${API}/export`)

test('the stream is asked for states without a token, and such a state is taken', async () => {
  const { stile, all, tell } = await followed()
  expect(new URL(all[0]?.url ?? '').searchParams.get('token')).toBe('0')
  tell({ revision: 2, now: NOW + 5 })
  await until(() => shown(stile)?.revision === 2)
})

test('a token is asked for when a request needs one after a change, once for all requests of that time', async () => {
  const { stile, tell, carried, arrived } = await followed()
  tell({ revision: 2, now: NOW + 5 })
  await until(() => shown(stile)?.revision === 2)
  const before = arrived.length
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(arrived, 'nothing is asked for as long as nothing needs it').toHaveLength(before)
  await Promise.all([call(stile), call(stile), call(stile)])
  expect(arrived.slice(before).map(({ route }) => route)).toEqual(['GET /v1/state', CONTENT, CONTENT, CONTENT])
  expect(carried()).toEqual(['DPoP t2', 'DPoP t2', 'DPoP t2'])
})

test('another audience needs no token of the first one', async () => {
  const other = 'GET https://other.example/x'
  const { stile, tell, arrived } = await followed({ answers: { [other]: () => json({}) } })
  await stile.fetch('https://other.example/x')
  tell({ revision: 2, now: NOW + 5 })
  await until(() => shown(stile)?.revision === 2)
  const before = arrived.length
  await stile.fetch('https://other.example/x')
  expect(arrived.slice(before).map(({ route }) => route)).toEqual(['POST /v1/tokens', other])
})

test('a tab that asked for a token gives it to the others', async () => {
  const key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  const generate = vi.spyOn(crypto.subtle, 'generateKey').mockResolvedValue(key as never)
  const first = await followed()
  const second = setup({ 'GET /v1/state': () => json({ ...told(), token: token('own') }), [CONTENT]: () => json({}) })
  second.stile.subscribe(() => {})
  await until(() => shown(second.stile))
  await new Promise((resolve) => setTimeout(resolve, 20))
  first.tell({ revision: 2, now: NOW + 5 })
  await until(() => shown(second.stile)?.revision === 2)
  expect(shown(second.stile)).not.toHaveProperty('token')
  first.answers['GET /v1/state'] = () => json({ ...told({ revision: 2, now: NOW + 8 }), token: token('shared') })
  await call(first.stile)
  await until(() => shown(second.stile)?.token)
  await call(second.stile)
  expect(second.seen(CONTENT)[0]?.headers.get('authorization')).toBe('DPoP shared')
  expect(second.seen('GET /v1/state')).toHaveLength(1)
  generate.mockRestore()
})

test('nothing is signed for a page that stands open after a change: without a token there is none to renew', async () => {
  const { stile, tell, seen } = await followed({ expiresAt: NOW + 40 })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  tell({ revision: 2, now: NOW + 5 })
  // a turn of the event loop, as timers stand still
  for (let turns = 0; shown(stile)?.revision !== 2 && turns < 1000; turns++) await new Promise(setImmediate)
  expect(shown(stile)?.revision).toBe(2)
  // as long as a stream may be silent
  await vi.advanceTimersByTimeAsync(40_000)
  vi.useRealTimers()
  // a request that was begun would be here by then
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(seen('GET /v1/state')).toHaveLength(1)
})

describe('threat: a token from before outlives what was taken away', () => {
  test.each([
    ['the license is lower', { license: { ...LICENSE, epoch: 4, tier: 'basic' } }],
    ['the epoch is another', { license: { ...LICENSE, epoch: 4 } }],
    ['the seat is gone', { license: null }],
    ['the risk is higher', { risk: { band: 'high', reasons: [] } as State['risk'] }],
    ['an authenticator was removed', { authenticators: [] }],
    ['nothing that the state shows', {}],
  ])('%s', async (_, over) => {
    const { stile, tell, carried } = await followed()
    await call(stile)
    tell({ revision: 2, now: NOW + 5, ...over })
    await until(() => shown(stile)?.revision === 2)
    expect(shown(stile)).not.toHaveProperty('token')
    await call(stile)
    expect(carried()).toEqual(['DPoP t1', 'DPoP t2'])
  })

  test.each([
    ['the license is lower', { license: { ...LICENSE, epoch: 4, tier: 'basic' } }],
    ['the risk is higher', { risk: { band: 'elevated', reasons: [] } as State['risk'] }],
    ['an authenticator was removed', { authenticators: [] }],
    ['the proof is no longer worth anything', { decisions: { 'reports.view': decision('reports.view'), 'reports.export': asked } }],
    ['the policy is another', { decisions: { 'reports.export': { ...permitted, policy: 'other' } } }],
    ['a feature is gone', { decisions: { 'reports.export': permitted } }],
  ])('right after a proof: %s', async (_, over) => {
    const { stile, tell } = await followed({ answers: provenAt(NOW + 5) })
    await stile.stepUp('reports.export').done
    expect(shown(stile)?.token?.token).toBe('mfa-level')
    tell({ revision: 2, now: NOW + 6, decisions: { 'reports.view': decision('reports.view'), 'reports.export': permitted }, ...over })
    await until(() => shown(stile)?.revision === 2)
    expect(shown(stile)).not.toHaveProperty('token')
  })

  test('some seconds after a proof: anything at all', async () => {
    const { stile, tell } = await followed({ answers: provenAt(NOW + 5) })
    await stile.stepUp('reports.export').done
    tell({ revision: 2, now: NOW + 8, decisions: { 'reports.view': decision('reports.view'), 'reports.export': permitted } })
    await until(() => shown(stile)?.revision === 2)
    expect(shown(stile)).not.toHaveProperty('token')
  })

  test('somebody else is signed in', async () => {
    const { stile, tell, answers, carried } = await followed()
    answers['GET /v1/state'] = () => json({ ...told({ subject: 'demo|u2' }), token: token('of-u2') })
    tell({ revision: 2, now: NOW + 5, subject: 'demo|u2' })
    await until(() => shown(stile)?.subject === 'demo|u2')
    await call(stile)
    expect(carried()).toEqual(['DPoP of-u2'])
  })

  test('the session has ended', async () => {
    const { stile, all, answers, carried } = await followed()
    answers['GET /v1/state'] = () => refuse('session_ended')
    all[0]?.send('end', { code: 'session_ended' })
    await until(() => stile.get().status === 'error')
    await call(stile)
    expect(carried()).toEqual([null])
  })

  test('the user has signed out, and a state comes at the same time', async () => {
    const { stile, tell, carried } = await followed({ answers: { 'DELETE /v1/session': () => new Response(null, { status: 204 }) } })
    const signedOut = stile.logout()
    tell({ revision: 2, now: NOW + 5 })
    await signedOut
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(stile.get().status).toBe('error')
    await call(stile)
    expect(carried()).toEqual([null])
  })
})

/** The service takes the proof at this instant. */
function provenAt(authTime: number): Record<string, Answer> {
  const proven = doneStepUp()
  if (proven.status !== 'done') throw new Error('not done')
  return { 'POST /v1/step-ups/su_1/attempts': () => json({ ...proven, issued: { ...proven.issued, authTime } }) }
}

test('what another tab has proven opens here, too, and the token from before is not taken for that of the proof', async () => {
  const { stile, tell, carried } = await followed({ authTime: NOW + 4, first: { decisions: { 'reports.export': asked } } })
  tell({ revision: 2, now: NOW + 5, decisions: { 'reports.export': permitted } })
  await until(() => shown(stile)?.revision === 2)
  await call(stile)
  expect(carried()).toEqual(['DPoP t2'])
})

test('threat: what a proof has opened is told while the user signs out, and shown after that', async () => {
  const { stile, tell } = await followed({ answers: { 'DELETE /v1/session': () => new Response(null, { status: 204 }) } })
  tell({ revision: 2, now: NOW + 5, decisions: { 'reports.view': decision('reports.view'), 'reports.export': permitted } })
  await new Promise((resolve) => setTimeout(resolve, 20))
  await stile.logout()
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(stile.get().status).toBe('error')
})

describe('the first request after a step-up carries the token of its answer', () => {
  const proven = { revision: 2, now: NOW + 6, decisions: { 'reports.view': decision('reports.view'), 'reports.export': permitted } }

  test('if the stream tells of the proof in between, and once more', async () => {
    const { stile, tell, carried, arrived } = await followed({ answers: provenAt(NOW + 5) })
    await stile.stepUp('reports.export').done
    const before = arrived.length
    for (const revision of [2, 3]) {
      tell({ ...proven, revision })
      await until(() => shown(stile)?.revision === revision)
    }
    await call(stile)
    expect(carried()).toEqual(['DPoP mfa-level'])
    expect(arrived.slice(before).map(({ route }) => route)).toEqual([CONTENT])
  })

  test('if the proof lowers the risk and opens more than was asked for', async () => {
    const first: Partial<State> = {
      risk: { band: 'elevated', reasons: [] },
      decisions: { 'reports.view': { ...asked, feature: 'reports.view', requirement: { level: 'mfa' } } as never, 'reports.export': asked },
    }
    const { stile, tell, carried } = await followed({ answers: provenAt(NOW + 5), first })
    await stile.stepUp('reports.export').done
    tell(proven)
    await until(() => shown(stile)?.risk.band === 'normal')
    await call(stile)
    expect(carried()).toEqual(['DPoP mfa-level'])
  })

  test('if the stream is faster than the answer', async () => {
    let answer: () => void = () => {}
    const [route, now] = Object.entries(provenAt(NOW + 5))[0] as [string, Answer]
    const late: Answer = async (arrived) => {
      await new Promise<void>((resolve) => {
        answer = resolve
      })
      return now(arrived)
    }
    const { stile, tell, carried, seen, arrived } = await followed({ answers: { [route]: late } })
    const { done } = stile.stepUp('reports.export')
    await until(() => seen(route).length)
    const before = arrived.length
    // as a gate shows what calls its API
    const unsubscribe = stile.subscribe(() => {
      if (shown(stile)?.decisions['reports.export']?.outcome !== 'permit') return
      unsubscribe()
      call(stile)
    })
    tell(proven)
    await new Promise((resolve) => setTimeout(resolve, 30))
    answer()
    await done
    await until(() => carried().length)
    expect(carried()).toEqual(['DPoP mfa-level'])
    expect(arrived.slice(before).map(({ route }) => route)).toEqual([CONTENT])
  })
})

import { afterEach, expect, test, vi } from 'vitest'
import type { Stile } from '../stile.ts'
import { API, challenge, decision, doneStepUp, json, MFA, openStepUp, refuse, setup, state, token, until } from '../wire.test-support.ts'

afterEach(() => vi.unstubAllGlobals())

const CONTENT = `GET ${API}/export`
const ACR = ', acr_values="urn:stile:acr:mfa phr phrh", max_age="900"'

/** Answers every prompt with a right code. */
function prove(stile: Stile): void {
  stile.onStepUp(async (flow) => {
    await until(() => flow.get().status === 'proving')
    await flow.submit({ code: '123456' })
  })
}

/** A page that follows the state; `routes` are the requests from now on. */
async function followed(answers: Parameters<typeof setup>[0] = {}) {
  const page = setup(answers)
  page.stile.subscribe(() => {})
  await until(() => page.seen('GET /v1/events').length)
  prove(page.stile)
  const before = page.arrived.length
  return { ...page, routes: () => page.arrived.slice(before).map(({ route }) => route) }
}

const outcomeOf = (stile: Stile, feature: string) => {
  const known = stile.get()
  return known.status === 'ready' ? known.state.decisions[feature] : undefined
}

test('from the click on a gate to its content, the service is asked for a step-up and told the answer, and nothing else', async () => {
  const { stile, routes } = await followed({ [CONTENT]: () => json({}) })
  await stile.stepUp('reports.export').done
  expect(outcomeOf(stile, 'reports.export')).toMatchObject({ outcome: 'permit', until: token('').authTime + MFA.maxAgeSeconds })
  await stile.fetch(`${API}/export`)
  expect(routes()).toEqual(['POST /v1/step-ups', 'POST /v1/step-ups/su_1/attempts', CONTENT])
})

test('a call that is challenged on a click is repeated with nothing in between but the step-up', async () => {
  vi.stubGlobal('navigator', { userActivation: { isActive: true } })
  const asked = { feature: 'reports.export', requirement: MFA }
  const { stile, routes } = await followed({
    [CONTENT]: ({ headers }) =>
      headers.get('authorization') === 'DPoP mfa-level' ? json({}) : challenge('insufficient_user_authentication', asked, ACR),
  })
  expect((await stile.fetch(`${API}/export`)).status).toBe(200)
  // what went out together with the call would be here by now
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(routes()).toEqual([CONTENT, 'POST /v1/step-ups', 'POST /v1/step-ups/su_1/attempts', CONTENT])
})

test('the state is read again soon after, and the service has the last word', async () => {
  const { stile, seen } = await followed()
  const before = seen('GET /v1/state').length
  await stile.stepUp('reports.export').done
  expect(outcomeOf(stile, 'reports.export')?.outcome).toBe('permit')
  await until(() => seen('GET /v1/state').length > before)
  await until(() => outcomeOf(stile, 'reports.export')?.outcome === 'step_up')
})

test('threat: a state from before the proof comes late, and takes the proof away', async () => {
  const proven = doneStepUp()
  if (proven.status !== 'done') throw new Error('not done')
  const { stile } = await followed({
    'POST /v1/step-ups/su_1/attempts': () => json({ ...proven, issued: { ...proven.issued, authTime: state().now + 5 } }),
  })
  await stile.stepUp('reports.export').done
  const known = stile.get()
  expect(known.status === 'ready' && known.state).toMatchObject({ now: state().now + 5, token: { token: 'mfa-level' } })
})

test('a proof that is bound to an operation opens nothing in the state', async () => {
  const requirement = { ...MFA, bind: ['amount'] }
  const decisions = {
    'payouts.approve': decision('payouts.approve', { outcome: 'step_up', requirement, next: { methods: ['totp'] } }),
  }
  const { stile, seen } = await followed({ 'GET /v1/state': () => json(state({ decisions })) })
  const before = seen('GET /v1/state').length
  await stile.stepUp('payouts.approve', { operation: { type: 'payouts.approve', params: { amount: 1 } } as never }).done
  expect(outcomeOf(stile, 'payouts.approve')?.outcome).toBe('step_up')
  expect(seen('GET /v1/state')).toHaveLength(before + 1)
  await stile.stepUp('payouts.approve').done
  expect(outcomeOf(stile, 'payouts.approve')?.outcome).toBe('step_up')
})

test('threat: whoever signs out just after a proof is asked to sign in again for the state of before', async () => {
  const { stile, routes } = await followed({ 'DELETE /v1/session': () => new Response(null, { status: 204 }) })
  await stile.stepUp('reports.export').done
  await stile.logout()
  const before = routes()
  await new Promise((resolve) => setTimeout(resolve, 1200))
  expect(routes()).toEqual(before)
})

test('a proof for another API leaves what is known as it is until the state is read', async () => {
  const { stile, seen } = await followed()
  const before = seen('GET /v1/state').length
  await stile.stepUp('reports.export', { audience: 'other' }).done
  expect(outcomeOf(stile, 'reports.export')?.outcome).toBe('step_up')
  expect(seen('GET /v1/state')).toHaveLength(before + 1)
})

test('a step-up that fails opens nothing', async () => {
  const { stile } = await followed({ 'POST /v1/step-ups': () => refuse('license_required') })
  await expect(stile.stepUp('reports.export').done).rejects.toMatchObject({ code: 'license_required' })
  expect(outcomeOf(stile, 'reports.export')?.outcome).toBe('step_up')
})

test('a page that nobody looks at opens no stream before what it asked for is there', async () => {
  const { stile, arrived } = setup({ [CONTENT]: () => json({}), 'POST /v1/step-ups': () => json(openStepUp(), 201) })
  await stile.fetch(`${API}/export`)
  expect(arrived.map(({ route }) => route)).toEqual(['GET /v1/nonce', 'GET /v1/state', CONTENT])
})

test('what asks for the same as the feature that was proven opens with it', async () => {
  const asked = (feature: string) => decision(feature, { outcome: 'step_up', requirement: MFA, next: { methods: ['totp'] } })
  const more = { ...MFA, maxAgeSeconds: 1 }
  const decisions = {
    'reports.export': asked('reports.export'),
    'reports.share': asked('reports.share'),
    'reports.sign': decision('reports.sign', { outcome: 'step_up', requirement: more, next: { methods: ['totp'] } }),
  }
  const { stile } = await followed({ 'GET /v1/state': () => json(state({ decisions })) })
  await Promise.all([stile.stepUp('reports.export').done, stile.stepUp('reports.share').done])
  expect(outcomeOf(stile, 'reports.share')?.outcome).toBe('permit')
  expect(outcomeOf(stile, 'reports.sign')?.outcome).toBe('step_up')
})

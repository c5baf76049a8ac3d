import { afterEach, describe, expect, test, vi } from 'vitest'
import { StepUpCancelled, StepUpFailed, StepUpRequired } from './error.ts'
import type { Flow, Stile } from './stile.ts'
import {
  type Answer,
  API,
  type Arrived,
  challenge,
  doneStepUp,
  json,
  MFA,
  openStepUp,
  proofOf,
  refuse,
  SERVICE,
  setup,
  state,
  token,
  until,
} from './wire.test-support.ts'

const EXPORT = `GET ${API}/export`
const ACR = ', acr_values="urn:stile:acr:mfa phr phrh", max_age="900"'
const ask = (members = {}) =>
  challenge('insufficient_user_authentication', { feature: 'reports.export', requirement: MFA, ...members }, ACR)

afterEach(() => vi.unstubAllGlobals())
const click = (isActive = true) => vi.stubGlobal('navigator', { userActivation: { isActive } })

/** Answers every prompt with a right code. */
function prove(stile: Stile): Flow[] {
  const shown: Flow[] = []
  stile.onStepUp(async (flow) => {
    shown.push(flow)
    await until(() => flow.get().status === 'proving')
    await flow.submit({ code: '123456' })
  })
  return shown
}

/** An API that opens for the token of the step-up only. */
const gated: Answer = ({ headers }) => (headers.get('authorization') === 'DPoP mfa-level' ? json({ rows: 3 }) : ask())

test('a gated call carries token and proof, and never follows a redirect with them', async () => {
  const { stile, seen } = setup({ [EXPORT]: () => json({}) })
  await stile.fetch(`${API}/export?x=1`)
  const [call] = seen(EXPORT)
  expect(call?.headers.get('authorization')).toMatch(/^DPoP \S+$/)
  expect(call && proofOf(call)).toMatchObject({ htm: 'GET', htu: `${API}/export` })
  expect(call?.redirect).toBe('error')
})

test('an application that uses Authorization for itself keeps it', async () => {
  const { stile, seen } = setup({ [EXPORT]: () => json({}) })
  await stile.fetch(`${API}/export`, { headers: { Authorization: 'Bearer own' } })
  const [call] = seen(EXPORT)
  expect(call?.headers.get('authorization')).toBe('Bearer own')
  expect(call?.headers.get('stile-assurance')).toBe('session-level')
  expect(call && proofOf(call, 'stile-proof')).toMatchObject({ htm: 'GET' })
})

test('a hostile host that asks for the token gets none: foreign origins see no credential and no prompt', async () => {
  click()
  for (const url of ['https://evil.example/x', 'https://api.example.evil.example/x', 'http://api.example/x', 'https://api.example:444/x']) {
    const { origin, pathname } = new URL(url)
    const { stile, arrived } = setup({ [`GET ${origin}${pathname}`]: () => ask() })
    const shown = prove(stile)
    expect((await stile.fetch(url, { prompt: 'always' })).status).toBe(401)
    expect(shown).toEqual([])
    expect(arrived).toHaveLength(1)
    const [call] = arrived
    for (const header of ['authorization', 'dpop', 'stile-assurance', 'stile-proof']) expect(call?.headers.has(header)).toBe(false)
    expect(call?.redirect).toBe('follow')
  }
})

test('a challenge on a click prompts, and the request is repeated with the new token', async () => {
  click()
  const { stile, seen } = setup({ [EXPORT]: gated })
  const shown = prove(stile)
  const response = await stile.fetch(`${API}/export`)
  expect(await response.json()).toEqual({ rows: 3 })
  expect(shown).toHaveLength(1)
  expect(seen(EXPORT)).toHaveLength(2)
})

test('parallel challenges for the same share one prompt, and every caller settles', async () => {
  // loaded already, so that none is read after the first proof
  await import('./step-ups/cure.ts')
  click()
  const { stile, seen } = setup({ [EXPORT]: gated, [`GET ${API}/share`]: gated })
  const shown = prove(stile)
  const responses = await Promise.all([stile.fetch(`${API}/export`), stile.fetch(`${API}/export`), stile.fetch(`${API}/share`)])
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(shown).toHaveLength(1)
  expect(seen('POST /v1/step-ups')).toHaveLength(1)
})

test('cancel rejects every caller with StepUpCancelled', async () => {
  click()
  const { stile } = setup({ [EXPORT]: gated })
  stile.onStepUp((flow) => until(() => flow.get().status === 'proving').then(flow.cancel))
  const results = await Promise.allSettled([stile.fetch(`${API}/export`), stile.fetch(`${API}/export`)])
  for (const result of results) expect(result.status === 'rejected' && result.reason).toBeInstanceOf(StepUpCancelled)
})

test('a step-up that cannot succeed rejects with its code', async () => {
  click()
  const { stile } = setup({ [EXPORT]: gated, 'POST /v1/step-ups': () => refuse('license_required') })
  stile.onStepUp(() => {})
  const error = await stile.fetch(`${API}/export`).catch((each) => each)
  expect(error).toBeInstanceOf(StepUpFailed)
  expect(error.code).toBe('license_required')
})

describe('a prompt opens only where someone asked for it', () => {
  test.each([
    ['no activation', false, undefined, true, true],
    ['prompt: never, on a click', true, 'never', true, true],
    ['no handler, on a click', true, undefined, false, true],
    ['prompt: always, without activation', false, 'always', true, false],
    ['on a click', true, undefined, true, false],
  ] as const)('%s', async (_, active, prompt, handled, refused) => {
    click(active)
    const { stile, seen } = setup({ [EXPORT]: gated })
    if (handled) prove(stile)
    const result = stile.fetch(`${API}/export`, prompt ? { prompt } : {})
    if (!refused) return expect((await result).status).toBe(200)
    const error = await result.catch((each) => each)
    expect(error).toBeInstanceOf(StepUpRequired)
    expect(error).toMatchObject({ code: 'step_up_required', problem: { feature: 'reports.export' } })
    expect(seen('POST /v1/step-ups')).toEqual([])
  })
})

describe('a request is repeated at most once per cause', () => {
  test.each([
    // cause, how often the API is asked, how often a prompt opens
    ['use_dpop_nonce', () => challenge('use_dpop_nonce'), 2, 0],
    ['invalid_token', () => challenge('invalid_token'), 2, 0],
    ['insufficient_user_authentication', () => ask(), 2, 1],
    ['invalid_dpop_proof', () => challenge('invalid_dpop_proof'), 2, 0],
    ['a scheme that is not ours', () => json({}, 401, { 'www-authenticate': 'Basic realm="x"' }), 1, 0],
    ['no challenge at all', () => json({}, 401), 1, 0],
    [
      'a challenge that names no known level',
      () => challenge('insufficient_user_authentication', { feature: 'reports.export' }, ', acr_values="urn:other"'),
      1,
      0,
    ],
    ['a challenge that names no feature', () => challenge('insufficient_user_authentication', {}, ACR), 1, 0],
    [
      'a challenge with a body that is none',
      () => new Response('<h1>', { status: 401, headers: { 'www-authenticate': `DPoP error="insufficient_user_authentication"${ACR}` } }),
      1,
      0,
    ],
    ['a denial of the license', () => refuse('license_required'), 1, 0],
  ] as const)('%s', async (_, answer, calls, prompts) => {
    click()
    const answered: Response[] = []
    const { stile, seen } = setup({
      [EXPORT]: () => {
        const response = answer()
        answered.push(response)
        return response
      },
    })
    const shown = prove(stile)
    const response = await stile.fetch(`${API}/export`)
    expect(response).toBe(answered.at(-1))
    expect(response.bodyUsed).toBe(false)
    expect(seen(EXPORT)).toHaveLength(calls)
    expect(shown).toHaveLength(prompts)
  })
})

test('nonce, token and proof may each be missing once on the same request', async () => {
  click()
  const causes = [() => challenge('use_dpop_nonce'), () => challenge('invalid_token'), () => ask(), () => json({ rows: 1 })]
  const { stile, seen } = setup({ [EXPORT]: () => (causes.shift() ?? (() => json({})))() })
  prove(stile)
  expect((await stile.fetch(`${API}/export`)).status).toBe(200)
  expect(seen(EXPORT)).toHaveLength(4)
})

test('a service that is mounted at the origin of the API gives nonces of its own, and neither takes that of the other', async () => {
  const route = (nonce: string, body: object) => (arrived: Arrived) =>
    proofOf(arrived).nonce === nonce ? json(body, 200, { 'dpop-nonce': nonce }) : refuse('use_dpop_nonce', {}, { 'dpop-nonce': nonce })
  const { stile, seen } = setup(
    { 'GET /v1/state': route('service', state()), 'GET /export': route('api', {}) },
    { audiences: { api: [SERVICE] } },
  )
  for (let call = 0; call < 3; call++) {
    await stile.request('GET', '/v1/state')
    expect((await stile.fetch(`${SERVICE}/export`)).status).toBe(200)
  }
  const nonces = (name: string): unknown[] => seen(name).map((arrived) => proofOf(arrived).nonce)
  expect(nonces('GET /export')).toEqual([undefined, 'api', 'api', 'api'])
  expect(nonces('GET /v1/state').slice(1)).not.toContain(undefined)
  expect(nonces('GET /v1/state')).not.toContain('api')
})

test('a token that the API no longer takes is replaced without a prompt', async () => {
  let issued = 0
  const { stile, seen } = setup({
    'GET /v1/state': () => json(state({ token: token(`t${++issued}`) })),
    [EXPORT]: ({ headers }) => (headers.get('authorization') === 'DPoP t1' ? challenge('invalid_token') : json({})),
  })
  expect((await stile.fetch(`${API}/export`)).status).toBe(200)
  expect(seen(EXPORT).map(({ headers }) => headers.get('authorization'))).toEqual(['DPoP t1', 'DPoP t2'])
})

test('the operation goes back as the guard read it, and its token is used for this request alone', async () => {
  click()
  const operation = { amount: '10.00', currency: 'EUR' }
  const { stile, seen } = setup({
    [`POST ${API}/payouts`]: ({ headers }) => (headers.get('authorization') === 'DPoP mfa-level' ? json({}) : ask({ operation })),
    [EXPORT]: () => json({}),
  })
  prove(stile)
  expect((await stile.fetch(`${API}/payouts`, { method: 'POST', body: '{"amount":"10.00"}' })).status).toBe(200)
  expect(seen('POST /v1/step-ups')[0]?.body).toMatchObject({ feature: 'reports.export', operation })
  await stile.fetch(`${API}/export`)
  expect(seen(EXPORT)[0]?.headers.get('authorization')).not.toBe('DPoP mfa-level')
})

test('the body is sent whole each time', async () => {
  click()
  const route = `POST ${API}/export`
  for (const input of [`${API}/export`, new Request(`${API}/export`, { method: 'POST', body: '{"a":1}' })]) {
    const { stile, seen } = setup({ [route]: gated })
    prove(stile)
    const response = await (input instanceof Request ? stile.fetch(input) : stile.fetch(input, { method: 'POST', body: '{"a":1}' }))
    expect(response.status).toBe(200)
    expect(seen(route).map(({ body }) => body)).toEqual([{ a: 1 }, { a: 1 }])
  }
})

test('a body that can be read only once is sent once, and the answer is returned untouched', async () => {
  click()
  const { stile, seen } = setup({ [`POST ${API}/export`]: gated })
  const shown = prove(stile)
  const body = new Response('{"a":1}').body as ReadableStream
  const response = await stile.fetch(`${API}/export`, { method: 'POST', body, duplex: 'half' } as RequestInit)
  expect(response.status).toBe(401)
  expect(seen(`POST ${API}/export`)).toHaveLength(1)
  expect(shown).toEqual([])
})

test('a service that is down holds no request up: it goes without a token', async () => {
  const { stile, seen, answers } = setup({ [EXPORT]: () => json({ basic: true }) })
  delete answers['GET /v1/state']
  delete answers['POST /v1/tokens']
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'error')
  expect((await stile.fetch(`${API}/export`)).status).toBe(200)
  expect(seen(EXPORT)[0]?.headers.has('authorization')).toBe(false)
  stile.close()
})

test('after a step-up the new token goes along at once', async () => {
  const { stile, seen } = setup({
    [EXPORT]: () => json({}),
    'POST /v1/step-ups': () => json(doneStepUp()),
    'GET /v1/state': () => refuse('service_unavailable'),
  })
  await stile.stepUp('reports.export').done
  await stile.fetch(`${API}/export`)
  expect(seen(EXPORT)[0]?.headers.get('authorization')).toBe('DPoP mfa-level')
  stile.close()
})

test('aborting the request settles it while the prompt is open', async () => {
  click()
  const { stile } = setup({ [EXPORT]: gated, 'POST /v1/step-ups': () => json(openStepUp()) })
  const shown: Flow[] = []
  stile.onStepUp((flow) => shown.push(flow))
  // the signal of a Request is followed: jsdom's own is of another kind
  const request = new Request(`${API}/export`)
  const abort = new EventTarget()
  Object.defineProperty(request, 'signal', { value: Object.assign(abort, { reason: 'left', aborted: false }) })
  vi.stubGlobal(
    'Request',
    class extends Request {
      constructor(input: RequestInfo | URL, init?: RequestInit) {
        super(input, init)
        if (init !== undefined) Object.defineProperty(this, 'signal', { value: abort })
      }
    },
  )
  const result = stile.fetch(request)
  await until(() => shown[0]?.get().status === 'proving')
  abort.dispatchEvent(new Event('abort'))
  await expect(result).rejects.toBe('left')
  vi.unstubAllGlobals()
})

describe('a challenge is found however its header is written', () => {
  const ASKS = 'error=insufficient_user_authentication, acr_values="phr"'
  const body = { feature: 'reports.export', requirement: MFA }
  test.each([
    ['names in capitals', `DPoP ERROR="insufficient_user_authentication", ACR_VALUES="phr"`, 1],
    ['the scheme in small letters', `dpop ${ASKS}`, 1],
    ['spaces around the equals sign', 'DPoP error = "insufficient_user_authentication" , acr_values\t=\t"phr"', 1],
    ['a value without quotes', `DPoP ${ASKS}`, 1],
    ["behind another scheme's challenge", `Basic realm="a, error=\\"invalid_token\\"", DPoP ${ASKS}`, 1],
    ['a comma in a text before the error', `DPoP realm="Reports, exports", ${ASKS}`, 1],
    ["another scheme's challenge", `Bearer ${ASKS}`, 0],
    ['a scheme whose name ends like ours', `XDPoP ${ASKS}`, 0],
    ['an error inside of a text', `DPoP realm="error=insufficient_user_authentication"`, 0],
  ])('%s', async (_, header, prompts) => {
    click()
    const { stile, seen } = setup({
      [EXPORT]: ({ headers }) =>
        headers.get('authorization') === 'DPoP mfa-level'
          ? json({})
          : refuse('insufficient_user_authentication', body, { 'www-authenticate': header }),
    })
    const shown = prove(stile)
    expect((await stile.fetch(`${API}/export`)).status).toBe(prompts ? 200 : 401)
    expect(shown).toHaveLength(prompts)
    expect(seen(EXPORT)).toHaveLength(1 + prompts)
  })
})

describe('who has nothing enrolled yet', () => {
  const setting = () =>
    setup({
      'POST /v1/step-ups': () => refuse('enrollment_required', { next: { methods: ['totp'] } }),
      [EXPORT]: gated,
    })

  test('sets something up, and the request does what was clicked, once', async () => {
    click()
    const { stile, seen, answers } = setting()
    stile.onStepUp(async (flow) => {
      await until(() => flow.get().status === 'enrolling')
      answers['POST /v1/step-ups'] = () => json(openStepUp(), 201)
      await flow.retry()
      await flow.submit({ code: '123456' })
    })
    expect(await (await stile.fetch(`${API}/export`)).json()).toEqual({ rows: 3 })
    expect(seen(EXPORT)).toHaveLength(2)
  })

  test('is not asked for more without end if what they set up is not enough', async () => {
    click()
    const { stile, seen } = setting()
    stile.onStepUp(async (flow) => {
      await until(() => flow.get().status === 'enrolling')
      await flow.retry()
    })
    await expect(stile.fetch(`${API}/export`)).rejects.toMatchObject({ code: 'enrollment_required', problem: { failure: 'level_too_low' } })
    expect(seen('POST /v1/step-ups')).toHaveLength(2)
  })

  test('and leaves it ends the request', async () => {
    click()
    const { stile } = setting()
    stile.onStepUp(async (flow) => {
      await until(() => flow.get().status === 'enrolling')
      flow.cancel()
    })
    await expect(stile.fetch(`${API}/export`)).rejects.toBeInstanceOf(StepUpCancelled)
  })

  test('learns it at once if nobody could show them how', async () => {
    const { stile } = setting()
    const { done } = stile.stepUp('reports.export', { headless: true })
    await expect(done).rejects.toMatchObject({ code: 'enrollment_required' })
  })
})

import { describe, expect, test } from 'vitest'
import { thumbprint } from '../device/device-key.ts'
import { type Answer, type Arrived, json, jwt, NOW, proofOf, refuse, SERVICE, setup, token } from '../wire.test-support.ts'

test('a call carries the session token and a proof for it', async () => {
  const { stile, seen } = setup({ 'GET /v1/authenticators': () => json({ authenticators: [] }) })
  expect(await stile.request('GET', '/v1/authenticators?x=1')).toEqual({ authenticators: [] })
  const [call] = seen('GET /v1/authenticators')
  expect(call?.headers.get('authorization')).toMatch(/^Bearer /)
  expect(call && proofOf(call)).toMatchObject({ htm: 'GET', htu: `${SERVICE}/v1/authenticators`, iat: NOW })
  expect(call?.redirect).toBe('error')
  expect(call?.request.credentials).toBe('omit')
})

test('the application is asked for a token, and for the password, for the very key that signs the proofs', async () => {
  const asked: unknown[] = []
  const { stile, seen } = setup(
    {},
    {
      session: async (request) => {
        asked.push(request)
        return jwt({ iat: NOW, exp: NOW + 300, sid: 's1' })
      },
      relogin: async (request) => {
        asked.push(request)
        return true
      },
    },
  )
  await stile.request('POST', '/v1/tokens', {})
  await stile.relogin()
  const [header = ''] = seen('POST /v1/tokens')[0]?.headers.get('dpop')?.split('.') ?? []
  const { jwk } = JSON.parse(atob(header.replaceAll('-', '+').replaceAll('_', '/')))
  const jkt = await thumbprint({ publicJwk: jwk })
  expect(asked).toEqual([{ jkt, why: 'start' }, { jkt }, { jkt, why: 'relogin' }])
})

test('a service under a path is called under that path', async () => {
  const { stile, arrived } = setup({ 'POST /stile/v1/tokens': () => json(token('t')) }, { service: `${SERVICE}/stile/` })
  await stile.request('POST', '/v1/tokens', {})
  expect(proofOf(arrived.at(-1) as Arrived).htu).toBe(`${SERVICE}/stile/v1/tokens`)
})

test('the nonce of any answer goes with the next call, so that no call is made in vain', async () => {
  let calls = 0
  const { stile, seen, answers } = setup({ 'POST /v1/tokens': () => json({}, 200, { 'dpop-nonce': `n${++calls}` }) })
  for (let call = 0; call < 3; call++) await stile.request('POST', '/v1/tokens', {})
  answers['POST /v1/tokens'] = () => refuse('session_ended', {}, { 'dpop-nonce': 'n9' })
  for (let call = 0; call < 2; call++) await stile.request('POST', '/v1/tokens', {}).catch(() => undefined)
  expect(seen('POST /v1/tokens').map((call) => proofOf(call).nonce)).toEqual([undefined, 'n1', 'n2', 'n3', 'n9'])
})

test('a missing nonce is learnt and the call repeated, once', async () => {
  let calls = 0
  const nonce = () => refuse('use_dpop_nonce', {}, { 'dpop-nonce': `n${++calls}` })
  const { stile, seen, answers } = setup({ 'POST /v1/tokens': nonce })
  await expect(stile.request('POST', '/v1/tokens', {})).rejects.toMatchObject({ code: 'use_dpop_nonce' })
  expect(calls).toBe(2)
  answers['POST /v1/tokens'] = () => json(token('t'))
  await stile.request('POST', '/v1/tokens', {})
  expect(seen('POST /v1/tokens').map((call) => proofOf(call).nonce)).toEqual([undefined, 'n1', 'n2'])
})

test('a session token that the service refuses is renewed once, and parallel calls share the new one', async () => {
  let fresh = 0
  const { stile, why } = setup({
    'POST /v1/tokens': ({ headers }) => {
      const claims = JSON.parse(atob(headers.get('authorization')?.split('.')[1] ?? ''))
      if (claims.n === 1) return refuse('invalid_token')
      fresh++
      return json(token('t'))
    },
  })
  await Promise.all([stile.request('POST', '/v1/tokens', {}), stile.request('POST', '/v1/tokens', {})])
  expect(why).toEqual(['start', 'expired'])
  expect(fresh).toBe(2)
})

test('a service that refuses every session token is not asked for ever', async () => {
  const { stile, seen } = setup({ 'POST /v1/tokens': () => refuse('invalid_token') })
  await expect(stile.request('POST', '/v1/tokens', {})).rejects.toMatchObject({ code: 'invalid_token', problem: { status: 401 } })
  expect(seen('POST /v1/tokens')).toHaveLength(2)
})

test('a session token is used until shortly before its end', async () => {
  let now = NOW
  const { stile, why } = setup({}, { now: () => now })
  await stile.request('POST', '/v1/tokens', {})
  now = NOW + 250
  await stile.request('POST', '/v1/tokens', {})
  expect(why).toEqual(['start'])
  now = NOW + 290
  await stile.request('POST', '/v1/tokens', {})
  expect(why).toEqual(['start', 'expired'])
})

test('a browser whose clock is hours wrong still makes proofs of the right time', async () => {
  for (const wrong of [-7200, 7200]) {
    const { stile, seen } = setup({}, { now: () => NOW + wrong })
    await stile.request('POST', '/v1/tokens', {})
    const { iat } = proofOf(seen('POST /v1/tokens')[0] as Arrived) as { iat: number }
    expect(iat).toBeGreaterThanOrEqual(NOW)
    expect(iat).toBeLessThan(NOW + 300)
  }
})

test('an application that gives no session token is told apart from a service that is down', async () => {
  const { stile } = setup({}, { session: () => Promise.reject(new Error('not signed in')) })
  await expect(stile.request('POST', '/v1/tokens', {})).rejects.toMatchObject({ code: 'session_unavailable' })
  const { stile: other, answers } = setup()
  delete answers['POST /v1/tokens']
  await expect(other.request('POST', '/v1/tokens', {})).rejects.toMatchObject({ code: 'service_unavailable' })
})

test('an answer that is not of the service is an error with a code, whatever its body', async () => {
  for (const body of ['', '<h1>502</h1>', 'null', '{"type":7}', '{"type":"urn:other:x"}']) {
    const { stile } = setup({ 'POST /v1/tokens': () => new Response(body, { status: 502 }) })
    await expect(stile.request('POST', '/v1/tokens', {})).rejects.toMatchObject({ code: 'service_unavailable' })
  }
})

test('threat: someone reads an error in a log; there is no token in it', async () => {
  const { stile } = setup({ 'POST /v1/tokens': () => refuse('denied') }, { session: async () => 'secret-session-token' })
  const error = (await stile.request('POST', '/v1/tokens', {}).catch((each) => each)) as Error
  expect(`${error}${error.stack}${JSON.stringify(error)}`).not.toContain('secret-session-token')
})

describe('the nonce of the first proof', () => {
  const gives = () => new Response(null, { status: 204, headers: { 'dpop-nonce': 'first' } })

  test('is asked for once, so that no call of the page is refused for it', async () => {
    const { stile, seen } = setup({ 'GET /v1/nonce': gives })
    await Promise.all([stile.token(), stile.request('POST', '/v1/tokens', {})])
    expect(seen('GET /v1/nonce')).toHaveLength(1)
    expect(proofOf(seen('POST /v1/tokens')[0] as Arrived).nonce).toBe('first')
    await stile.request('POST', '/v1/tokens', {})
    expect(seen('GET /v1/nonce')).toHaveLength(1)
  })

  test('is asked for without credentials', async () => {
    const { stile, seen } = setup({ 'GET /v1/nonce': gives })
    await stile.token()
    expect([...(seen('GET /v1/nonce')[0] as Arrived).headers.keys()]).not.toContain('authorization')
  })

  test.each<[service: string, answer: Answer]>([
    ['is too old to give one', () => refuse('not_found')],
    ['cannot be reached', () => Promise.reject(new TypeError('Failed to fetch'))],
  ])('is done without if the service %s', async (_, answer) => {
    const { stile } = setup({ 'GET /v1/nonce': answer })
    expect((await stile.token()).token).toBe('session-level')
  })
})

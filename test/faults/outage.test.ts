import { setTimeout } from 'node:timers/promises'
import type { Store } from '@stile/server'
import express from 'express'
import { afterEach, expect, test } from 'vitest'
import { enrollTotp, stepUpWithTotp, tokenOf } from '../support/ceremonies.ts'
import { mounted } from '../support/mounted.ts'
import type { Answer } from '../support/node-client.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { codeAt } from '../support/totp.ts'
import { until } from '../support/until.ts'

/** How long the guard lets the feed be silent; the clock is moved past it, so the test does not wait. */
const STALE = 15

let stack: Stack | undefined
afterEach(async () => {
  await stack?.close()
  stack = undefined
})

/** Lets the guard take in what the feed had still sent, which would count as heard now, and then lets that grow old. */
async function goStale(clock: Stack['clock']): Promise<void> {
  await setTimeout(50)
  clock.advance(STALE + 1)
}

function expectUnavailable(answer: Answer): void {
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 503, code: 'service_unavailable' })
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
}

test('with the service stopped the basic feature goes on, stronger ones are refused, and all recovers by itself', async () => {
  stack = await startStack({ staleSeconds: STALE })
  const { api, clock } = stack
  await stack.license('acme', { tier: 'pro', state: 'active' })
  const alice = await stack.person({ sub: 'alice', account: 'acme' })
  const secret = await enrollTotp(alice, clock.now())
  const token = await tokenOf(alice)
  expect((await alice.api('GET', '/reports')).status).toBe(200)
  expect((await alice.api('GET', '/export', { token })).status).toBe(200)

  await stack.stopService()
  await goStale(clock)
  api.served.length = 0
  // the token is genuine and not expired, but the guard no longer hears whether it was revoked
  expectUnavailable(await alice.api('GET', '/export', { token }))
  expectUnavailable(await alice.api('GET', '/export'))
  expect((await alice.api('GET', '/reports')).status).toBe(200)
  const stranger = await stack.person({ sub: 'stranger', account: 'never-seen' })
  expectUnavailable(await stranger.api('GET', '/reports'))
  clock.advance(23 * 3600)
  expect((await alice.api('GET', '/reports')).status).toBe(200)
  clock.advance(3600)
  expectUnavailable(await alice.api('GET', '/reports'))
  expect(api.served).toEqual(['the months', 'the months'])

  await stack.startService()
  await stepUpWithTotp(alice, 'reports.export', codeAt(secret, clock.now()))
  // tokens from before the guard could hear again are refused, and a client gets a new one without a prompt
  const renewed = async () => alice.api('GET', '/export', { token: await tokenOf(alice) })
  await until(async () => (await renewed()).status === 200, 'the guard to recover')
  expect((await alice.api('GET', '/reports')).status).toBe(200)
})

test('a license that was taken away while the guard could not hear is honoured as soon as it can', async () => {
  stack = await startStack({ staleSeconds: STALE })
  await stack.license('acme', { tier: 'pro', state: 'active' })
  const alice = await stack.person({ sub: 'alice', account: 'acme' })
  await enrollTotp(alice, stack.clock.now())
  const token = await tokenOf(alice)
  expect((await alice.api('GET', '/export', { token })).status).toBe(200)

  await stack.stopService()
  // a new guard learns of nothing that was; the old one resumes where it was
  await stack.startService()
  await stack.license('acme', { tier: 'basic', state: 'active' })
  await until(async () => (await alice.api('GET', '/export', { token })).status === 403, 'the license to arrive')
})

test('a guard that starts while the service is down lets no request in, and recovers by itself', async () => {
  stack = await startStack({ started: false, staleSeconds: STALE })
  const { api, clock } = stack
  const alice = await stack.person({ sub: 'alice', account: 'acme' })
  const made = `${Buffer.from('{"alg":"ES256","typ":"at+jwt","kid":"k"}').toString('base64url')}.e30.AAAA`
  for (const answer of await Promise.all([
    alice.api('GET', '/reports'),
    alice.api('GET', '/export'),
    alice.api('GET', '/export', { token: made }),
    alice.api('POST', '/payouts'),
  ]))
    expectUnavailable(answer)
  expect((await fetch(`${stack.urls.api}/reports`)).status, 'a stranger is a stranger all the same').toBe(401)
  expect(api.served).toEqual([])

  await stack.startService()
  // the guard leaves a service that does not answer alone for some seconds
  clock.advance(6)
  await stack.license('acme', { tier: 'pro', state: 'active' })
  await until(async () => (await alice.api('GET', '/reports')).status === 200, 'the license')
  await until(async () => (await alice.api('GET', '/export')).status === 401, 'the feed')
  await enrollTotp(alice, clock.now())
  const token = await tokenOf(alice)
  await until(async () => (await alice.api('GET', '/export', { token })).status === 200, 'the guard to recover')
})

test('a store that fails permits nothing: service and guard say 503, and no proof, token or license is made', async () => {
  let store: Store | undefined
  const run = mounted({
    arrange: (router) => express().use(router),
    onStore: (opened) => {
      store = opened
    },
  })
  stack = await startStack({ run, staleSeconds: STALE })
  const { clock, api, lines } = stack
  await stack.license('acme', { tier: 'pro', state: 'active' })
  const alice = await stack.person({ sub: 'alice', account: 'acme' })
  const secret = await enrollTotp(alice, clock.now())
  const token = await tokenOf(alice)
  const { id } = (await alice.service('POST', '/v1/step-ups', { feature: 'stile:authenticators' })).body
  expect((await alice.api('GET', '/export', { token })).status).toBe(200)

  await store?.close()
  api.served.length = 0
  clock.advance(30)
  const attempt = { method: 'totp', response: { code: codeAt(secret, clock.now()) } }
  for (const answer of [
    await alice.service('GET', '/v1/state'),
    await alice.service('POST', '/v1/tokens', {}),
    await alice.service('POST', '/v1/step-ups', { feature: 'reports.export' }),
    await alice.service('POST', `/v1/step-ups/${id}/attempts`, attempt),
    await alice.service('POST', '/v1/authenticators/registrations', { method: 'totp' }),
    await alice.service('GET', '/v1/authenticators'),
    await alice.service('DELETE', '/v1/session'),
    await stack.license('acme', { tier: 'enterprise', state: 'active' }),
  ])
    expectUnavailable(answer)
  expect((await fetch(`${stack.urls.service}/readyz`)).status).toBe(503)
  expect((await fetch(`${stack.urls.service}/healthz`)).status, 'the process itself lives').toBe(200)
  await goStale(clock)
  expectUnavailable(await alice.api('GET', '/export', { token }))
  expect((await alice.api('GET', '/reports')).status).toBe(200)
  expect(api.served).toEqual(['the months'])
  expect(
    lines.some((line) => line.includes('"fault"')),
    'the operator is told why',
  ).toBe(true)
})

import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { createGuard, type Guard } from './guard.ts'
import type { Identity } from './requests/identity.ts'
import type { GuardRequest } from './requests/request.ts'
import {
  ada,
  brief,
  type Feature,
  get,
  license,
  login,
  makeKeys,
  mfa,
  ORIGIN,
  openWire,
  optionsFor,
  phr,
  prove,
  type Wire,
  withToken,
} from './wire.test-support.ts'

let wire: Wire
let guard: Guard<Feature>

beforeEach(async () => {
  wire = await openWire()
  wire.licenses.set('acme', license('enterprise', 1))
  guard = createGuard(optionsFor(wire))
  await guard.ready()
})

afterEach(async () => {
  await guard.close()
  await wire.close()
})

const ask = async (request: GuardRequest, feature: Feature = 'reports.export', identity: Identity | null = ada): Promise<string> =>
  brief(await guard.authorize(request, feature, identity))

test('a feature that needs no more than the session is permitted without a token', async () => {
  expect(await ask(get('/reports'), 'reports.view')).toBe('ok permit')
})

test('a good token and its proof are permitted, and the claims are handed on', async () => {
  const result = await guard.authorize(await withToken(wire.clock, await wire.token([mfa])), 'reports.export', ada)
  expect(result).toMatchObject({ ok: true, decision: { outcome: 'permit', until: wire.clock.now + 900 }, claims: { sub: 'demo|ada' } })
})

test('the token may come in Stile-Assurance where Authorization is the application’s own', async () => {
  const token = await wire.token([mfa])
  const headers = {
    Authorization: 'Bearer own',
    'Stile-Assurance': token,
    'Stile-Proof': await prove(wire.clock, token, `${ORIGIN}/export`),
  }
  expect(await ask(get('/export', headers))).toBe('ok permit')
})

test('a missing token is answered with the challenge of RFC 9470', async () => {
  const result = await guard.authorize(get('/pay'), 'payouts.approve', ada)
  expect(result).toMatchObject({
    ok: false,
    status: 401,
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
    problem: { code: 'insufficient_user_authentication', feature: 'payouts.approve', requirement: { level: 'phr', maxAgeSeconds: 120 } },
  })
  const header = result.ok ? '' : result.headers['WWW-Authenticate']
  expect(header).toMatch(
    /^DPoP error="insufficient_user_authentication", error_description="[^"]+", acr_values="phr phrh", max_age="120", algs="ES256"$/,
  )
})

test('nobody signed in gets a bare 401 that names no feature, level or reason', async () => {
  const result = await guard.authorize(get('/pay'), 'payouts.approve', null)
  expect(result).toMatchObject({
    ok: false,
    status: 401,
    headers: { 'WWW-Authenticate': 'DPoP algs="ES256"' },
    problem: { code: 'unauthenticated' },
  })
  expect(JSON.stringify(result)).not.toMatch(/payouts|phr|requirement|reasons/)
})

test('a weak proof, and one that is too old, are challenged', async () => {
  expect(await ask(await withToken(wire.clock, await wire.token([login])))).toBe('401 insufficient_user_authentication')
  const old = await wire.token([{ ...mfa, auth_time: wire.clock.now - 901 }])
  expect(await ask(await withToken(wire.clock, old))).toBe('401 insufficient_user_authentication')
})

test('threat: a thief enrols a passkey of their own, and the API lets it through where a rule demands more of new ones', async () => {
  const { now } = wire.clock
  const at = async (settles_at: number, feature: Feature) =>
    ask(await withToken(wire.clock, await wire.token([{ ...phr, settles_at }]), '/pay'), feature)
  expect(await at(now + 1, 'payouts.ruled')).toBe('401 insufficient_user_authentication')
  expect(await at(now, 'payouts.ruled')).toBe('ok permit')
  expect(await at(now + 1, 'payouts.approve')).toBe('ok permit')
})

test('a license that lacks the feature is 403 and names the tiers, with or without a token', async () => {
  wire.licenses.set('small', license('basic', 1))
  const small = { ...ada, account: 'small' }
  const result = await guard.authorize(get('/pay'), 'payouts.approve', small)
  expect(result).toMatchObject({ ok: false, status: 403, problem: { code: 'license_required', next: { tiers: ['enterprise'] } } })
  const token = await wire.token([phr], { claims: { account: 'small' } })
  expect(await ask(await withToken(wire.clock, token, '/pay'), 'payouts.approve', small)).toBe('403 license_required')
})

test('a feature that must be bound to an operation is denied plainly and never challenged', async () => {
  const result = await guard.authorize(get('/pay'), 'payouts.bound', ada)
  expect(result).toMatchObject({ ok: false, status: 403, problem: { code: 'denied', reasons: [{ code: 'operation_unbound' }] } })
})

test('a feature that the policy does not have is denied', async () => {
  const result = await guard.authorize(get('/x'), 'reports.exprot' as Feature, ada)
  expect(result).toMatchObject({ ok: false, status: 403, problem: { code: 'denied', reasons: [{ code: 'unknown_feature' }] } })
})

test('threat: a policy on trial opens a route. It is enforced unless the guard itself allows trials', async () => {
  expect(await ask(get('/try'), 'reports.try')).toBe('401 insufficient_user_authentication')
  const lenient = createGuard(optionsFor(wire, { observe: true }))
  await lenient.ready()
  const result = await lenient.authorize(get('/try'), 'reports.try', ada)
  expect(result).toMatchObject({ ok: true, decision: { outcome: 'step_up', enforced: false } })
  expect(brief(await lenient.authorize(get('/x'), 'reports.export', ada))).toBe('401 insufficient_user_authentication')
  expect(brief(await lenient.authorize(get('/try'), 'reports.try', null))).toBe('401 unauthenticated')
  await lenient.close()
})

test('threat: another member’s token. A token of another subject, account, session or issuer is refused', async () => {
  const of = async (claims: Record<string, unknown>, identity: Identity = ada): Promise<string> =>
    ask(await withToken(wire.clock, await wire.token([mfa], { claims })), 'reports.export', identity)
  expect(await of({})).toBe('ok permit')
  expect(await of({ sub: 'demo|eve' })).toBe('401 invalid_token')
  expect(await of({ sub: 'other|ada' })).toBe('401 invalid_token')
  expect(await of({ account: 'evil', lic: { id: 'l', epoch: 1, tier: 'enterprise', features: [], state: 'active' } })).toBe(
    '401 invalid_token',
  )
  expect(await of({ sid: 'sid-2' }, { ...ada, sid: 'sid-1' })).toBe('401 invalid_token')
  expect(await of({ sid: 'sid-2' })).toBe('ok permit')
})

test('threat: a token for another API, of another issuer, expired, or not yet valid', async () => {
  const of = async (claims: Record<string, unknown>): Promise<string> =>
    ask(await withToken(wire.clock, await wire.token([mfa], { claims })))
  const { now } = wire.clock
  expect(await of({ aud: 'https://other.example.com' })).toBe('401 invalid_token')
  expect(await of({ aud: ['https://api.example.com', 'https://other.example.com'] })).toBe('401 invalid_token')
  expect(await of({ iss: 'https://evil.example.com' })).toBe('401 invalid_token')
  expect(await of({ iat: now - 310, nbf: now - 310, exp: now - 10 })).toBe('401 invalid_token')
  expect(await of({ nbf: now + 60 })).toBe('401 invalid_token')
  expect(await of({ exp: now + 3600 })).toBe('401 invalid_token')
})

test('threat: a token seen before is trusted for ever. Its times and its identity are checked each time', async () => {
  const token = await wire.token([mfa])
  expect(await ask(await withToken(wire.clock, token))).toBe('ok permit')
  expect(await ask(await withToken(wire.clock, token), 'reports.export', { ...ada, sub: 'eve' })).toBe('401 invalid_token')
  wire.clock.now += 306
  await wire.checkpoint()
  await guardHears()
  expect(await ask(await withToken(wire.clock, token))).toBe('401 invalid_token')
})

test('threat: a token that was stolen without its key', async () => {
  const thief = await makeKeys()
  const token = await wire.token([mfa])
  expect(await ask(get('/export', { Authorization: `DPoP ${token}` }))).toBe('401 invalid_dpop_proof')
  const proof = await prove(wire.clock, token, `${ORIGIN}/export`, { keys: thief })
  expect(await ask(get('/export', { Authorization: `DPoP ${token}`, DPoP: proof }))).toBe('401 invalid_dpop_proof')
})

test('threat: a bound token is downgraded to Bearer', async () => {
  const token = await wire.token([mfa])
  const proof = await prove(wire.clock, token, `${ORIGIN}/export`)
  expect(await ask(get('/export', { Authorization: `Bearer ${token}` }))).toBe('401 invalid_token')
  expect(await ask(get('/export', { Authorization: `Bearer ${token}`, DPoP: proof }))).toBe('401 invalid_token')
  const unbound = await wire.token([mfa], { claims: { cnf: undefined } })
  expect(await ask(await withToken(wire.clock, unbound))).toBe('401 invalid_token')
})

test('the application’s own bearer token is none of ours, even one of the same type, and is answered with a challenge', async () => {
  const own = await wire.token([mfa], { keys: await makeKeys('idp-1'), claims: { iss: 'https://idp.example.com' } })
  for (const token of [own, 'opaque', 'a.b.c']) {
    expect(await ask(get('/export', { Authorization: `Bearer ${token}` }))).toBe('401 insufficient_user_authentication')
  }
  for (const value of ['DPoP', 'DPoP ', 'DPoP  a b']) expect(await ask(get('/export', { Authorization: value }))).toBe('401 invalid_token')
})

test('threat: two Authorization or DPoP headers, of which two readers take different ones', async () => {
  const token = await wire.token([mfa])
  const proof = await prove(wire.clock, token, `${ORIGIN}/export`)
  expect(await ask(get('/export', { Authorization: [`DPoP ${token}`, 'Bearer x'], DPoP: proof }))).toBe('401 invalid_token')
  expect(await ask(get('/export', { Authorization: `DPoP ${token}`, DPoP: [proof, proof] }))).toBe('401 invalid_dpop_proof')
  expect(await ask(get('/export', { Authorization: `DPoP ${token}`, DPoP: `${proof}, ${proof}` }))).toBe('401 invalid_dpop_proof')
})

test('threat: a recorded request is sent again. Of two parallel ones exactly one passes', async () => {
  const token = await wire.token([mfa])
  const headers = { Authorization: `DPoP ${token}`, DPoP: await prove(wire.clock, token, `${ORIGIN}/export`) }
  const results = await Promise.all([ask(get('/export', headers)), ask(get('/export', headers))])
  expect(results.sort()).toEqual(['401 invalid_dpop_proof', 'ok permit'])
  expect(await ask(get('/export', headers))).toBe('401 invalid_dpop_proof')
})

test('one proof does for several features of the same request', async () => {
  const request = await withToken(wire.clock, await wire.token([phr]), '/export')
  expect(await ask(request, 'reports.export')).toBe('ok permit')
  expect(await ask(request, 'payouts.approve')).toBe('ok permit')
})

test('a token that was given for one operation of another feature is refused, so that a new one is fetched', async () => {
  const details = [{ type: 'stile_operation', feature: 'payouts.approve', digest: 'd'.repeat(43), salt: 's' }]
  const token = await wire.token([phr], { claims: { authorization_details: details } })
  expect(await ask(await withToken(wire.clock, token))).toBe('401 invalid_token')
  expect(await ask(await withToken(wire.clock, token), 'payouts.approve')).toBe('ok permit')
})

test('somebody acting for the customer is refused where the feature says so', async () => {
  expect(await ask(get('/notes'), 'notes.own')).toBe('ok permit')
  expect(await ask(get('/notes'), 'notes.own', { ...ada, actor: 'staff' })).toBe('403 denied')
})

test('critical risk in a token denies', async () => {
  const token = await wire.token([phr], { claims: { risk: 'critical' } })
  expect(await ask(await withToken(wire.clock, token))).toBe('403 denied')
})

test('threat: an identity that would be somebody else’s is refused and asked for nothing', async () => {
  const identities = [
    { account: '..' },
    { account: '' },
    { issuer: 'demo|ada' },
    { issuer: 'https://demo' },
    { sub: '' },
    { sub: 7 },
    { account: ['acme'] },
    { account: '.' },
    { account: 'x\u0007' },
    { account: 'x\u0085' },
    { account: '\ud800' },
    { sub: '..' },
    { sub: 'a\n' },
    { sid: '' },
    { sid: '..' },
    { actor: 'a\u0000' },
  ]
  for (const change of identities) expect(await ask(get('/r'), 'reports.view', { ...ada, ...change } as Identity)).toBe('500 internal')
  expect([...wire.hits.keys()].filter((path) => path.startsWith('/v1/licenses'))).toEqual([])
  // and nobody else pays for it
  expect(await ask(get('/r'), 'reports.view')).toBe('ok permit')
})

test('threat: an exception opens a feature. It is a refusal that tells nothing', async () => {
  const hostile: GuardRequest = {
    method: 'GET',
    url: '/export',
    header: () => {
      throw new Error('secret detail')
    },
  }
  const result = await guard.authorize(hostile, 'reports.export', ada)
  expect(brief(result)).toBe('500 internal')
  expect(JSON.stringify(result)).not.toContain('secret detail')
})

test('no refusal repeats the token or the proof', async () => {
  const token = await wire.token([mfa], { claims: { aud: 'other' } })
  const result = await guard.authorize(await withToken(wire.clock, token), 'reports.export', ada)
  expect(brief(result)).toBe('401 invalid_token')
  for (const part of token.split('.')) expect(JSON.stringify(result)).not.toContain(part)
})

test('a closed guard refuses everything', async () => {
  await guard.close()
  expect(await ask(get('/reports'), 'reports.view')).toBe('503 service_unavailable')
})

/** The guard has read the last checkpoint once a feature beyond the session is challenged and not 503. */
async function guardHears(): Promise<void> {
  for (let tries = 0; tries < inject('limits').wait / 5; tries++) {
    if ((await ask(get('/export'))) === '401 insufficient_user_authentication') return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

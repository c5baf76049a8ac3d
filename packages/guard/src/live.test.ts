import { afterEach, beforeEach, expect, test } from 'vitest'
import { createGuard, type Guard } from './guard.ts'
import type { GuardOptions } from './options/options.ts'
import {
  ada,
  brief,
  type Feature,
  get,
  license,
  makeKeys,
  mfa,
  openWire,
  optionsFor,
  policy,
  until,
  type Wire,
  withToken,
} from './wire.test-support.ts'

let wire: Wire
let guard: Guard<Feature>
const logged: string[] = []

beforeEach(async () => {
  logged.length = 0
  wire = await openWire()
  wire.licenses.set('acme', license('enterprise', 1))
})

afterEach(async () => {
  await guard.close()
  await wire.close()
})

async function start(more: Partial<GuardOptions<Feature>> = {}): Promise<void> {
  guard = createGuard(optionsFor(wire, { log: (_level, line) => logged.push(line), ...more }))
  await guard.ready()
}

const view = async (): Promise<string> => brief(await guard.authorize(get('/reports'), 'reports.view', ada))
const bare = async (): Promise<string> => brief(await guard.authorize(get('/export'), 'reports.export', ada))
const using = async (token: string): Promise<string> =>
  brief(await guard.authorize(await withToken(wire.clock, token), 'reports.export', ada))
const licenseHits = (): number => wire.hits.get('/v1/licenses/acme') ?? 0

test('many requests of one subject ask for the license once', async () => {
  await start()
  expect(await Promise.all([view(), view(), view()])).toEqual(['ok permit', 'ok permit', 'ok permit'])
  await view()
  expect(licenseHits()).toBe(1)
})

test('threat: a suspended account goes on with what it holds. Snapshot and tokens end at once', async () => {
  await start()
  const token = await wire.token([mfa])
  expect(await using(token)).toBe('ok permit')
  wire.setLicense('acme', license('enterprise', 2, { state: 'suspended' }))
  await until(async () => (await view()).startsWith('403'), 'the suspension')
  expect(await view()).toMatch(/^403/)
  expect(await using(token)).toMatch(/^403/)
  expect(licenseHits()).toBe(1)
})

test('threat: a token of an older license. It is invalid, and one of the new license is good', async () => {
  await start()
  const old = await wire.token([mfa])
  await view()
  wire.setLicense('acme', license('pro', 2))
  await until(async () => (await using(old)) === '401 invalid_token', 'the new epoch')
  expect(await using(await wire.token([mfa]))).toBe('ok permit')
})

test('a token that knows a newer license than the feed told makes the guard ask', async () => {
  wire.licenses.set('acme', license('basic', 1))
  await start()
  expect(await bare()).toBe('403 license_required')
  wire.licenses.set('acme', license('pro', 2))
  expect(await using(await wire.token([mfa]))).toBe('ok permit')
  expect(licenseHits()).toBe(2)
})

test('threat: an answer that was on its way while the feed told of a suspension overwrites it', async () => {
  wire.licenses.set('other', license('basic', 1))
  await start()
  const other = async (): Promise<string> => brief(await guard.authorize(get('/export'), 'reports.export', { ...ada, account: 'other' }))
  expect(await other()).toBe('403 license_required')
  const release = wire.hold()
  const result = view()
  await until(() => licenseHits() === 1, 'the request for the license')
  wire.setLicense('acme', license('enterprise', 2, { state: 'suspended' }))
  // the feed keeps its order: once this one has arrived, the one before has too
  wire.setLicense('other', license('pro', 2))
  await until(async () => (await other()) === '401 insufficient_user_authentication', 'the feed')
  release()
  expect(await result).toMatch(/^403/)
  expect(licenseHits()).toBe(2)
})

test('threat: a token that was revoked. By session, subject or account, and only what was issued until then', async () => {
  await start()
  const token = await wire.token([mfa])
  const { now } = wire.clock
  wire.tell({ type: 'revoked', sid: 'sid-other', before: now })
  wire.tell({ type: 'revoked', sid: 'sid-1', subject: 'demo|eve', before: now })
  wire.tell({ type: 'revoked', account: 'acme', before: now - 1 })
  expect(await using(token)).toBe('ok permit')
  wire.tell({ type: 'revoked', sid: 'sid-1', subject: 'demo|ada', before: now })
  await until(async () => (await using(token)) === '401 invalid_token', 'the revocation')
  const newer = { iat: now + 1, exp: now + 200 }
  expect(await using(await wire.token([mfa], { claims: newer }))).toBe('ok permit')
})

test('threat: the end of one session makes the guard ask for everybody’s license again', async () => {
  await start()
  const token = await wire.token([mfa])
  expect(await using(token)).toBe('ok permit')
  wire.tell({ type: 'revoked', sid: 'sid-other', before: wire.clock.now })
  wire.tell({ type: 'revoked', sid: 'sid-1', before: wire.clock.now })
  await until(async () => (await using(token)) === '401 invalid_token', 'the revocation')
  expect(licenseHits()).toBe(1)
})

test('threat: a token that was revoked before the guard was there. What was issued before it listened is refused', async () => {
  const early = await wire.token([mfa], { claims: { iat: wire.clock.now - 1 } })
  await start()
  expect(await using(early)).toBe('401 invalid_token')
  expect(await using(await wire.token([mfa]))).toBe('ok permit')
})

test('an outage leaves alone what needs no more than the session, and answers 503 with Retry-After for the rest', async () => {
  await start()
  const token = await wire.token([mfa])
  expect([await view(), await using(token)]).toEqual(['ok permit', 'ok permit'])
  wire.down()
  wire.clock.now += 20
  expect([await view(), await using(token)]).toEqual(['ok permit', 'ok permit'])
  wire.clock.now += 11
  expect([await view(), await using(token)]).toEqual(['ok permit', '503 service_unavailable'])
  const result = await guard.authorize(get('/export'), 'reports.export', ada)
  expect(result).toMatchObject({ status: 503, headers: { 'Retry-After': '5', 'Cache-Control': 'no-store' }, problem: { retryAfter: 5 } })
  wire.up()
  await until(async () => (await bare()) === '401 insufficient_user_authentication', 'recovery')
  expect(await using(await wire.token([mfa]))).toBe('ok permit')
})

test('licenses stay good for the outage time and not a second longer, never past their change', async () => {
  wire.licenses.set('acme', license('enterprise', 1))
  wire.licenses.set('trial', license('enterprise', 1, { changesAt: wire.clock.now + 100 }))
  await start({ outage: '1h' })
  const trial = async (): Promise<string> => brief(await guard.authorize(get('/r'), 'reports.view', { ...ada, account: 'trial' }))
  expect([await view(), await trial()]).toEqual(['ok permit', 'ok permit'])
  wire.down()
  wire.clock.now += 100
  expect([await view(), await trial()]).toEqual(['ok permit', '503 service_unavailable'])
  wire.clock.now += 3500
  expect(await view()).toBe('ok permit')
  wire.clock.now += 1
  expect(await view()).toBe('503 service_unavailable')
})

test('an account that is not known during an outage is 503, and the service is left alone for a while', async () => {
  await start()
  wire.down()
  expect(await view()).toBe('503 service_unavailable')
  const before = licenseHits()
  expect(await view()).toBe('503 service_unavailable')
  expect(licenseHits()).toBe(before)
})

test('threat: a feed that went on in another log. Everything that was known is forgotten', async () => {
  await start()
  await view()
  const token = await wire.token([mfa])
  wire.down()
  wire.opening.generation = 'g2'
  wire.licenses.set('acme', license('basic', 1))
  wire.clock.now += 2
  wire.up()
  await until(async () => (await bare()) === '403 license_required', 'the new log')
  wire.licenses.set('acme', license('enterprise', 1))
  expect(await using(token)).toMatch(/^(401|403)/)
})

test('a feed that broke off resumes where it was, so that nothing is missed', async () => {
  await start()
  await view()
  wire.setLicense('acme', license('enterprise', 2))
  await until(() => wire.feeds() === 1, 'the feed')
  wire.down()
  wire.setLicense('acme', license('basic', 3))
  wire.up()
  await until(async () => (await bare()) === '403 license_required', 'what was missed')
  expect(licenseHits()).toBe(1)
})

test('threat: a guard that is behind counts as fresh, and misses a revocation for longer', async () => {
  await start()
  wire.clock.now += 31
  // this one says that there is more than what was sent
  await wire.checkpoint({ claims: { seq: 99 } })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(await bare()).toBe('503 service_unavailable')
  await wire.checkpoint()
  await until(async () => (await bare()) === '401 insufficient_user_authentication', 'a checkpoint of all that was sent')
})

test('threat: a forged feed. Nothing is believed before a checkpoint that the service signed', async () => {
  await start()
  wire.down()
  wire.clock.now += 31
  wire.opening.first = `event: license\ndata: ${JSON.stringify({ type: 'license', cursor: 99, account: 'acme', license: license('enterprise', 9) })}\n\n`
  wire.up()
  await until(() => logged.filter((line) => line.includes('broke off')).length > 1, 'the refusal')
  expect(await bare()).toBe('503 service_unavailable')
  delete wire.opening.first
  await until(async () => (await bare()) === '401 insufficient_user_authentication', 'recovery')
})

test('threat: a checkpoint that is forged, or played back to hide a revocation', async () => {
  const thief = await makeKeys('service-1')
  await start()
  const forged = [
    { keys: thief },
    { header: { typ: 'at+jwt' } },
    { claims: { iss: 'https://evil.example.com' } },
    { claims: { iat: wire.clock.now - 61 } },
    { claims: { generation: 7 } },
  ]
  for (const [index, change] of forged.entries()) {
    // the next connection, and not the one before that has not ended yet
    await until(() => wire.feeds() === 1 && (wire.hits.get('/v1/feed') ?? 0) > index, 'the feed')
    await wire.checkpoint(change)
    await until(() => logged.filter((line) => line.includes('broke off')).length === index + 1, 'the refusal')
  }
})

test('an event of a known kind that cannot be understood makes the guard forget what it knew', async () => {
  await start()
  const token = await wire.token([mfa])
  expect(await using(token)).toBe('ok permit')
  wire.tell({ type: 'something-later', account: 'acme' })
  wire.tell({ type: 'revoked', sid: 7 })
  await until(async () => (await using(token)) === '401 invalid_token', 'the worst to be assumed')
  expect(await view()).toBe('ok permit')
  expect(licenseHits()).toBe(2)
})

test('threat: a service whose clock is ahead. What it issued before an event that cannot be understood is refused too', async () => {
  for (const broken of [
    { type: 'revoked', sid: 7 },
    { type: 'license', account: 'acme', license: { ...license('enterprise', 2), tier: '' } },
  ]) {
    await start()
    const iat = wire.clock.now + 29
    const token = await wire.token([mfa], { claims: { iat, nbf: iat, exp: iat + 300 } })
    expect(await using(token)).toBe('ok permit')
    wire.tell(broken)
    await until(async () => (await using(token)) === '401 invalid_token', 'the worst to be assumed')
    await guard.close()
  }
})

test('threat: one license that cannot be understood ends what everybody holds. Only its account is asked for again', async () => {
  wire.licenses.set('other', license('enterprise', 1))
  const other = { ...ada, account: 'other' }
  await start()
  const token = await wire.token([mfa])
  const others = await wire.token([mfa], { claims: { account: 'other' } })
  const ofOther = async (): Promise<string> => brief(await guard.authorize(await withToken(wire.clock, others), 'reports.export', other))
  const otherViews = async (): Promise<string> => brief(await guard.authorize(get('/reports'), 'reports.view', other))
  expect([await using(token), await ofOther()]).toEqual(['ok permit', 'ok permit'])
  wire.licenses.set('other', { ...license('enterprise', 2), tier: '' })
  wire.tell({ type: 'license', account: 'other', license: wire.licenses.get('other') })
  await until(async () => (await otherViews()) === '503 service_unavailable', 'the account to be forgotten')
  expect(await ofOther()).toBe('503 service_unavailable')
  expect([await view(), await using(token)]).toEqual(['ok permit', 'ok permit'])
  expect(licenseHits()).toBe(1)
  wire.setLicense('other', license('enterprise', 3))
  await until(async () => (await otherViews()) === 'ok permit', 'a license that can be read')
  expect(await ofOther()).toBe('401 invalid_token')
})

test('a license event that does not say of whom, or from when, makes the guard forget what it knew', async () => {
  for (const broken of [{ account: 7 }, { account: 'acme', cursor: 'x' }, { account: 'acme', type: 'license', license: 7, cursor: -1 }]) {
    await start()
    const token = await wire.token([mfa])
    expect(await using(token)).toBe('ok permit')
    wire.tell({ type: 'license', license: null, ...broken })
    await until(async () => (await using(token)) === '401 invalid_token', 'the worst to be assumed')
    await guard.close()
  }
})

test('keys are fetched again for an unknown kid, but a flood of them reaches the service once', async () => {
  await start()
  const fetches = (): number => wire.hits.get('/.well-known/jwks.json') ?? 0
  const next = await makeKeys('service-2')
  wire.publish(wire.keys, next)
  wire.clock.now += 30
  await wire.checkpoint()
  await until(async () => (await bare()) === '401 insufficient_user_authentication', 'the checkpoint')
  expect(await using(await wire.token([mfa], { keys: next }))).toBe('ok permit')
  const before = fetches()
  const tokens = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => wire.token([mfa], { header: { kid: `made-up-${index}` } })),
  )
  for (const token of tokens) expect(await using(token)).toBe('401 invalid_token')
  expect(fetches()).toBe(before)
})

test('a policy that differs from the published one is warned of, once', async () => {
  await start()
  wire.tell({ type: 'policy', revision: 2, digest: policy.digest })
  wire.tell({ type: 'policy', revision: 3, digest: 'another' })
  wire.tell({ type: 'policy', revision: 3, digest: 'another' })
  await until(() => logged.some((line) => line.includes('another policy')), 'the warning')
  expect(logged.filter((line) => line.includes('another policy'))).toHaveLength(1)
})

test('a request that comes before the feed is open waits for it instead of failing', async () => {
  guard = createGuard(optionsFor(wire))
  expect(await bare()).toBe('401 insufficient_user_authentication')
})

test('a key that the service refuses is no passing outage: API, log and `ready` say so', async () => {
  guard = createGuard(optionsFor(wire, { service: { url: wire.url, key: 'wrong' }, log: (_level, line) => logged.push(line) }))
  for (const answer of [view, bare, view]) expect(await answer()).toBe('500 internal')
  const result = await guard.authorize(get('/reports'), 'reports.view', ada)
  expect(result).toMatchObject({ ok: false, problem: { detail: expect.stringContaining('service.key') } })
  expect(result.ok || result.headers).not.toHaveProperty('Retry-After')
  expect(logged.filter((line) => line.includes('refuses service.key'))).toHaveLength(1)
  await expect(guard.ready()).rejects.toMatchObject({
    code: 'service_unavailable',
    message: expect.stringContaining('refuses service.key'),
  })
})

test('a refused key keeps nothing from running that is only on trial', async () => {
  guard = createGuard(optionsFor(wire, { observe: true, service: { url: wire.url, key: 'wrong' } }))
  expect(await view()).toBe('500 internal')
  expect(brief(await guard.authorize(get('/try'), 'reports.try', ada))).toBe('ok deny')
})

test('an outage is one as ever, also after the key was taken', async () => {
  await start()
  expect(await view()).toBe('ok permit')
  wire.down()
  wire.clock.now += 86_401
  await until(async () => (await view()) === '503 service_unavailable', 'the outage')
})

import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createGuard, type Guard } from './guard.ts'
import {
  ada,
  brief,
  type Feature,
  get,
  license,
  mfa,
  ORIGIN,
  openWire,
  optionsFor,
  prove,
  type Wire,
  withToken,
} from './wire.test-support.ts'

const MIB = 2 ** 20
let wire: Wire
let guard: Guard<Feature>

/** A guard with the least memory that it can be given. */
beforeEach(async () => {
  wire = await openWire()
  wire.licenses.set('acme', license('pro', 1))
  guard = createGuard(optionsFor(wire, { memory: { licenses: 1, replay: 1, tokens: 1, revocations: 1 } }))
  await guard.ready()
})

afterEach(async () => {
  await guard.close()
  await wire.close()
})

const view = async (sub: string): Promise<string> => brief(await guard.authorize(get('/reports'), 'reports.view', { ...ada, sub }))
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = publicKey.export({ format: 'jwk' })
const jkt = createHash('sha256').update(`{"crv":"P-256","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`).digest('base64url')
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A request with a proof of its own, made at once. */
const proven = (token: string) => {
  const ath = createHash('sha256').update(token).digest('base64url')
  const claims = { htm: 'GET', htu: `${ORIGIN}/export`, iat: wire.clock.now, jti: randomUUID(), ath }
  const signed = `${encode({ alg: 'ES256', typ: 'dpop+jwt', jwk })}.${encode(claims)}`
  const proof = `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  return get('/export', { Authorization: `DPoP ${token}`, DPoP: proof })
}

test('tells how full each memory is, and what it may take', async () => {
  await view('ada')
  await guard.authorize(await withToken(wire.clock, await wire.token([mfa])), 'reports.export', ada)
  wire.tell({ type: 'revoked', sid: 'other', before: wire.clock.now })
  await expect.poll(() => guard.stats().revocations.entries).toBe(1)
  const { licenses, replay, tokens, revocations } = guard.stats()
  expect([licenses.entries, licenses.accounts, replay.entries, tokens.entries]).toEqual([1, 1, 1, 1])
  for (const each of [licenses, replay, tokens, revocations]) {
    expect(each).toMatchObject({ budget: MIB, evictions: 0, refusals: 0 })
    expect(each.bytes).toBeGreaterThan(0)
    expect(each.bytes).toBeLessThan(MIB)
  }
})

test('threat: one subject floods the memory of proofs. It is refused, others go on, and what needs no proof is refused to nobody', async () => {
  const token = await wire.token([mfa], { claims: { cnf: { jkt } } })
  const said = new Map<string, number>()
  for (let each = 0; each < 6_000; each++) {
    const answer = brief(await guard.authorize(proven(token), 'reports.export', ada))
    said.set(answer, (said.get(answer) ?? 0) + 1)
  }
  expect([...said.keys()].sort()).toEqual(['503 service_unavailable', 'ok permit'])
  expect(guard.stats().replay.refusals).toBe(said.get('503 service_unavailable'))
  const other = await wire.token([mfa], { claims: { sub: 'demo|bob', cnf: { jkt } } })
  expect(brief(await guard.authorize(proven(other), 'reports.export', { ...ada, sub: 'bob' }))).toBe('ok permit')
  expect([await view('ada'), await view('bob')]).toEqual(['ok permit', 'ok permit'])
}, 60_000)

test('threat: a flood of distinct tokens. Signatures are forgotten and verified again, and nobody is refused', async () => {
  const first = await wire.token([mfa])
  const use = async (token: string): Promise<string> =>
    brief(await guard.authorize(await withToken(wire.clock, token), 'reports.export', ada))
  expect(await use(first)).toBe('ok permit')
  for (let each = 0; each < 500; each++)
    await guard.authorize(get('/export', { Authorization: `DPoP ${await wire.token([mfa])}` }), 'reports.export', ada)
  const { tokens } = guard.stats()
  expect(tokens.evictions).toBeGreaterThan(0)
  expect(tokens.bytes).toBeLessThanOrEqual(MIB)
  expect(await use(first)).toBe('ok permit')
})

test('threat: a flood of subjects and accounts. Who was forgotten is asked for again, and nobody is refused', async () => {
  for (let each = 0; each < 4_000; each++) {
    wire.licenses.set(`org-${each}`, license('basic', 1))
    const identity = { ...ada, sub: `u-${each}`, account: `org-${each}` }
    if (brief(await guard.authorize(get('/reports'), 'reports.view', identity)) !== 'ok permit') throw new Error(`Refused ${each}.`)
  }
  const { licenses } = guard.stats()
  expect(licenses.evictions).toBeGreaterThan(1_000)
  expect(licenses.bytes).toBeLessThanOrEqual(MIB)
  expect(await view('ada')).toBe('ok permit')
}, 60_000)

test('threat: a flood of revocations lets a revoked token pass', async () => {
  const token = await wire.token([mfa])
  const { now } = wire.clock
  wire.tell({ type: 'revoked', sid: 'sid-1', subject: 'demo|ada', before: now })
  for (let each = 0; each < 5_000; each++)
    wire.tell({ type: 'revoked', sid: `sid-${each}`, subject: `demo|${'x'.repeat(200)}${each}`, before: now })
  wire.setLicense('acme', license('pro', 2))
  await expect.poll(() => guard.stats().revocations.evictions).toBeGreaterThan(0)
  const request = get('/export', { Authorization: `DPoP ${token}`, DPoP: await prove(wire.clock, token, `${ORIGIN}/export`) })
  expect(brief(await guard.authorize(request, 'reports.export', ada))).toBe('401 invalid_token')
  expect(guard.stats().revocations.bytes).toBeLessThanOrEqual(MIB)
})

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createGuard, type Guard } from './guard.ts'
import type { GuardRequest } from './requests/request.ts'
import type { GuardResult } from './results/result.ts'
import { ada, brief, type Feature, get, license, mfa, ORIGIN, openWire, optionsFor, phr, prove, type Wire } from './wire.test-support.ts'

let wire: Wire
let guard: Guard<Feature>
let token: string
const guards: Guard<Feature>[] = []

const openGuard = async (more: Parameters<typeof optionsFor>[1] = {}): Promise<Guard<Feature>> => {
  const made = createGuard(optionsFor(wire, { nonces: true, staleSeconds: 300, ...more }))
  guards.push(made)
  await made.ready()
  return made
}

beforeEach(async () => {
  wire = await openWire()
  wire.licenses.set('acme', license('enterprise', 1))
  guard = await openGuard()
  token = await wire.token([mfa, phr])
})

afterEach(async () => {
  await Promise.all(guards.splice(0).map((each) => each.close()))
  await wire.close()
})

const signed = (claims: Readonly<Record<string, unknown>> = {}): Promise<string> => prove(wire.clock, token, `${ORIGIN}/export`, { claims })
const carrying = (proof: string): GuardRequest => get('/export', { Authorization: `DPoP ${token}`, DPoP: proof })
const send = (request: GuardRequest, by = guard): Promise<GuardResult> => by.authorize(request, 'reports.export', ada)
const answerTo = async (proof: string, by = guard): Promise<string> => brief(await send(carrying(proof), by))
const nonceIn = ({ headers }: GuardResult): string | undefined => headers?.['DPoP-Nonce']
const learn = async (by = guard): Promise<string> => nonceIn(await send(carrying(await signed()), by)) ?? 'no nonce came'
const pass = (seconds: number): void => {
  wire.clock.now += seconds
}

test('threat: a script in the page signs proofs for later. Once the page is closed none is good for more than a minute', async () => {
  const nonce = await learn()
  // everything that it could sign while the page was open: any time, with the one nonce that there was
  const loot = await Promise.all([...Array(12).keys()].map((each) => signed({ nonce, iat: wire.clock.now + each * 25 })))
  const answers: string[] = []
  for (const proof of loot) {
    answers.push(await answerTo(proof))
    pass(25)
  }
  expect(answers.slice(0, 3)).toEqual(Array(3).fill('ok permit'))
  expect(answers.slice(3)).toEqual(Array(9).fill('401 use_dpop_nonce'))
})

test('a proof without a nonce is asked for again, with what the next one needs', async () => {
  const refusal = await send(carrying(await signed()))
  expect(brief(refusal)).toBe('401 use_dpop_nonce')
  expect(refusal.headers).toMatchObject({
    'DPoP-Nonce': expect.stringMatching(/^[\w-]{43}$/),
    'WWW-Authenticate': expect.stringMatching(/^DPoP error="use_dpop_nonce"/),
    'Cache-Control': 'no-store',
  })
  expect(await answerTo(await signed({ nonce: nonceIn(refusal) }))).toBe('ok permit')
})

test('the challenge of a caller without a token brings the nonce as well, so that nobody is asked twice', async () => {
  const nonce = nonceIn(await send(get('/export')))
  expect(await answerTo(await signed({ nonce }))).toBe('ok permit')
})

test('nobody signed in gets no nonce, nor who is refused for good', async () => {
  expect(nonceIn(await guard.authorize(get('/export'), 'reports.export', null))).toBeUndefined()
  wire.setLicense('acme', license('basic', 2))
  await expect.poll(async () => brief(await send(get('/export')))).toBe('403 license_required')
  expect(nonceIn(await send(get('/export')))).toBeUndefined()
})

test('a busy client never makes a call in vain: it gets the next nonce before its own ends', async () => {
  let nonce = await learn()
  let fetched = 0
  for (let call = 0; call < 40; call++) {
    const result = await send(carrying(await signed({ nonce })))
    expect(brief(result)).toBe('ok permit')
    const next = nonceIn(result)
    if (next !== undefined) fetched += 1
    nonce = next ?? nonce
    pass(5)
    token = await wire.token([mfa, phr])
  }
  // and is told only when there is a newer one
  expect(fetched).toBeLessThanOrEqual(14)
})

test('the clock of the device may be wrong', async () => {
  const nonce = await learn()
  for (const iat of [0, wire.clock.now - 86_400, wire.clock.now + 86_400])
    expect(await answerTo(await signed({ nonce, iat }))).toBe('ok permit')
})

test('threat: a recorded proof is sent again, with a clock of the device that hides its age from the memory of used ones', async () => {
  const nonce = await learn()
  const proofs = await Promise.all([0, wire.clock.now - 500, wire.clock.now, wire.clock.now + 500].map((iat) => signed({ nonce, iat })))
  for (const proof of proofs) expect(await answerTo(proof)).toBe('ok permit')
  for (let passed = 0; passed < 75; passed += 5) {
    for (const proof of proofs) expect(await answerTo(proof)).toMatch(/^401 (invalid_dpop_proof|use_dpop_nonce)$/)
    pass(5)
  }
})

describe('threat: a proof with a nonce that this API did not give, or not now', () => {
  test.each<[string, unknown]>([
    ['empty', ''],
    ['no text', 7],
    ['null', null],
    ['a list', ['x']],
    ['made up', 'A'.repeat(43)],
    ['too long', 'A'.repeat(257)],
  ])('%s', async (_, nonce) => {
    expect(await answerTo(await signed({ nonce }))).toBe('401 use_dpop_nonce')
  })

  test('far too long, which is no proof at all', async () => {
    expect(await answerTo(await signed({ nonce: 'A'.repeat(5_000) }))).toBe('401 invalid_dpop_proof')
  })

  test('another one of the same key, from three minutes ago', async () => {
    const nonce = await learn()
    pass(180)
    token = await wire.token([mfa, phr])
    expect(await answerTo(await signed({ nonce }))).toBe('401 use_dpop_nonce')
  })
})

test('processes with the same key take each other’s nonces', async () => {
  expect(await answerTo(await signed({ nonce: await learn() }), await openGuard())).toBe('ok permit')
})

test('threat: a stranger learns whose token it is from whether a nonce is asked for', async () => {
  const foreign = await guard.authorize(carrying(await signed()), 'reports.export', { ...ada, sub: 'eve' })
  expect(brief(foreign)).toBe('401 invalid_token')
})

test('a feature on trial passes without a nonce, tells the client which one to take, and logs no refusal', async () => {
  const lines: unknown[] = []
  const lenient = await openGuard({ observe: true, log: (level, message, fields) => lines.push({ level, message, fields }) })
  const result = await lenient.authorize(carrying(await signed()), 'reports.try', ada)
  expect(result).toMatchObject({ ok: true, decision: { enforced: false }, headers: { 'DPoP-Nonce': expect.any(String) } })
  expect(lines).toEqual([])
})

test('a guard that does not ask for nonces gives none', async () => {
  const plain = await openGuard({ nonces: false })
  expect(await answerTo(await signed(), plain)).toBe('ok permit')
  expect(nonceIn(await send(get('/export'), plain))).toBeUndefined()
})

import { definePolicy } from '@stile/policy'
import type { AssuranceClaims, License } from '@stile/protocol'
import { assuranceOf, licenseClaim } from '@stile/protocol'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Authorizer, type AuthorizerOptions, createAuthorizer, type Need, type Outcome, type Question } from './authorize.ts'
import type { ReplayVerdict, UsedProof } from './device-proof/replay.ts'
import type { TokenVerdict } from './token/token.ts'
import { ada, get, license, mfa } from './wire.test-support.ts'

const NOW = 1_800_000_000
const DEVICE = 'd'.repeat(43)
const policy = definePolicy({
  format: 1,
  features: {
    'reports.view': {},
    'reports.late': { whenStale: 'permit' },
    'reports.export': { requires: { level: 'mfa', maxAge: '15m' } },
    'payouts.approve': { requires: { level: 'mfa' } },
    'payouts.bound': { requires: { level: 'mfa', bind: ['amount'] } },
    'notes.own': { requires: { level: 'mfa' }, actors: 'deny' },
    'notes.read': { actors: 'deny' },
  },
  tiers: {
    basic: { features: ['reports.view', 'reports.late', 'reports.export', 'notes.own', 'notes.read'] },
    pro: { extends: 'basic', features: ['payouts.approve', 'payouts.bound'] },
  },
})
type Feature = (typeof policy.features)[number]

/** What the parts of the authorizer say, and what they were asked. */
let parts: {
  license: License | null | undefined
  token: TokenVerdict
  proof: 'valid' | 'refused'
  replay: ReplayVerdict
  isRevoked: boolean
  fedAt: number
  starting: Promise<boolean> | undefined
}
let asked: { lookups: unknown[]; fills: unknown[]; tokens: string[]; proofs: unknown[]; used: UsedProof[] }
let authorize: Authorizer

const claimsOf = (change: Partial<AssuranceClaims> = {}): AssuranceClaims => ({
  iss: 'https://stile.example.com',
  aud: 'https://api.example.com',
  sub: 'demo|ada',
  exp: NOW + 300,
  iat: NOW,
  nbf: NOW,
  jti: 'token-1',
  client_id: 'web',
  sid: 'sid-1',
  account: 'acme',
  acr: mfa.acr,
  amr: [],
  auth_time: NOW,
  proofs: [{ ...mfa, amr: [], auth_time: NOW }],
  cnf: { jkt: DEVICE },
  lic: licenseClaim(license('pro', 3)),
  pol: { revision: 1, digest: policy.digest },
  risk: 'normal',
  ...change,
})
const tokenOf = (change?: Partial<AssuranceClaims>): TokenVerdict => {
  const claims = claimsOf(change)
  return { status: 'valid', claims, assurance: assuranceOf(claims) }
}

beforeEach(() => {
  parts = {
    license: license('pro', 3),
    token: tokenOf(),
    proof: 'valid',
    replay: 'fresh',
    isRevoked: false,
    fedAt: NOW,
    starting: undefined,
  }
  asked = { lookups: [], fills: [], tokens: [], proofs: [], used: [] }
  const options: AuthorizerOptions = {
    policy,
    licenses: {
      lookup(...question) {
        asked.lookups.push(question)
        const { license: known } = parts
        return known === undefined ? undefined : { account: 'acme', subject: 'demo|ada', license: known, cursor: 1, filledAt: NOW }
      },
      fill(...question) {
        asked.fills.push(question)
        return Promise.resolve(true)
      },
      apply: () => undefined,
      forget: () => undefined,
      clear: () => undefined,
      resume: () => undefined,
    },
    revocations: { add: () => undefined, raise: () => undefined, isRevoked: () => parts.isRevoked },
    contact: { heard: () => undefined, fed: () => undefined, heardAt: () => parts.fedAt, fedAt: () => parts.fedAt },
    verifyToken(token) {
      asked.tokens.push(token)
      return parts.token
    },
    verifyProof(proof, context) {
      asked.proofs.push({ proof, ...context })
      return parts.proof === 'valid'
        ? { status: 'valid', jkt: context.jkt, jti: String(proof), iat: NOW, stored: true }
        : { status: 'refused', reason: 'wrong_signature' }
    },
    replay: {
      use(proof) {
        asked.used.push(proof)
        return parts.replay
      },
    },
    starting: () => parts.starting,
    staleSeconds: 30,
    now: () => NOW,
  }
  authorize = createAuthorizer(options)
})

const presented = () => get('/export', { Authorization: 'DPoP token', DPoP: 'proof' })
const look = (question: Partial<Omit<Question, 'feature'>> & { feature?: Feature | 'reports.exprot' } = {}) =>
  authorize({ request: presented(), feature: 'reports.export', identity: ada, subject: 'demo|ada', tried: new Set(), ...question })
type Asked = Parameters<typeof look>[0]
/** The outcome in one word: `ok`, what must be waited for, or the code of the refusal with its first reason. */
const ask = (question?: Asked): string => {
  const outcome = look(question)
  if (outcome.pending !== undefined) return `pending ${outcome.pending}`
  if (outcome.ok) return 'ok'
  const { code, reasons } = outcome.problem
  return reasons?.[0] ? `${code}: ${reasons[0].code}` : code
}
const withToken = (change: Partial<AssuranceClaims>, question?: Asked): string => {
  parts.token = tokenOf(change)
  return ask(question)
}
const came = async ({ pending, ...rest }: Outcome): Promise<boolean> => pending !== undefined && 'wait' in rest && rest.wait
const actor = { ...ada, actor: 'staff' }
const act = { sub: 'staff' }
const tried = (...needs: Need[]) => ({ tried: new Set(needs) })
const STEP_UP = 'insufficient_user_authentication: step_up_required'

test('a good token with its proof passes, and the proof is used with the device and subject of the token', () => {
  const outcome = look()
  expect(outcome).toMatchObject({ ok: true, decision: { outcome: 'permit' }, claims: { jti: 'token-1' } })
  expect(asked.tokens).toEqual(['token'])
  expect(asked.proofs).toEqual([{ proof: 'proof', method: 'GET', url: '/export', token: 'token', jkt: DEVICE }])
  expect(asked.used).toMatchObject([{ subject: 'demo|ada', jkt: DEVICE, jti: 'proof', iat: NOW }])
})

describe('the session alone', () => {
  test('threat: a feature that the policy does not have is open', () => {
    expect(ask({ feature: 'reports.exprot' })).toBe('denied: unknown_feature')
    expect(asked.lookups).toEqual([])
  })

  test('passes a feature that needs no more, and uses no token', () => {
    const outcome = look({ feature: 'reports.view' })
    expect(outcome).toMatchObject({ ok: true })
    expect(outcome).not.toHaveProperty('claims')
    expect(asked.tokens).toEqual([])
  })

  test('threat: a license that is not known counts as one; it is fetched first, for this account and subject', async () => {
    parts.license = undefined
    const outcome = look({ feature: 'reports.view' })
    expect(outcome).toMatchObject({ pending: 'license', otherwise: { problem: { code: 'service_unavailable' } } })
    expect(asked.fills).toEqual([['acme', 'demo|ada']])
    expect(await came(outcome)).toBe(true)
  })

  test('threat: a stale license serves a feature that did not ask for it', () => {
    ask({ feature: 'reports.late' })
    ask({ feature: 'reports.view' })
    expect(asked.lookups).toEqual([
      ['acme', 'demo|ada', true],
      ['acme', 'demo|ada', false],
    ])
  })

  test('threat: staff acting for a customer uses what only the customer may', () => {
    expect(ask({ feature: 'notes.read', identity: actor })).toBe('denied: actor_not_allowed')
    expect(ask({ feature: 'notes.read' })).toBe('ok')
    expect(ask({ feature: 'reports.view', identity: actor })).toBe('ok')
  })

  test('threat: a proof for one operation is asked for although this API cannot check it', () => {
    expect(ask({ feature: 'payouts.bound' })).toBe('denied: operation_unbound')
    expect(asked.tokens).toEqual([])
  })
})

describe('a silent feed', () => {
  test('threat: revocations are not heard, and a stolen token goes on', () => {
    parts.fedAt = NOW - 30
    expect(ask()).toBe('ok')
    for (const fedAt of [NOW - 31, Number.NEGATIVE_INFINITY, Number.NaN]) {
      parts.fedAt = fedAt
      expect(ask()).toBe('service_unavailable')
    }
  })

  test('a feed that is being opened is waited for once', async () => {
    parts.fedAt = NOW - 31
    parts.starting = Promise.resolve(true)
    const outcome = look()
    expect(outcome).toMatchObject({ pending: 'feed', otherwise: { problem: { code: 'service_unavailable' } } })
    expect(await came(outcome)).toBe(true)
    expect(ask(tried('feed'))).toBe('service_unavailable')
  })

  test('does not make a missing license look like an outage, and no token is read', () => {
    parts.fedAt = NOW - 31
    parts.license = license('basic', 3)
    expect(ask({ feature: 'payouts.approve' })).toBe('license_required: license_required')
    expect(asked.tokens).toEqual([])
  })
})

describe('the token', () => {
  test('threat: no token at all, or one that two readers would read differently', () => {
    expect(ask({ request: get('/export') })).toBe(STEP_UP)
    expect(ask({ request: get('/export', { Authorization: ['DPoP a', 'DPoP b'], DPoP: 'proof' }) })).toBe('invalid_token')
    expect(asked.tokens).toEqual([])
  })

  test('threat: a token that its verifier refuses', () => {
    parts.token = { status: 'invalid', why: 'Wrong.' }
    expect(ask()).toBe('invalid_token')
    expect(asked.proofs).toEqual([])
  })

  test('threat: keys that cannot be fetched let any token pass', async () => {
    parts.token = { status: 'unavailable' }
    expect(ask()).toBe('service_unavailable')
    parts.token = { status: 'pending', wait: Promise.resolve('anything') }
    const outcome = look()
    expect(outcome).toMatchObject({ pending: 'keys', otherwise: { problem: { code: 'service_unavailable' } } })
    expect(await came(outcome)).toBe(true)
  })

  test('threat: a token of Stile sent as Bearer needs no key; the token of the application is another matter', () => {
    const request = get('/export', { Authorization: 'Bearer token', DPoP: 'proof' })
    expect(ask({ request })).toBe('invalid_token')
    for (const token of [{ status: 'invalid', why: 'Wrong.' }, { status: 'unavailable' }] as const) {
      parts.token = token
      expect(ask({ request })).toBe(STEP_UP)
    }
  })

  test('threat: a revoked token goes on', () => {
    parts.isRevoked = true
    expect(ask()).toBe('invalid_token')
  })

  test('threat: the token of another subject, account or session', () => {
    expect(withToken({ sub: 'demo|eve' })).toBe('invalid_token')
    expect(withToken({ account: 'evil' })).toBe('invalid_token')
    expect(withToken({ sid: 'sid-2' }, { identity: { ...ada, sid: 'sid-1' } })).toBe('invalid_token')
    expect(withToken({ sid: 'sid-1' }, { identity: { ...ada, sid: 'sid-1' } })).toBe('ok')
    expect(withToken({ sid: 'sid-2' })).toBe('ok')
  })

  test('threat: staff uses the token of the customer, or of other staff', () => {
    expect(withToken({}, { identity: actor })).toBe('invalid_token')
    expect(withToken({ act: { sub: 'other' } }, { identity: actor })).toBe('invalid_token')
    expect(withToken({ act }, { identity: actor })).toBe('ok')
  })

  test('threat: a token that staff got for itself opens what only the customer may, because the application names no actor', () => {
    expect(withToken({ act }, { feature: 'notes.own' })).toBe('denied: actor_not_allowed')
    expect(withToken({}, { feature: 'notes.own' })).toBe('ok')
    expect(withToken({ act })).toBe('ok')
    // what is refused uses up no proof
    expect(asked.used).toHaveLength(2)
  })

  test('threat: a license that has ended by itself goes on in the token until the token ends', () => {
    const at = (changesAt: number) => withToken({ lic: licenseClaim(license('pro', 3, { changesAt })) })
    expect([NOW - 1, NOW, NOW + 1].map(at)).toEqual(['invalid_token', 'invalid_token', 'ok'])
  })

  test('threat: a token for one operation of another feature', () => {
    const detail = { type: 'stile_operation', digest: 'd', salt: 's' } as const
    expect(withToken({ authorization_details: [{ ...detail, feature: 'payouts.approve' }] })).toBe('invalid_token')
    expect(withToken({ authorization_details: [{ ...detail, feature: 'reports.export' }] })).toBe('ok')
    const both = [
      { ...detail, feature: 'reports.export' },
      { ...detail, feature: 'payouts.approve' },
    ]
    expect(withToken({ authorization_details: both })).toBe('invalid_token')
  })

  test('threat: a weak or an old proof of identity, or a risk that came since', () => {
    expect(withToken({ proofs: [] })).toBe(STEP_UP)
    expect(withToken({ proofs: [{ ...mfa, amr: [], auth_time: NOW - 901 }] })).toMatch(/^insufficient_user_authentication/)
    expect(withToken({ risk: 'critical' })).toBe('denied: risk_denied')
    expect(asked.used).toEqual([])
  })
})

describe('the epoch of the license', () => {
  const claim = (tier: string, epoch: number) => ({ lic: licenseClaim(license(tier, epoch)) })
  const pay = { feature: 'payouts.approve' } as const

  test('threat: a token from before a downgrade', () => {
    expect(withToken(claim('pro', 2))).toBe('invalid_token')
    expect(withToken({ lic: null })).toBe('invalid_token')
  })

  test('threat: a token says more than the license of the same epoch', () => {
    parts.license = license('basic', 3)
    expect(withToken(claim('pro', 3), pay)).toBe('license_required: license_required')
  })

  test('a token that knows a newer license makes the guard fetch it once; then the newer one decides', async () => {
    parts.license = license('basic', 3)
    parts.token = tokenOf(claim('pro', 4))
    const outcome = look(pay)
    expect(outcome).toMatchObject({ pending: 'newer-license', otherwise: { problem: { code: 'service_unavailable' } } })
    expect(asked.fills).toEqual([['acme', 'demo|ada']])
    expect(await came(outcome)).toBe(true)
    expect(ask({ ...pay, ...tried('newer-license') })).toBe('ok')
    expect(asked.fills).toHaveLength(1)
    parts.license = license('pro', 3)
    expect(withToken(claim('basic', 4), { ...pay, ...tried('newer-license') })).toBe('license_required: license_required')
  })

  test('threat: a license that the service has just said is gone lives on in the token', () => {
    parts.license = null
    expect(withToken(claim('pro', 4), pay)).toBe('pending newer-license')
    expect(withToken(claim('pro', 4), { ...pay, ...tried('newer-license') })).toBe('license_required: license_required')
    expect(withToken(claim('pro', 0), pay)).toBe('pending newer-license')
    expect(withToken({ lic: null }, pay)).toBe('license_required: license_required')
  })

  test('threat: any token turns a missing license into another answer, which tells what the token is worth', () => {
    parts.license = license('basic', 3)
    for (const token of [tokenOf(), { status: 'invalid', why: 'Wrong.' }, { status: 'pending', wait: Promise.resolve() }] as const) {
      parts.token = token
      expect(ask(pay)).toBe('license_required: license_required')
    }
  })
})

describe('the device proof', () => {
  test('threat: a token without its key', () => {
    parts.proof = 'refused'
    expect(ask()).toBe('invalid_dpop_proof')
    parts.proof = 'valid'
    expect(withToken({ cnf: undefined } as unknown as Partial<AssuranceClaims>)).toBe('invalid_token')
    expect(asked.used).toEqual([])
  })

  test('threat: a recorded request is sent again, or more requests than can be remembered', () => {
    parts.replay = 'replayed'
    expect(ask()).toBe('invalid_dpop_proof')
    parts.replay = 'full'
    expect(ask()).toBe('service_unavailable')
  })

  test('a proof counts once per request, however many features are asked for', () => {
    const request = presented()
    expect([ask({ request }), ask({ request, feature: 'payouts.approve' })]).toEqual(['ok', 'ok'])
    expect(asked.used).toHaveLength(1)
    expect(ask()).toBe('ok')
    expect(asked.used).toHaveLength(2)
  })

  test.each([
    ['another token', { Authorization: 'DPoP other', DPoP: 'proof' }],
    ['another proof', { Authorization: 'DPoP token', DPoP: 'other' }],
  ])('threat: a request that passed brings %s, which nobody verifies', (_, later) => {
    let headers: Readonly<Record<string, string>> = { Authorization: 'DPoP token', DPoP: 'proof' }
    const request = { method: 'GET', url: '/export', header: (name: string) => get('/', headers).header(name) }
    expect(ask({ request })).toBe('ok')
    headers = later
    parts.proof = 'refused'
    expect(ask({ request })).toBe('invalid_dpop_proof')
  })

  test('threat: a refused request makes its proof pass without a look the next time', () => {
    const request = presented()
    parts.replay = 'replayed'
    expect(ask({ request })).toBe('invalid_dpop_proof')
    expect(ask({ request })).toBe('invalid_dpop_proof')
    expect(asked.used).toHaveLength(2)
  })
})

import { definePolicy } from '@stile/policy'
import type { ReloginStart, StepUp } from '@stile/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decideFor } from '../../decisions/decide.ts'
import { TEST_ISSUER, TEST_START } from '../../domain.test-support.ts'
import type { StileError } from '../../error.ts'
import { describeFault } from '../../http/log.ts'
import type { ServiceOptions } from '../../options/options.ts'
import { loadStanding } from '../../standing/standing.ts'
import { attempt, startMethod, startStepUp } from '../../step-ups/index.ts'
import { requestToken } from '../../step-ups/request-token.ts'
import { claimsOf, createWorld, issuedOf, problemOf, tally, type World } from '../../step-ups/world.test-support.ts'
import type { Store } from '../../stores/store.ts'
import { type ScriptedLogin, type ScriptedProvider, startScriptedProvider } from './scripted-provider.test-support.ts'

const POLICY = definePolicy({
  format: 1,
  features: {
    recent: { requires: { level: 'session', maxAge: '5m', methods: ['relogin'] } },
    export: { requires: { level: 'mfa', maxAge: '15m' } },
    approve: { requires: { level: 'phr', maxAge: '2m' } },
    sign: { requires: { level: 'session', methods: ['relogin', 'passkey'], bind: ['document'] } },
  },
  tiers: { pro: { features: ['recent', 'export', 'approve', 'sign'] } },
  license: { none: { tier: 'pro' } },
})
const SECRET = 'the secret of this service'
const PAGE = 'https://app.example/stile/done'
const MFA = 'urn:login:mfa'

let provider: ScriptedProvider
let world: World

async function open(
  issuer: Partial<ServiceOptions['issuers'][number]> = {},
  relogin: Partial<NonNullable<ServiceOptions['issuers'][number]['relogin']>> = {},
  store?: Store,
): Promise<World> {
  return createWorld({
    policy: POLICY,
    ...(store && { store }),
    options: {
      issuers: [
        {
          id: 'main',
          issuer: TEST_ISSUER,
          jwks: 'https://login.example/jwks',
          audience: 'stile',
          relogin: {
            issuer: provider.issuer,
            clientId: 'stile',
            clientSecret: SECRET,
            redirectUris: ['https://other.example/done', PAGE],
            ...relogin,
          },
          ...issuer,
        },
      ],
      clients: [
        { id: 'web', origins: ['https://app.example'] },
        { id: 'other', origins: ['https://other.example'] },
      ],
      audiences: [{ id: 'https://api.example', issuers: ['main'], clients: ['web', 'other'] }],
    },
  })
}

beforeEach(async () => {
  provider = await startScriptedProvider({ now: () => world.clock.now(), clientSecret: SECRET })
  world = await open()
})
afterEach(async () => {
  await world.close()
  await provider.close()
})

/** A caller whose login is an hour old. */
const caller = async (overrides: Parameters<World['caller']>[0] = {}) =>
  world.caller({ login: { method: 'login', level: 'session', amr: ['pwd'], authTime: TEST_START - 3600 }, ...overrides })

const urlOf = (stepUp: StepUp): string => {
  if (stepUp.status !== 'open') throw new Error('The step-up is not open.')
  const start = stepUp.methods.find(({ method }) => method === 'relogin')?.start as ReloginStart | undefined
  return start?.url ?? ''
}
const begin = async (who: Awaited<ReturnType<typeof caller>>, feature = 'recent', more: object = {}) => {
  const stepUp = await startStepUp(world.domain, who, { feature, ...more })
  return { id: stepUp.id, stepUp, url: urlOf(stepUp) }
}
const answer = async (who: Awaited<ReturnType<typeof caller>>, id: string, response: unknown) =>
  attempt(world.domain, who, id, { method: 'relogin', response })
/** Signs in as the script says, and hands the answer on. */
const signIn = async (script: ScriptedLogin = {}, feature = 'recent') => {
  const who = await caller()
  const { id, url } = await begin(who, feature)
  return answer(who, id, provider.signIn(url, script))
}
const refusal = async (script: ScriptedLogin) => {
  const problem = await problemOf(signIn(script))
  expect(await world.domain.store.proofs.list({ subject: 'main|alice', sid: 's1', jkt: (await caller()).jkt })).toEqual([])
  return problem
}

describe('signing in again at the login provider', () => {
  test('opens a page that asks for a login given now, by code flow with PKCE, and says where it comes back', async () => {
    const { stepUp, url, id } = await begin(await caller())
    const { searchParams: asked, origin, pathname } = new URL(url)
    expect(origin + pathname).toBe(`${provider.issuer}/authorize`)
    expect(Object.fromEntries(asked)).toEqual({
      client_id: 'stile',
      response_type: 'code',
      redirect_uri: PAGE,
      scope: 'openid',
      state: expect.stringMatching(new RegExp(`^${id}\\.[A-Za-z0-9_-]{22}$`)),
      nonce: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      code_challenge: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      code_challenge_method: 'S256',
      prompt: 'login',
      max_age: '0',
    })
    expect(stepUp).toMatchObject({ status: 'open', methods: [{ method: 'relogin', hint: new URL(provider.issuer).host }] })
  })

  test('proves it, and the token says so in acr, amr, auth_time and proofs, and as what', async () => {
    const who = await caller()
    const { id, url } = await begin(who)
    world.clock.advance(20)
    const login = provider.signIn(url, { claims: { amr: ['pwd', 'face'], auth_time: world.clock.now() - 2 } })
    world.clock.advance(3)
    const done = await answer(who, id, login)
    const authTime = TEST_START + 18
    expect(done).toMatchObject({ status: 'done', issued: { acr: 'urn:stile:acr:session', amr: ['pwd', 'face'], authTime } })
    const own = { method: 'relogin', acr: 'urn:stile:acr:session', amr: ['pwd', 'face'], auth_time: authTime }
    expect(claimsOf(issuedOf(done))).toMatchObject({
      acr: 'urn:stile:acr:session',
      amr: ['pwd', 'face'],
      auth_time: authTime,
      proofs: [{ method: 'login', acr: 'urn:stile:acr:session', amr: ['pwd'], auth_time: TEST_START - 3600 }, own],
    })
    // it is remembered, and grows old as every proof does
    world.clock.advance(200)
    expect(claimsOf(await requestToken(world.domain, who, { feature: 'recent' }))).toMatchObject({
      auth_time: authTime,
      amr: ['pwd', 'face'],
    })
    world.clock.advance(100)
    expect(await problemOf(requestToken(world.domain, who, { feature: 'recent' }))).toMatchObject({
      code: 'insufficient_user_authentication',
    })
  })

  test('uses the client as it is registered: with its secret in the header or in the body, or none', async () => {
    for (const clientAuthentication of ['client_secret_basic', 'client_secret_post'] as const) {
      await world.close()
      world = await open({}, { clientAuthentication })
      expect(await signIn()).toMatchObject({ status: 'done' })
    }
    await provider.close()
    provider = await startScriptedProvider({ now: () => world.clock.now() })
    await world.close()
    world = await createWorld({
      policy: POLICY,
      options: {
        issuers: [
          {
            id: 'main',
            issuer: TEST_ISSUER,
            jwks: 'https://login.example/jwks',
            audience: 'stile',
            relogin: { issuer: provider.issuer, clientId: 'stile', redirectUris: [PAGE] },
          },
        ],
      },
    })
    expect(await signIn()).toMatchObject({ status: 'done' })
  })

  test('asks for the address or the name that the login has, as configured, and adds the provider’s own parameters', async () => {
    const who = await caller({ email: { address: 'alice@example.com', verified: false } })
    const hintOf = async () => new URL((await begin(who)).url).searchParams.get('login_hint')
    expect(await hintOf()).toBe('alice@example.com')
    for (const [loginHint, hint] of [
      ['sub', 'alice'],
      ['none', null],
    ] as const) {
      await world.close()
      world = await open({}, { loginHint, parameters: { organization: 'org_1' }, scope: 'openid profile' })
      expect(await hintOf()).toBe(hint)
    }
    const { searchParams } = new URL((await begin(who)).url)
    expect([searchParams.get('organization'), searchParams.get('scope')]).toEqual(['org_1', 'openid profile'])
  })

  test('comes back to the page of the client that asks, and is the application’s own login where that has none', async () => {
    const other = await begin(await caller({ client: 'other' }))
    expect(new URL(other.url).searchParams.get('redirect_uri')).toBe('https://other.example/done')
    await world.close()
    world = await open({}, { redirectUris: ['https://other.example/done'] })
    const own = await startStepUp(world.domain, await caller(), { feature: 'recent' })
    expect(own).toMatchObject({ status: 'open', methods: [{ method: 'relogin' }] })
    expect(own.status === 'open' && own.methods[0]).not.toHaveProperty('hint')
  })

  test('proves no operation: who signs in is not shown one', async () => {
    const start = startStepUp(world.domain, await caller(), { feature: 'sign', operation: { document: 'd1' } })
    expect(await problemOf(start)).toMatchObject({ code: 'enrollment_required' })
  })

  test('someone who acts for the subject is never sent to sign in as them', async () => {
    const acting = await caller({ actor: 'support' })
    const stepUp = await startStepUp(world.domain, acting, { feature: 'recent' })
    expect(stepUp.status === 'open' && stepUp.methods).toEqual([{ method: 'relogin' }])
    expect(await problemOf(answer(acting, stepUp.id, { code: 'c', state: `${stepUp.id}.x` }))).toMatchObject({ code: 'method_unavailable' })
  })
})

describe('attacks on signing in again', () => {
  test.each<[string, ScriptedLogin, string]>([
    ['somebody else signs in in the popup', { claims: { sub: 'mallory' } }, 'login_other_user'],
    ['a user whose name differs in case alone signs in', { claims: { sub: 'Alice' } }, 'login_other_user'],
    ['the provider says nobody’s name', { claims: { sub: undefined } }, 'login_invalid'],
    ['the provider lets its open session in without asking', { claims: { auth_time: TEST_START - 6 } }, 'login_too_old'],
    ['the provider does not say when the login was given', { claims: { auth_time: undefined } }, 'login_time_missing'],
    ['the provider says a login time that is a text', { claims: { auth_time: String(TEST_START) } }, 'login_invalid'],
    ['a login of the future would stay fresh', { claims: { auth_time: TEST_START + 31 } }, 'login_invalid'],
    ['the ID token of another sign-in is put in its place', { claims: { nonce: 'another' } }, 'login_invalid'],
    ['an ID token without nonce is put in its place', { claims: { nonce: undefined } }, 'login_invalid'],
    ['an ID token for another client is put in its place', { claims: { aud: 'another' } }, 'login_invalid'],
    ['an ID token for several clients was made for another', { claims: { aud: ['stile', 'another'], azp: 'another' } }, 'login_invalid'],
    ['an ID token of another issuer is put in its place', { claims: { iss: 'https://evil.example' } }, 'login_invalid'],
    ['an ID token that has expired is put in its place', { claims: { exp: TEST_START - 31 } }, 'login_invalid'],
    ['an ID token was issued in the future', { claims: { iat: TEST_START + 31 } }, 'login_invalid'],
    ['a proxy signs with a key of its own', { foreignKey: true }, 'login_invalid'],
    ['a proxy names a key that is not published', { foreignKey: true, header: { kid: 'own' } }, 'login_invalid'],
    [
      'a proxy changes who signed in',
      { change: (token) => token.replace(/\.(.+)\./, (_, payload) => `.${forge(payload, { auth_time: TEST_START + 1 })}.`) },
      'login_invalid',
    ],
    [
      'a proxy takes the signature off',
      { change: (token) => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.` },
      'login_invalid',
    ],
    ['a code is bad', { refuse: { status: 400, body: { error: 'invalid_grant' } } }, 'login_invalid'],
    [
      'the provider answers without an ID token',
      { refuse: { status: 200, body: { access_token: 'a', token_type: 'Bearer' } } },
      'login_invalid',
    ],
  ])('threat: %s', async (_, script, failure) => {
    expect(await refusal(script)).toMatchObject({ code: 'attempt_failed', failure, attemptsLeft: 5 })
  })

  test('the clock of the provider may be five seconds behind, and half a minute ahead without making a login fresher', async () => {
    expect(await signIn({ claims: { auth_time: TEST_START - 5 } })).toMatchObject({ status: 'done', issued: { authTime: TEST_START - 5 } })
    await world.close()
    world = await open()
    expect(await signIn({ claims: { auth_time: TEST_START + 30, iat: TEST_START + 30 } })).toMatchObject({
      issued: { authTime: TEST_START },
    })
  })

  test('threat: a login is answered twice, one after the other or at once', async () => {
    const who = await caller()
    const { id, url } = await begin(who)
    const login = provider.signIn(url)
    const { won, lost } = await tally(Array.from({ length: 8 }, () => answer(who, id, login)))
    expect(won).toBe(1)
    expect(new Set(lost)).toEqual(new Set(['attempt_failed']))
    expect(await problemOf(answer(who, id, login))).toMatchObject({ code: 'step_up_expired' })
    expect(provider.requests.filter((path) => path === '/token')).toHaveLength(1)
  })

  test('threat: a wrong answer could be tried again with the same sign-in', async () => {
    const who = await caller()
    const { id, url } = await begin(who)
    const login = provider.signIn(url)
    for (const wrong of [{ ...login, state: `${id}.${'A'.repeat(22)}` }])
      expect(await problemOf(answer(who, id, wrong))).toMatchObject({ failure: 'login_invalid' })
    expect(await problemOf(answer(who, id, login))).toMatchObject({ failure: 'challenge_used' })
    expect(provider.requests).not.toContain('/token')
    expect(urlOf(await startMethod(world.domain, who, id, 'relogin'))).not.toBe(url)
  })

  test('threat: the answer to a sign-in that was begun anew still counts', async () => {
    const who = await caller()
    const { id, url } = await begin(who)
    const former = provider.signIn(url)
    const again = urlOf(await startMethod(world.domain, who, id, 'relogin'))
    const [one, two] = [url, again].map((each) => new URL(each).searchParams)
    for (const name of ['state', 'nonce', 'code_challenge']) expect(one?.get(name)).not.toBe(two?.get(name))
    expect(await problemOf(answer(who, id, former))).toMatchObject({ failure: 'login_invalid' })
  })

  test.each<[string, (login: { code: string; state: string; iss: string }) => object]>([
    ['another state', ({ state, ...rest }) => ({ ...rest, state: `${state}x` })],
    ['the state of another step-up', ({ state, ...rest }) => ({ ...rest, state: state.replace(/^su_./, 'su_x') })],
    ['another issuer, of a provider that mixes answers up', (login) => ({ ...login, iss: 'https://evil.example' })],
    ['no issuer, though the provider always names itself', ({ code, state }) => ({ code, state })],
    ['a code that was not given', (login) => ({ ...login, code: 'made-up' })],
  ])('threat: the answer is brought with %s', async (_, change) => {
    const who = await caller()
    const { id, url } = await begin(who)
    expect(await problemOf(answer(who, id, change(provider.signIn(url))))).toMatchObject({ failure: 'login_invalid' })
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'code=1&state=2'],
    ['neither code nor error', { state: 's' }],
    ['both', { state: 's', code: 'c', error: 'e' }],
    ['no state', { code: 'c' }],
    ['a list', { code: ['a', 'b'], state: 's' }],
    ['a code without end', { code: 'c'.repeat(5000), state: 's' }],
  ])('an answer that is %s is refused and not counted', async (_, response) => {
    const who = await caller()
    const { id } = await begin(who)
    expect(await problemOf(answer(who, id, response))).toMatchObject({ failure: 'response_malformed', attemptsLeft: 5 })
    expect(provider.requests).not.toContain('/token')
  })

  test('threat: a login for one step-up is redeemed for another, of the same user or somebody else', async () => {
    const who = await caller()
    const [one, two] = [await begin(who), await begin(who)]
    expect(await problemOf(answer(who, two.id, provider.signIn(one.url)))).toMatchObject({ failure: 'login_invalid' })
    const thief = await caller({ sub: 'mallory', sid: 's2', jkt: 'thief' })
    expect(await problemOf(answer(thief, one.id, provider.signIn(one.url)))).toMatchObject({ code: 'step_up_expired' })
    for (const other of [{ sid: 's2' }, { jkt: 'another' }, { client: 'other' }])
      expect(await problemOf(answer(await caller(other), one.id, provider.signIn(one.url)))).toMatchObject({ code: 'step_up_expired' })
    // nothing of that has spent it
    expect(await answer(who, one.id, provider.signIn(one.url))).toMatchObject({ status: 'done' })
  })

  test('threat: a writer of the database puts a sign-in that it knows in the place of another', async () => {
    const who = await caller()
    const [one, two] = [await begin(who), await begin(who)]
    const known = await world.domain.store.stepUps.takeChallenge({ id: one.id, method: 'relogin' })
    await world.domain.store.stepUps.start({ id: two.id, method: 'relogin', challenge: known ?? '' })
    await expect(answer(who, two.id, provider.signIn(one.url))).rejects.toMatchObject({ name: 'SealError' })
    expect(known).not.toContain(new URL(one.url).searchParams.get('nonce') ?? '')
  })

  test('the user cancels at the provider: they are told, nothing is counted, and another try is open', async () => {
    const who = await caller()
    const { id, url } = await begin(who)
    const { state, iss } = provider.signIn(url)
    expect(await problemOf(answer(who, id, { error: 'access_denied', state, iss }))).toMatchObject({
      failure: 'login_refused',
      attemptsLeft: 5,
    })
    const again = urlOf(await startMethod(world.domain, who, id, 'relogin'))
    expect(await answer(who, id, provider.signIn(again))).toMatchObject({ status: 'done' })
  })
})

describe('levels above the session at the login provider', () => {
  const reopen = async (
    stepUp: NonNullable<ServiceOptions['issuers'][number]['stepUp']>,
    acrMap: Record<string, 'mfa' | 'phr' | 'phrh'>,
  ) => {
    await world.close()
    world = await open({ stepUp, acrMap })
  }

  test('users with MFA there are not made to enrol: it is asked for, and counts as its answer is mapped', async () => {
    const none = await problemOf(startStepUp(world.domain, await caller(), { feature: 'export' }))
    expect(none).toMatchObject({ code: 'enrollment_required' })
    await reopen({ mfa: { acr_values: MFA, parameters: { mfa_hint: 'push' } } }, { [MFA]: 'mfa' })
    const who = await caller()
    const { id, url, stepUp } = await begin(who, 'export')
    const { searchParams } = new URL(url)
    expect([searchParams.get('acr_values'), searchParams.get('mfa_hint')]).toEqual([MFA, 'push'])
    expect(stepUp).toMatchObject({ methods: [{ method: 'relogin', hint: new URL(provider.issuer).host }] })
    const standing = await loadStanding(world.domain, who)
    expect(decideFor(standing, 'export')).toMatchObject({ outcome: 'step_up', next: { methods: ['relogin'] } })
    expect(decideFor(standing, 'approve').outcome).toBe('enroll')
    const done = await answer(who, id, provider.signIn(url, { claims: { acr: MFA, amr: ['pwd', 'otp', 'mfa'] } }))
    expect(done).toMatchObject({ issued: { acr: 'urn:stile:acr:mfa', amr: ['pwd', 'otp', 'mfa'], authTime: TEST_START } })
    expect(await problemOf(startStepUp(world.domain, who, { feature: 'approve' }))).toMatchObject({ code: 'enrollment_required' })
  })

  test.each<[string, ScriptedLogin]>([
    ['nothing of it', {}],
    ['a level that no map knows', { claims: { acr: 'urn:login:better' } }],
    ['a weaker one', { claims: { acr: 'urn:login:password' } }],
    ['only methods that sound like it', { claims: { amr: ['mfa', 'otp', 'hwk'] } }],
    ['it as a list', { claims: { acr: [MFA] } }],
    ['it as a member that every object has', { claims: { acr: 'constructor' } }],
  ])('threat: the provider was asked for a level and says %s', async (_, script) => {
    await reopen({ mfa: { acr_values: MFA } }, { [MFA]: 'mfa' })
    expect(await problemOf(signIn(script, 'export'))).toMatchObject({ code: 'attempt_failed', failure: 'level_too_low', attemptsLeft: 5 })
  })

  test('asks for the next higher level where the one that is needed has no entry of its own, and never for a lower one', async () => {
    await reopen({ phr: { acr_values: 'phr phrh' } }, { phr: 'phr', phrh: 'phrh' })
    const { url } = await begin(await caller(), 'export')
    expect(new URL(url).searchParams.get('acr_values')).toBe('phr phrh')
    const { url: strong } = await begin(await caller(), 'approve')
    expect(new URL(strong).searchParams.get('acr_values')).toBe('phr phrh')
    const { url: weak } = await begin(await caller(), 'recent')
    expect(new URL(weak).searchParams.get('acr_values')).toBeNull()
    await reopen({ mfa: { acr_values: MFA }, phr: { acr_values: 'phr' } }, { [MFA]: 'mfa', phr: 'phr' })
    const asked = async (feature: string) => new URL((await begin(await caller(), feature)).url).searchParams.get('acr_values')
    expect([await asked('export'), await asked('approve')]).toEqual([MFA, 'phr'])
  })
})

describe('a login provider that is away', () => {
  test('the step-up opens without it started, choosing it says so, and once it is back the same step-up goes on', async () => {
    provider.outage('/.well-known/openid-configuration', 503)
    const who = await caller()
    const stepUp = await startStepUp(world.domain, who, { feature: 'recent' })
    expect(stepUp).toMatchObject({ status: 'open', methods: [{ method: 'relogin' }], attemptsLeft: 5 })
    expect(stepUp.status === 'open' && stepUp.methods[0]).not.toHaveProperty('start')
    expect(await problemOf(startMethod(world.domain, who, stepUp.id, 'relogin'))).toMatchObject({
      code: 'login_unavailable',
      status: 503,
      retryAfter: 5,
    })
    // not asked again by every request
    expect(provider.requests).toHaveLength(1)
    provider.outage('/.well-known/openid-configuration')
    world.clock.advance(5)
    const url = urlOf(await startMethod(world.domain, who, stepUp.id, 'relogin'))
    expect(await answer(who, stepUp.id, provider.signIn(url))).toMatchObject({ status: 'done' })
  })

  test.each<[string, string, number | 'huge']>([
    ['the token endpoint fails', '/token', 500],
    ['the token endpoint is asked too often', '/token', 429],
    ['the token endpoint sends without end', '/token', 'huge'],
    ['the keys cannot be read', '/jwks', 500],
    ['the keys are gone', '/jwks', 404],
    ['the keys are without end', '/jwks', 'huge'],
  ])('%s: nothing is counted, nothing proven, and the user is told to try again', async (_, path, outage) => {
    const who = await caller()
    const { id, url } = await begin(who)
    provider.outage(path, outage)
    expect(await problemOf(answer(who, id, provider.signIn(url)))).toMatchObject({ code: 'login_unavailable', status: 503 })
    provider.outage(path)
    const again = urlOf(await startMethod(world.domain, who, id, 'relogin'))
    expect(await answer(who, id, provider.signIn(again))).toMatchObject({ status: 'done' })
  })

  test.each<[string, ScriptedLogin['refuse']]>([
    ['its secret is wrong', { status: 401, body: { error: 'invalid_client' } }],
    ['its secret is wrong, says a header', { status: 401, body: {}, headers: { 'www-authenticate': 'Basic realm="x"' } }],
    ['it may not use codes', { status: 400, body: { error: 'unauthorized_client' } }],
    ['a page of a proxy answers', { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }],
    ['it is sent elsewhere', { status: 302, body: {}, headers: { location: 'https://evil.example' } }],
  ])('the provider refuses this service because %s: that is not the user’s fault', async (_, refuse) => {
    expect(await problemOf(signIn(refuse === undefined ? {} : { refuse }))).toMatchObject({ code: 'login_unavailable' })
  })

  test('an answer that comes to an instance which cannot ask the provider is not spent', async () => {
    const who = await caller()
    const { id, url } = await begin(who)
    const login = provider.signIn(url)
    const elsewhere = await open({}, {}, world.domain.store)
    provider.outage('/.well-known/openid-configuration', 500)
    expect(await problemOf(attempt(elsewhere.domain, who, id, { method: 'relogin', response: login }))).toMatchObject({
      code: 'login_unavailable',
    })
    expect(await answer(who, id, login)).toMatchObject({ status: 'done' })
  })

  test('threat: what was sent or answered is in an error that is logged', async () => {
    const who = await caller()
    const known: string[] = [SECRET]
    const scripts: ScriptedLogin[] = [
      { refuse: { status: 401, body: { error: 'invalid_client', error_description: 'quoted-secret' } } },
      { refuse: { status: 200, body: 'quoted-secret', headers: { 'content-type': 'text/plain' } } },
      { foreignKey: true },
      { claims: { sub: 'quoted-secret' } },
    ]
    for (const script of scripts) {
      const { id, url } = await begin(who)
      const login = provider.signIn(url, script)
      known.push(login.code, login.state, new URL(url).searchParams.get('nonce') ?? '', 'quoted-secret')
      const error = await answer(who, id, login).catch((thrown: unknown) => thrown)
      const said = JSON.stringify([describeFault(error), (error as StileError).toProblem()])
      for (const each of known) expect(said).not.toContain(each)
    }
  })
})

/** Another payload under the same signature. */
function forge(payload: string, claims: object): string {
  return Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), ...claims })).toString('base64url')
}

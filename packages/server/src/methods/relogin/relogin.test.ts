import { describe, expect, test } from 'vitest'
import { TEST_START } from '../../domain.test-support.ts'
import { startStepUp } from '../../step-ups/index.ts'
import { requestToken } from '../../step-ups/request-token.ts'
import { claimsOf, issuedOf, problemOf } from '../../step-ups/world.test-support.ts'
import { PAGE, useScriptedLogin } from './relogin.test-support.ts'

const setup = useScriptedLogin()
const { answer, begin, caller, signIn } = setup

describe('signing in again at the login provider', () => {
  test('opens a page that asks for a login given now, by code flow with PKCE, and says where it comes back', async () => {
    const { stepUp, url, id } = await begin(await caller())
    const { searchParams: asked, origin, pathname } = new URL(url)
    expect(origin + pathname).toBe(`${setup.provider.issuer}/authorize`)
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
    expect(stepUp).toMatchObject({ status: 'open', methods: [{ method: 'relogin', hint: new URL(setup.provider.issuer).host }] })
  })

  test('proves it, and the token says so in acr, amr, auth_time and proofs, and as what', async () => {
    const who = await caller()
    const { id, url } = await begin(who)
    setup.world.clock.advance(20)
    const login = setup.provider.signIn(url, { claims: { amr: ['pwd', 'face'], auth_time: setup.world.clock.now() - 2 } })
    setup.world.clock.advance(3)
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
    setup.world.clock.advance(200)
    expect(claimsOf(await requestToken(setup.world.domain, who, { feature: 'recent' }))).toMatchObject({
      auth_time: authTime,
      amr: ['pwd', 'face'],
    })
    setup.world.clock.advance(100)
    expect(await problemOf(requestToken(setup.world.domain, who, { feature: 'recent' }))).toMatchObject({
      code: 'insufficient_user_authentication',
    })
  })

  test('tells a key that no login belongs to why, until it has signed in again', async () => {
    const unknown = { login: { method: 'login', level: 'session', amr: [], authTime: 0 }, vouchedBy: 'none' } as const
    for (const loginGap of ['login_elsewhere', 'key_not_stored'] as const) {
      const who = await caller({ ...unknown, sid: loginGap, loginGap })
      const { stepUp, id, url } = await begin(who)
      expect(stepUp).toMatchObject({ methods: [{ method: 'relogin', why: loginGap }] })
      await answer(who, id, setup.provider.signIn(url))
      setup.world.clock.advance(301)
      expect((await begin(who)).stepUp).toMatchObject({ methods: [expect.not.objectContaining({ why: expect.anything() })] })
    }
  })

  test('uses the client as it is registered: with its secret in the header or in the body, or none', async () => {
    for (const clientAuthentication of ['client_secret_basic', 'client_secret_post'] as const) {
      await setup.reopen({ relogin: { clientAuthentication } })
      expect(await signIn()).toMatchObject({ status: 'done' })
    }
    await setup.reopenPublic()
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
      await setup.reopen({ relogin: { loginHint, parameters: { organization: 'org_1' }, scope: 'openid profile' } })
      expect(await hintOf()).toBe(hint)
    }
    const { searchParams } = new URL((await begin(who)).url)
    expect([searchParams.get('organization'), searchParams.get('scope')]).toEqual(['org_1', 'openid profile'])
  })

  test('comes back to the page of the client that asks, and is the application’s own login if that has none', async () => {
    const other = await begin(await caller({ client: 'other' }))
    expect(new URL(other.url).searchParams.get('redirect_uri')).toBe('https://other.example/done')
    await setup.reopen({ relogin: { redirectUris: ['https://other.example/done'] } })
    const own = await startStepUp(setup.world.domain, await caller(), { feature: 'recent' })
    expect(own).toMatchObject({ status: 'open', methods: [{ method: 'relogin' }] })
    expect(own.status === 'open' && own.methods[0]).not.toHaveProperty('hint')
  })

  test('proves no operation: who signs in is not shown one', async () => {
    const start = startStepUp(setup.world.domain, await caller(), { feature: 'sign', operation: { document: 'd1' } })
    expect(await problemOf(start)).toMatchObject({ code: 'enrollment_required' })
  })

  test('someone who acts for the subject is never sent to sign in as them', async () => {
    const acting = await caller({ actor: 'support' })
    const stepUp = await startStepUp(setup.world.domain, acting, { feature: 'recent' })
    expect(stepUp.status === 'open' && stepUp.methods).toEqual([{ method: 'relogin' }])
    expect(await problemOf(answer(acting, stepUp.id, { code: 'c', state: `${stepUp.id}.x` }))).toMatchObject({ code: 'method_unavailable' })
  })
})

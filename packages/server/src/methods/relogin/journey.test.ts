import { generateKeyPairSync } from 'node:crypto'
import { definePolicy } from '@stile/policy'
import type { Problem, ReloginStart, StepUp } from '@stile/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signJwt } from '../../domain.test-support.ts'
import { ORIGIN, startTestService, type TestService } from '../../http/service.test-support.ts'
import { claimsOf, issuedOf } from '../../step-ups/world.test-support.ts'
import { type OidcProvider, startOidcProvider } from './oidc-provider.test-support.ts'

const PAGE = `${ORIGIN}/signed-in-again`
const MFA = 'urn:login:mfa'
const APP = 'https://own.example'
const POLICY = definePolicy({
  format: 1,
  features: {
    recent: { requires: { level: 'session', maxAge: '5m', methods: ['relogin'] } },
    export: { requires: { level: 'mfa', maxAge: '15m' } },
  },
  tiers: { pro: { features: ['recent', 'export'] } },
  license: { none: { tier: 'pro' } },
})

/** The whole service over HTTP with `oidc-provider` as the login provider, and an application that mints session tokens. */
describe('signing in again at a real OpenID provider', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'app', alg: 'ES256', use: 'sig' }
  let provider: OidcProvider
  let service: TestService
  // the provider calls the service, and the service the provider: the address of one must be known before
  let serviceUrl = ''

  beforeAll(async () => {
    const registered = { redirect_uris: [PAGE], client_secret: 'a secret of: the service' }
    provider = await startOidcProvider({
      acrValues: [MFA],
      locate: (url) => url.replace('https://stile.example', serviceUrl),
      clients: [
        {
          client_id: 'stile',
          ...registered,
          token_endpoint_auth_method: 'client_secret_post',
          backchannel_logout_uri: 'https://stile.example/v1/backchannel-logout/main',
        },
      ],
    })
    service = await startTestService({
      options: {
        policy: POLICY,
        issuers: [
          {
            id: 'main',
            issuer: APP,
            jwks: { keys: [jwk] as never },
            audience: 'stile',
            acrMap: { [MFA]: 'mfa' },
            relogin: {
              issuer: provider.issuer,
              clientId: 'stile',
              clientSecret: registered.client_secret,
              clientAuthentication: 'client_secret_post',
              redirectUris: [PAGE],
            },
            stepUp: { mfa: { acr_values: MFA } },
          },
        ],
      },
    })
    serviceUrl = service.url
  })
  afterAll(async () => {
    await service.close()
    await provider.close()
  })

  /** A browser at the application; its login is an hour old. */
  const clientOf = (sub: string, sid = `s-${sub}`) => {
    const began = service.now()
    return service.client(() => {
      const time = service.now()
      const payload = { iss: APP, aud: 'stile', sub, sid, auth_time: began - 3600, iat: time, exp: time + 300 }
      return signJwt({ typ: 'JWT', alg: 'ES256', kid: 'app' }, payload, privateKey)
    })
  }
  type Client = ReturnType<typeof clientOf>
  const begin = async (client: Client, feature: string) => {
    const { body } = await client.request('POST', '/v1/step-ups', { body: { feature } })
    const stepUp = body as unknown as StepUp & { status: 'open' }
    const relogin = stepUp.methods.find(({ method }) => method === 'relogin')
    const { url } = (relogin?.start ?? { url: '' }) as ReloginStart
    return { id: stepUp.id, url, hint: relogin?.hint }
  }
  const answer = (client: Client, id: string, response: unknown) =>
    client.request('POST', `/v1/step-ups/${id}/attempts`, { body: { method: 'relogin', response } })

  test('a login there proves it only if it is fresh, although the provider has a session', async () => {
    const client = clientOf('alice')
    const browser = provider.browser()
    const { id, url, hint } = await begin(client, 'recent')
    expect(hint).toBe(new URL(provider.issuer).host)
    const before = service.now()
    const done = await answer(client, id, await browser.signIn(url, { login: 'alice', amr: 'pwd' }))
    expect(done).toMatchObject({ status: 200, body: { status: 'done', issued: { acr: 'urn:stile:acr:session', amr: ['pwd'] } } })
    const claims = claimsOf(issuedOf(done.body as unknown as StepUp))
    expect(claims.auth_time).toBeGreaterThanOrEqual(before - 5)
    expect(claims.proofs).toMatchObject([{ method: 'login' }, { method: 'relogin', amr: ['pwd'], auth_time: claims.auth_time }])
    // the provider asks again although it knows this browser: without the form the browser does not come back
    const again = await begin(clientOf('alice', 'another'), 'recent')
    expect(await browser.signIn(again.url, { cancel: true })).toMatchObject({ error: 'access_denied' })
  })

  test('a user who signs in there as somebody else, or cancels, is told so', async () => {
    const client = clientOf('bob')
    const one = await begin(client, 'recent')
    expect(await answer(client, one.id, await provider.browser().signIn(one.url, { login: 'mallory' }))).toMatchObject({
      status: 422,
      body: { code: 'attempt_failed', failure: 'login_other_user' },
    })
    const two = await begin(client, 'recent')
    const refused = await answer(client, two.id, await provider.browser().signIn(two.url, { cancel: true }))
    expect(refused.body as Partial<Problem>).toMatchObject({ code: 'attempt_failed', failure: 'login_refused' })
  })

  test('threat: the code is brought by another device, or without the secret that the service keeps', async () => {
    const [client, thief] = [clientOf('carol'), clientOf('carol')]
    const { id, url } = await begin(client, 'recent')
    const login = await provider.browser().signIn(url, { login: 'carol' })
    expect(await answer(thief, id, login)).toMatchObject({ status: 410, body: { code: 'step_up_expired' } })
    const own = await begin(thief, 'recent')
    expect(await answer(thief, own.id, { ...login, state: new URL(own.url).searchParams.get('state') })).toMatchObject({
      body: { failure: 'login_invalid' },
    })
  })

  test('a login with MFA there is enough for a feature that asks for it, and one without is not', async () => {
    const client = clientOf('dave')
    const weak = await begin(client, 'export')
    expect(new URL(weak.url).searchParams.get('acr_values')).toBe(MFA)
    expect(await answer(client, weak.id, await provider.browser().signIn(weak.url, { login: 'dave', amr: 'pwd' }))).toMatchObject({
      body: { failure: 'level_too_low' },
    })
    const strong = await begin(client, 'export')
    const login = await provider.browser().signIn(strong.url, { login: 'dave', acr: MFA, amr: 'pwd otp mfa' })
    expect(await answer(client, strong.id, login)).toMatchObject({
      status: 200,
      body: { status: 'done', issued: { acr: 'urn:stile:acr:mfa', amr: ['pwd', 'otp', 'mfa'] } },
    })
  })

  test('signing out there ends the sessions here, with their streams', async () => {
    const client = clientOf('erin')
    const other = clientOf('frank')
    const browser = provider.browser()
    const { id, url } = await begin(client, 'recent')
    expect((await answer(client, id, await browser.signIn(url, { login: 'erin' }))).status).toBe(200)
    const [own, others] = [await client.events(), await other.events()]
    await own.nextNamed('state')
    await others.nextNamed('state')
    expect(await browser.signOut()).toBe('signed out')
    expect((await own.nextNamed('end')).data).toEqual({ code: 'session_ended' })
    expect(await client.request('GET', '/v1/state')).toMatchObject({ status: 401, body: { code: 'session_ended' } })
    expect((await other.request('GET', '/v1/state')).status).toBe(200)
    others.close()
  })

  test('threat: a code, a secret or a token stands in the log', () => {
    const log = service.lines.join('\n')
    expect(log).toContain('/v1/backchannel-logout/main')
    for (const secret of ['a secret of', 'logout_token', 'code_challenge', 'eyJ']) expect(log).not.toContain(secret)
  })
})

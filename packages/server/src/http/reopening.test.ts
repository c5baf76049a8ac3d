import type { IssuedToken, ReloginStart, StepUp } from '@stile/protocol'
import { SESSION_FEATURE } from '@stile/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ScriptedProvider, startScriptedProvider } from '../methods/relogin/scripted-provider.test-support.ts'
import { claimsOf, issuedOf } from '../step-ups/world.test-support.ts'
import { ORIGIN, startTestService, type TestService } from './service.test-support.ts'

const OTHER_ORIGIN = 'https://plain.example.com'
const MFA = 'urn:login:mfa'
const IDLE_SECONDS = 12 * 3600

const startOf = (body: unknown) => (body as { methods: readonly [{ start: ReloginStart }] }).methods[0].start

/** The whole service over HTTP, with a provider that says what a test scripts, and session tokens whose `sid` never changes. */
describe('a session that has ended', () => {
  let provider: ScriptedProvider
  let service: TestService

  beforeAll(async () => {
    provider = await startScriptedProvider({ now: () => service?.now() ?? 0 })
    service = await startTestService({
      options: {
        issuers: [
          {
            id: 'main',
            issuer: provider.issuer,
            jwks: `${provider.issuer}/jwks`,
            audience: 'stile',
            claims: { account: 'account' },
            acrMap: { [MFA]: 'mfa' },
            relogin: { clientId: 'stile', redirectUris: [`${ORIGIN}/done`] },
          },
        ],
        clients: [
          { id: 'web', origins: [ORIGIN] },
          { id: 'plain', origins: [OTHER_ORIGIN] },
        ],
        audiences: [{ id: 'https://api.example', issuers: ['main'], clients: ['web', 'plain'] }],
      },
    })
  })
  afterAll(async () => {
    await service.close()
    await provider.close()
  })

  /** Browsers of a new subject, whose tokens all say the same: a login with a second factor, of a while ago. */
  const subjectOf = async (sub: string, claims: Readonly<Record<string, unknown>> = {}) => {
    const authTime = service.now() - 60
    const payload = () => ({
      iss: provider.issuer,
      aud: 'stile',
      sub,
      sid: `s-${sub}`,
      account: 'acme',
      auth_time: authTime,
      acr: MFA,
      ...claims,
    })
    let token = ''
    /** The application gives the same session as ever. */
    const mint = async () => {
      token = await provider.sign({ ...payload(), iat: service.now(), exp: service.now() + 300 }, { typ: 'JWT' })
    }
    const browser = () => {
      const client = service.client(() => token)
      const post = (path: string, body: unknown = {}) => client.request('POST', path, { body })
      return {
        ...client,
        post,
        state: () => client.request('GET', '/v1/state'),
        begin: async (feature = SESSION_FEATURE) => {
          const answer = await post('/v1/step-ups', { feature })
          const { id } = answer.body as { id: string }
          return { answer, id, url: answer.status === 201 ? startOf(answer.body).url : '' }
        },
        answer: (id: string, response: unknown, method = 'relogin') => post(`/v1/step-ups/${id}/attempts`, { method, response }),
      }
    }
    await mint()
    const pass = async (seconds: number) => {
      service.advance(seconds)
      await mint()
    }
    const end = async (path = '') => {
      const key = await service.key('sessions:write')
      const url = `${service.adminUrl}/v1/admin/sessions/${encodeURIComponent(`main|${sub}`)}${path}`
      expect((await fetch(url, { method: 'DELETE', headers: { authorization: `Bearer ${key}` } })).status).toBe(204)
      await pass(2)
    }
    const signIn = (url: string, more: Readonly<Record<string, unknown>> = {}) => provider.signIn(url, { claims: { sub, ...more } })
    return { browser, pass, end, signIn }
  }
  type Browser = Awaited<ReturnType<typeof subjectOf>> extends { browser: () => infer B } ? B : never

  const OVER = { status: 401, body: { code: 'session_ended', next: { methods: ['relogin'] } } }

  /** Everything that somebody whose session is over could ask for, apart from the one step-up. */
  const everythingElse = (browser: Browser) => [
    browser.state(),
    browser.request('GET', '/v1/events'),
    browser.post('/v1/tokens'),
    browser.post('/v1/tokens', { feature: SESSION_FEATURE }),
    ...['reports.export', 'reports.view', 'stile:authenticators', 'stile:recovery', 'no such feature'].map((feature) =>
      browser.post('/v1/step-ups', { feature }),
    ),
    browser.request('GET', '/v1/authenticators'),
    browser.post('/v1/authenticators/registrations', { method: 'passkey' }),
    browser.post('/v1/authenticators/registrations/reg_AAAAAAAAAAAAAAAAAAAAAA', {}),
    browser.request('DELETE', '/v1/authenticators/a'),
    browser.request('GET', '/v1/devices'),
    browser.request('DELETE', '/v1/devices/a'),
    browser.request('GET', '/v1/recovery'),
    browser.post('/v1/recovery', { code: 'x' }),
    browser.post('/v1/recovery/codes'),
    browser.request('DELETE', '/v1/session'),
  ]

  test.each<[string, (subject: Awaited<ReturnType<typeof subjectOf>>, browser: Browser) => Promise<unknown>]>([
    ['support has ended', ({ end }) => end('/s-owner-0')],
    ['was ended with all others', ({ end }) => end()],
    ['its subject has signed out of', async ({ pass }, browser) => [await browser.request('DELETE', '/v1/session'), await pass(2)]],
    ['has not been used for long', ({ pass }) => pass(9 * 86_400)],
  ])('one that %s is begun again by a sign-in that the service runs', async (what, ends) => {
    const index = ['support has ended', 'was ended with all others', 'its subject has signed out of', 'has not been used for long'].indexOf(
      what,
    )
    const subject = await subjectOf(`owner-${index}`)
    const owner = subject.browser()
    expect((await owner.state()).status).toBe(200)
    await ends(subject, owner)
    expect(await owner.state()).toMatchObject(OVER)
    const { id, url, answer } = await owner.begin()
    expect(answer).toMatchObject({
      status: 201,
      body: {
        status: 'open',
        feature: SESSION_FEATURE,
        requirement: { level: 'session', methods: ['relogin'] },
        methods: [{ method: 'relogin' }],
      },
    })
    await subject.pass(5)
    const done = await owner.answer(id, subject.signIn(url))
    expect(done).toMatchObject({ status: 200, body: { status: 'done', issued: { acr: 'urn:stile:acr:session', amr: ['pwd'] } } })
    expect(claimsOf(issuedOf(done.body as unknown as StepUp))).toMatchObject({ sid: `s-owner-${index}`, cnf: { jkt: owner.jkt } })
    expect((await owner.state()).status).toBe(200)
    expect((await owner.begin()).answer, 'a page that had not heard of it').toMatchObject({ status: 200, body: { status: 'done' } })
  })

  test('threat: a thief with the session token and a key of their own asks for anything, and signs in nowhere', async () => {
    const subject = await subjectOf('robbed')
    const [owner, thief] = [subject.browser(), subject.browser()]
    await owner.state()
    await subject.end()
    const before = await service.store.changes.head()
    for (const answer of await Promise.all(everythingElse(thief))) expect(answer).toMatchObject(OVER)
    const { id, answer } = await thief.begin()
    expect(Object.keys((answer.body as { methods: object[] }).methods[0] ?? {}).sort(), 'the account and its host, and no more').toEqual([
      'hint',
      'method',
      'start',
    ])
    for (const method of ['totp', 'passkey', 'email-otp', 'recovery-code', 'security-key']) {
      expect(await thief.post(`/v1/step-ups/${id}/methods/${method}`)).toMatchObject(OVER)
      expect(await thief.answer(id, { code: '000000' }, method)).toMatchObject(OVER)
    }
    expect(await thief.answer(id, { state: 'x', code: 'x' })).toMatchObject({ body: { failure: 'login_invalid' } })
    expect(await thief.state()).toMatchObject(OVER)
    expect(await service.store.changes.head(), 'nothing was changed').toBe(before)
  })

  test('threat: an owner who comes back lets the thief on the same session in again, whatever the tokens say', async () => {
    const subject = await subjectOf('restored')
    const [owner, thief, former] = [subject.browser(), subject.browser(), subject.browser()]
    for (const each of [former, thief]) await each.state()
    await subject.end()
    const { id, url } = await owner.begin()
    await subject.pass(5)
    const login = subject.signIn(url)
    expect(await thief.answer(id, login), 'the step-up of another key').toMatchObject({ status: 410, body: { code: 'step_up_expired' } })
    expect((await owner.answer(id, login)).status).toBe(200)
    await subject.pass(5)
    for (const each of [thief, former, subject.browser()]) expect(await each.state()).toMatchObject(OVER)
    expect((await owner.state()).status).toBe(200)
  })

  test('threat: whoever knows the password alone inherits the second factor that a stolen token speaks of', async () => {
    const subject = await subjectOf('half-known')
    const [owner, thief] = [subject.browser(), subject.browser()]
    expect((await owner.state()).body).toMatchObject({ token: { acr: 'urn:stile:acr:mfa' } })
    await subject.end()
    const { id, url } = await thief.begin()
    await subject.pass(5)
    await thief.answer(id, subject.signIn(url))
    const { body } = await thief.state()
    expect(body).toMatchObject({ token: { acr: 'urn:stile:acr:session' } })
    expect(claimsOf((body as { token: IssuedToken }).token).proofs).not.toContainEqual(
      expect.objectContaining({ acr: 'urn:stile:acr:mfa' }),
    )
  })

  test.each([
    ['of somebody else', { sub: 'mallory' }, 'login_other_user'],
    ['of before the end', { auth_time: -3600 }, 'login_too_old'],
    ['without a time', { auth_time: undefined }, 'login_time_missing'],
  ])('threat: a sign-in %s begins it again', async (_, { auth_time, ...claims }: Record<string, unknown>, failure) => {
    const subject = await subjectOf(`attacked-${failure}`)
    const owner = subject.browser()
    await owner.state()
    await subject.end()
    const { id, url } = await owner.begin()
    const time =
      typeof auth_time === 'number' ? { auth_time: service.now() + auth_time } : failure === 'login_time_missing' ? { auth_time } : {}
    const refused = await owner.answer(id, subject.signIn(url, { ...claims, ...time }))
    expect(refused).toMatchObject({ status: 422, body: { failure } })
    expect(await owner.state()).toMatchObject(OVER)
    // another sign-in may do
    const again = await owner.post(`/v1/step-ups/${id}/methods/relogin`)
    const next = startOf(again.body).url
    await subject.pass(5)
    expect((await owner.answer(id, subject.signIn(next))).status).toBe(200)
  })

  test('threat: one sign-in begins it again twice, at once or after it has ended again', async () => {
    const subject = await subjectOf('replayed')
    const owner = subject.browser()
    await owner.state()
    await subject.end()
    const { id, url } = await owner.begin()
    await subject.pass(5)
    const login = subject.signIn(url)
    const answers = await Promise.all(Array.from({ length: 10 }, () => owner.answer(id, login)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    await subject.end()
    expect((await owner.answer(id, login)).status).toBe(410)
    expect(await owner.state()).toMatchObject(OVER)
  })

  test('threat: a session that is ended while its user signs in goes on', async () => {
    const subject = await subjectOf('overtaken')
    const owner = subject.browser()
    await owner.state()
    await subject.end()
    const { id, url } = await owner.begin()
    await subject.pass(5)
    const endFirst = async (jwt: string) => {
      await subject.end()
      return jwt
    }
    const login = provider.signIn(url, { claims: { sub: 'overtaken' }, change: endFirst as never })
    expect(await owner.answer(id, login)).toMatchObject({ status: 410, body: { code: 'step_up_expired' } })
    expect(await owner.state()).toMatchObject(OVER)
  })

  test('threat: a step-up that was opened before the session ended goes on after it', async () => {
    const subject = await subjectOf('held')
    const owner = subject.browser()
    await owner.state()
    // a page that asks by itself draws out nothing
    await subject.pass(IDLE_SECONDS - 100)
    const begun = await owner.request('POST', '/v1/step-ups?active=0', { body: { feature: 'stile:recovery' } })
    expect(begun.status).toBe(201)
    await subject.pass(150)
    const { id } = begun.body as { id: string }
    expect(await owner.answer(id, subject.signIn(startOf(begun.body).url))).toMatchObject(OVER)
    expect(await owner.post(`/v1/step-ups/${id}/methods/relogin`)).toMatchObject(OVER)
    expect(await owner.state()).toMatchObject(OVER)
  })

  test('two keys of one session that come back at once are both let in, and no third', async () => {
    const subject = await subjectOf('twofold')
    const browsers = [subject.browser(), subject.browser()]
    for (const each of browsers) await each.state()
    await subject.end()
    const begun = await Promise.all(browsers.map((each) => each.begin()))
    await subject.pass(5)
    const done = await Promise.all(
      browsers.map((each, index) => each.answer(begun[index]?.id ?? '', subject.signIn(begun[index]?.url ?? ''))),
    )
    expect(done.map(({ status }) => status)).toEqual([200, 200])
    for (const each of browsers) expect((await each.state()).status).toBe(200)
    expect(await subject.browser().state()).toMatchObject(OVER)
  })

  test('threat: a session that the issuer has ended, or in which somebody acts for the subject, begins again here', async () => {
    const subject = await subjectOf('logged-out')
    const owner = subject.browser()
    await owner.state()
    await service.store.sessions.endNamed({
      issuer: 'main',
      sid: 's-logged-out',
      now: service.now(),
      change: (key) => ({ at: service.now(), type: 'revoked', subject: key, before: service.now() }),
    })
    await subject.pass(2)
    const support = await subjectOf('customer', { act: { sub: 'support' } })
    const helper = support.browser()
    await helper.state()
    await support.pass(9 * 86_400)
    await subject.pass(0)
    for (const each of [owner, helper]) {
      const answer = await each.state()
      expect(answer).toMatchObject({ status: 401, body: { code: 'session_ended' } })
      expect(answer.body).not.toHaveProperty('next')
      expect((await each.begin()).answer).toMatchObject({ status: 401, body: { code: 'session_ended' } })
    }
  })

  test('a client that has no page for the login provider is offered nothing', async () => {
    const subject = await subjectOf('elsewhere')
    const owner = subject.browser()
    await owner.state()
    await subject.end()
    const headers = { origin: OTHER_ORIGIN }
    const answer = await owner.request('GET', '/v1/state', { headers })
    expect(answer).toMatchObject({ status: 401, body: { code: 'session_ended' } })
    expect(answer.body).not.toHaveProperty('next')
    const begun = await owner.request('POST', '/v1/step-ups', { headers, body: { feature: SESSION_FEATURE } })
    expect(begun).toMatchObject({ status: 401, body: { code: 'session_ended' } })
  })

  test('threat: keys without end of a stolen token, whose session is over, fill the store with step-ups', async () => {
    const subject = await subjectOf('crowd')
    const owner = subject.browser()
    await owner.state()
    await subject.end()
    const first = await owner.begin()
    const { stepUps } = service.store
    const record = await stepUps.get(first.id)
    if (record === null) throw new Error('No step-up was opened.')
    for (let index = 0; index < 99; index++)
      await stepUps.create({ ...record, id: `su_crowd_${index}`, key: { ...record.key, sid: `s-${index}`, jkt: `k-${index}` } })
    expect(await stepUps.get(first.id)).not.toBeNull()
    await subject.browser().begin()
    expect(await stepUps.get(first.id)).toBeNull()
    expect(await stepUps.get('su_crowd_0')).not.toBeNull()
    // a newer one is there to sign in with
    const { id, url } = await owner.begin()
    await subject.pass(5)
    expect((await owner.answer(id, subject.signIn(url))).status).toBe(200)
  })
})

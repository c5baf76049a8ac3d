import { describe, expect, test } from 'vitest'
import type { StileError } from '../../error.ts'
import { describeFault } from '../../http/log.ts'
import { attempt, startMethod, startStepUp } from '../../step-ups/index.ts'
import { problemOf } from '../../step-ups/world.test-support.ts'
import { SECRET, urlOf, useScriptedLogin } from './relogin.test-support.ts'
import type { ScriptedLogin } from './scripted-provider.test-support.ts'

const setup = useScriptedLogin()
const { answer, begin, caller, open, signIn } = setup

describe('a login provider that is away', () => {
  test('the step-up opens without it started, choosing it says so, and once it is back the same step-up goes on', async () => {
    setup.provider.outage('/.well-known/openid-configuration', 503)
    const who = await caller()
    const stepUp = await startStepUp(setup.world.domain, who, { feature: 'recent' })
    expect(stepUp).toMatchObject({ status: 'open', methods: [{ method: 'relogin' }], attemptsLeft: 5 })
    expect(stepUp.status === 'open' && stepUp.methods[0]).not.toHaveProperty('start')
    expect(await problemOf(startMethod(setup.world.domain, who, stepUp.id, 'relogin'))).toMatchObject({
      code: 'login_unavailable',
      status: 503,
      retryAfter: 5,
    })
    // not asked again by every request
    expect(setup.provider.requests).toHaveLength(1)
    setup.provider.outage('/.well-known/openid-configuration')
    setup.world.clock.advance(5)
    const url = urlOf(await startMethod(setup.world.domain, who, stepUp.id, 'relogin'))
    expect(await answer(who, stepUp.id, setup.provider.signIn(url))).toMatchObject({ status: 'done' })
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
    setup.provider.outage(path, outage)
    expect(await problemOf(answer(who, id, setup.provider.signIn(url)))).toMatchObject({ code: 'login_unavailable', status: 503 })
    setup.provider.outage(path)
    const again = urlOf(await startMethod(setup.world.domain, who, id, 'relogin'))
    expect(await answer(who, id, setup.provider.signIn(again))).toMatchObject({ status: 'done' })
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
    const login = setup.provider.signIn(url)
    const elsewhere = await open({ store: setup.world.domain.store })
    setup.provider.outage('/.well-known/openid-configuration', 500)
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
      const login = setup.provider.signIn(url, script)
      known.push(login.code, login.state, new URL(url).searchParams.get('nonce') ?? '', 'quoted-secret')
      const error = await answer(who, id, login).catch((thrown: unknown) => thrown)
      const said = JSON.stringify([describeFault(error), (error as StileError).toProblem()])
      for (const each of known) expect(said).not.toContain(each)
    }
  })
})

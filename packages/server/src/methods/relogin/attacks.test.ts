import { describe, expect, test } from 'vitest'
import { TEST_START } from '../../domain.test-support.ts'
import { startMethod } from '../../step-ups/index.ts'
import { problemOf, tally } from '../../step-ups/world.test-support.ts'
import { urlOf, useScriptedLogin } from './relogin.test-support.ts'
import type { ScriptedLogin } from './scripted-provider.test-support.ts'

const setup = useScriptedLogin()
const { answer, begin, caller, refusal, signIn } = setup

describe('attacks on signing in again', () => {
  test.each<[string, ScriptedLogin, string]>([
    ['somebody else signs in in the popup', { claims: { sub: 'mallory' } }, 'login_other_user'],
    ['a user whose name differs in case alone signs in', { claims: { sub: 'Alice' } }, 'login_other_user'],
    ['the provider names no user', { claims: { sub: undefined } }, 'login_invalid'],
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
    await setup.reopen()
    expect(await signIn({ claims: { auth_time: TEST_START + 30, iat: TEST_START + 30 } })).toMatchObject({
      issued: { authTime: TEST_START },
    })
  })

  test('threat: a login is answered twice, one after the other or at once', async () => {
    const who = await caller()
    const { id, url } = await begin(who)
    const login = setup.provider.signIn(url)
    const { won, lost } = await tally(Array.from({ length: 8 }, () => answer(who, id, login)))
    expect({ won, lost: new Set(lost) }).toEqual({ won: 1, lost: new Set(['step_up_expired']) })
    expect(await problemOf(answer(who, id, login))).toMatchObject({ code: 'step_up_expired' })
    expect(setup.provider.requests.filter((path) => path === '/token')).toHaveLength(1)
  })

  test('threat: a wrong answer could be tried again with the same sign-in', async () => {
    const who = await caller()
    const { id, url } = await begin(who)
    const login = setup.provider.signIn(url)
    for (const wrong of [{ ...login, state: `${id}.${'A'.repeat(22)}` }])
      expect(await problemOf(answer(who, id, wrong))).toMatchObject({ failure: 'login_invalid' })
    expect(await problemOf(answer(who, id, login))).toMatchObject({ failure: 'challenge_used' })
    expect(setup.provider.requests).not.toContain('/token')
    expect(urlOf(await startMethod(setup.world.domain, who, id, 'relogin'))).not.toBe(url)
  })

  test('threat: the answer to a sign-in that was begun again still counts', async () => {
    const who = await caller()
    const { id, url } = await begin(who)
    const former = setup.provider.signIn(url)
    const again = urlOf(await startMethod(setup.world.domain, who, id, 'relogin'))
    const [one, two] = [url, again].map((each) => new URL(each).searchParams)
    for (const name of ['state', 'nonce', 'code_challenge']) expect(one?.get(name)).not.toBe(two?.get(name))
    expect(await problemOf(answer(who, id, former))).toMatchObject({ failure: 'login_invalid' })
  })

  test.each<[string, (login: { code: string; state: string; iss: string }) => object]>([
    ['another state', ({ state, ...rest }) => ({ ...rest, state: `${state}x` })],
    [
      'the state of another step-up',
      ({ state, ...rest }) => ({ ...rest, state: state.replace(/^su_./, (begin) => (begin === 'su_x' ? 'su_y' : 'su_x')) }),
    ],
    ['another issuer, of a provider that mixes answers up', (login) => ({ ...login, iss: 'https://evil.example' })],
    ['no issuer, though the provider always names itself', ({ code, state }) => ({ code, state })],
    ['a code that was not given', (login) => ({ ...login, code: 'made-up' })],
  ])('threat: the answer is brought with %s', async (_, change) => {
    const who = await caller()
    const { id, url } = await begin(who)
    expect(await problemOf(answer(who, id, change(setup.provider.signIn(url))))).toMatchObject({ failure: 'login_invalid' })
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
    expect(setup.provider.requests).not.toContain('/token')
  })

  test('threat: a login for one step-up is redeemed for another, of the same user or somebody else', async () => {
    const who = await caller()
    const [one, two] = [await begin(who), await begin(who)]
    expect(await problemOf(answer(who, two.id, setup.provider.signIn(one.url)))).toMatchObject({ failure: 'login_invalid' })
    const thief = await caller({ sub: 'mallory', sid: 's2', jkt: 'thief' })
    expect(await problemOf(answer(thief, one.id, setup.provider.signIn(one.url)))).toMatchObject({ code: 'step_up_expired' })
    for (const other of [{ sid: 's2' }, { jkt: 'another' }, { client: 'other' }])
      expect(await problemOf(answer(await caller(other), one.id, setup.provider.signIn(one.url)))).toMatchObject({
        code: 'step_up_expired',
      })
    // nothing of that has spent it
    expect(await answer(who, one.id, setup.provider.signIn(one.url))).toMatchObject({ status: 'done' })
  })

  test('threat: a writer of the database puts a sign-in that it knows in the place of another', async () => {
    const who = await caller()
    const [one, two] = [await begin(who), await begin(who)]
    const known = await setup.world.domain.store.stepUps.takeChallenge({ id: one.id, method: 'relogin' })
    await setup.world.domain.store.stepUps.start({ id: two.id, method: 'relogin', challenge: known ?? '' })
    await expect(answer(who, two.id, setup.provider.signIn(one.url))).rejects.toMatchObject({ name: 'SealError' })
    expect(known).not.toContain(new URL(one.url).searchParams.get('nonce') ?? '')
  })

  test('the user cancels at the provider: they are told, nothing is counted, and another try is open', async () => {
    const who = await caller()
    const { id, url } = await begin(who)
    const { state, iss } = setup.provider.signIn(url)
    expect(await problemOf(answer(who, id, { error: 'access_denied', state, iss }))).toMatchObject({
      failure: 'login_refused',
      attemptsLeft: 5,
    })
    const again = urlOf(await startMethod(setup.world.domain, who, id, 'relogin'))
    expect(await answer(who, id, setup.provider.signIn(again))).toMatchObject({ status: 'done' })
  })
})

/** Another payload under the same signature. */
function forge(payload: string, claims: object): string {
  return Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), ...claims })).toString('base64url')
}

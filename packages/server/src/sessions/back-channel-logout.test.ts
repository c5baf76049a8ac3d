import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestDomain, TEST_ISSUER, TEST_START, type TestDomain } from '../domain.test-support.ts'
import { type ScriptedProvider, startScriptedProvider } from '../methods/relogin/scripted-provider.test-support.ts'
import { problemOf } from '../step-ups/world.test-support.ts'
import { deviceSession } from '../stores/session-names.ts'
import { backChannelLogout } from './back-channel-logout.ts'
import type { Caller } from './caller.ts'

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} }

describe('logout at the login provider', () => {
  let provider: ScriptedProvider
  let world: TestDomain
  let clock = () => TEST_START
  let serial = 0

  const open = (issuer: string): Promise<TestDomain> =>
    createTestDomain({
      options: {
        issuers: [
          {
            id: 'main',
            issuer,
            jwks: 'https://login.example/jwks',
            audience: 'stile',
            relogin: { issuer: provider.issuer, clientId: 'stile', redirectUris: ['https://app.example/done'] },
          },
          { id: 'own', issuer: 'https://own.example', jwks: 'https://own.example/jwks', audience: 'stile' },
        ],
      },
    })
  beforeEach(async () => {
    clock = () => TEST_START
    provider = await startScriptedProvider({ now: () => clock() })
    world = await open(provider.issuer)
    clock = world.clock.now
  })
  afterEach(async () => {
    await world.close()
    await provider.close()
  })

  const touch = (caller: Caller) => world.arrive(caller)
  const logout = (claims: Readonly<Record<string, unknown>>, header: object = {}, key: 'own' | 'foreign' = 'own') =>
    provider.sign(
      { iss: provider.issuer, aud: 'stile', iat: clock(), exp: clock() + 120, jti: `jti-${serial++}`, events: EVENTS, ...claims },
      { typ: 'logout+jwt', ...header },
      key,
    )
  const end = async (token: string | Promise<string>) => backChannelLogout(world.domain, 'main', await token)
  const sessions = async () => {
    const device = 'unnamed'.padEnd(43, '-')
    return {
      laptop: await world.caller(),
      phone: await world.caller({ sid: 's2', jkt: 'phone' }),
      unnamed: await world.caller({ sid: deviceSession(device), jkt: device }),
      bob: await world.caller({ sub: 'bob', subject: 'main|bob', sid: 's3', jkt: 'bob' }),
    }
  }
  const statuses = async (all: Readonly<Record<string, Caller>>) =>
    Object.fromEntries(await Promise.all(Object.entries(all).map(async ([name, caller]) => [name, await touch(caller)] as const)))

  test('ends the session that it names, with what was proven and begun, and an unnamed one of the same subject', async () => {
    const all = await sessions()
    await statuses(all)
    await end(logout({ sub: 'alice', sid: 's1' }))
    expect(await statuses(all)).toEqual({ laptop: 'ended', phone: 'known', unnamed: 'ended', bob: 'known' })
  })

  test('ends the session that it names also if it does not say whose it was', async () => {
    const all = await sessions()
    await statuses(all)
    await end(logout({ sid: 's3' }))
    expect(await statuses(all)).toEqual({ laptop: 'known', phone: 'known', unnamed: 'known', bob: 'ended' })
  })

  test('ends all sessions of a subject if it names none', async () => {
    const all = await sessions()
    await statuses(all)
    await end(logout({ sub: 'alice' }))
    expect(await statuses(all)).toEqual({ laptop: 'ended', phone: 'ended', unnamed: 'ended', bob: 'known' })
  })

  test('ends all sessions of the subject if the application gives sessions names of its own', async () => {
    await world.close()
    world = await open(TEST_ISSUER)
    clock = world.clock.now
    const all = await sessions()
    await statuses(all)
    await end(logout({ sub: 'alice', sid: 'a name of the provider' }))
    expect(await statuses(all)).toEqual({ laptop: 'ended', phone: 'ended', unnamed: 'ended', bob: 'known' })
  })

  test('ends the one session if the application passes on the name that the provider gave it', async () => {
    await world.close()
    world = await open(TEST_ISSUER)
    clock = world.clock.now
    const all = await sessions()
    await statuses(all)
    await end(logout({ sub: 'alice', sid: 's2' }))
    expect(await statuses(all)).toEqual({ laptop: 'known', phone: 'ended', unnamed: 'ended', bob: 'known' })
  })

  test('takes a media type with its prefix, and an audience of several', async () => {
    await end(logout({ sub: 'alice', aud: ['other', 'stile'] }, { typ: 'application/logout+jwt' }))
  })

  test.each<[string, Readonly<Record<string, unknown>>, object?]>([
    ['an ID token, by its typ', { nonce: undefined }, { typ: 'JWT' }],
    ['an ID token, by having no typ', {}, { typ: undefined }],
    ['an ID token, by its nonce', { nonce: 'n' }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another client', { aud: 'other' }],
    ['for nobody', { aud: undefined }],
    ['old', { iat: TEST_START - 300 }],
    ['of the future', { iat: TEST_START + 31 }],
    ['without a time', { iat: undefined }],
    ['expired', { exp: TEST_START - 30 }],
    ['without an end', { exp: undefined }],
    ['of no event', { events: undefined }],
    ['of another event', { events: { 'http://schemas.openid.net/event/other': {} } }],
    ['of an event that is a text', { events: { 'http://schemas.openid.net/event/backchannel-logout': 'yes' } }],
    ['of events in a list', { events: ['http://schemas.openid.net/event/backchannel-logout'] }],
    ['of nobody and nothing', { sub: undefined }],
    ['of a subject that is a number', { sub: 7 }],
    ['of a session that cannot be one', { sid: 'a\u0000b' }],
    ['of a subject that reads as somebody acting', { sub: 'alice\u0000act:bob' }],
    ['without an id', { jti: undefined }],
    ['extended by what nobody here understands', {}, { crit: ['b64'] }],
  ])('threat: a token that is %s ends sessions', async (_, claims, header = {}) => {
    const all = await sessions()
    await statuses(all)
    const before = await world.domain.store.changes.head()
    const token =
      header !== undefined && 'crit' in header
        ? withHeader(await logout({ sub: 'alice' }), header)
        : logout({ sub: 'alice', ...claims }, header)
    expect(await problemOf(end(token))).toMatchObject({ code: 'invalid_request' })
    expect(await statuses(all)).toMatchObject({ laptop: 'known', phone: 'known' })
    expect(await world.domain.store.changes.head()).toBe(before)
  })

  test('threat: a token that the provider did not sign ends sessions, or costs a write', async () => {
    const jti = 'its own'
    const good = await logout({ sub: 'alice', jti })
    const [head = '', body = '', signature = ''] = good.split('.')
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'logout+jwt' })).toString('base64url')
    const shared = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'logout+jwt' })).toString('base64url')
    const tokens = [
      '',
      'a.b.c',
      'a'.repeat(9000),
      await logout({ sub: 'alice', jti }, {}, 'foreign'),
      await logout({ sub: 'alice', jti }, { kid: 'unknown' }, 'foreign'),
      `${none}.${body}.`,
      `${none}.${body}.${signature}`,
      `${shared}.${body}.${signature}`,
      `${head}.${Buffer.from(Buffer.from(body, 'base64url').toString().replace('alice', 'bob')).toString('base64url')}.${signature}`,
    ]
    for (const token of tokens) expect(await problemOf(end(token))).toMatchObject({ code: 'invalid_request' })
    // none of them has used up the id
    await end(good)
  })

  test('threat: a token that was caught ends the next session too', async () => {
    const { laptop } = await sessions()
    await touch(laptop)
    const token = await logout({ sub: 'alice' })
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => end(token)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    world.clock.advance(10)
    const next = world.unseen({ sid: 's9' })
    expect(await touch(next)).toBe('new')
    expect(await problemOf(end(token))).toMatchObject({ code: 'invalid_request' })
    world.clock.advance(299)
    await world.domain.store.sweep(world.clock.now())
    expect(await problemOf(end(token))).toMatchObject({ code: 'invalid_request' })
    expect(await touch(next)).toBe('known')
  })

  test('is only for issuers with a login provider', async () => {
    for (const issuer of ['own', 'unknown', '__proto__'])
      expect(await problemOf(backChannelLogout(world.domain, issuer, await logout({ sub: 'alice' })))).toMatchObject({ code: 'not_found' })
  })

  test('if the keys cannot be read it says so, so that the provider may try again', async () => {
    const { laptop } = await sessions()
    await touch(laptop)
    provider.outage('/jwks', 500)
    const token = await logout({ sub: 'alice' })
    expect(await problemOf(end(token))).toMatchObject({ code: 'login_unavailable', status: 503 })
    provider.outage('/jwks')
    world.clock.advance(5)
    await end(token)
    expect(await touch(laptop)).toBe('ended')
  })
})

function withHeader(token: string, header: object): string {
  const [head = '', ...rest] = token.split('.')
  const read = JSON.parse(Buffer.from(head, 'base64url').toString()) as object
  return [Buffer.from(JSON.stringify({ ...read, ...header })).toString('base64url'), ...rest].join('.')
}

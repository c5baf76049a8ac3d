import { randomBytes } from 'node:crypto'
import { definePolicy } from '@stile/policy'
import { AUTHENTICATORS_FEATURE, type Registration, type ReloginStart } from '@stile/protocol'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { nameAddress } from '../addresses/mailbox.ts'
import { startMailServer, type TestMailServer } from '../mail/smtp.test-support.ts'
import { startScriptedProvider } from '../methods/relogin/scripted-provider.test-support.ts'
import { softAuthenticator } from '../methods/webauthn/authenticator.test-support.ts'
import type { Caller } from '../sessions/caller.ts'
import { endSessions } from '../sessions/end-sessions.ts'
import { attempt, startMethod, startStepUp } from '../step-ups/index.ts'
import { requestToken } from '../step-ups/request-token.ts'
import { createWorld, POLICY, problemOf, tally, type World } from '../step-ups/world.test-support.ts'
import type { Domain } from '../tokens/domain.ts'
import { finishRegistration, listAuthenticators, removeAuthenticator, startRegistration } from './index.ts'

const SECRET = 'the secret of this service'

let server: TestMailServer
let world: World
beforeEach(async () => {
  server = await startMailServer()
  world = await createWorld({ options: { mail: { from: 'no-reply@example.com', url: server.url }, help: 'support@example.com' } })
})
afterEach(() => world.close())

const person = (more: Partial<Caller> = {}) => world.caller({ email: { address: 'ada@example.com', verified: true }, ...more })
const begin = (by: Caller, on: Domain = world.domain) => startRegistration(on, by, { method: 'passkey' })
const asked = async (by: Caller, on: Domain = world.domain) => (await problemOf(begin(by, on))).requirement?.methods

/** Proves with a code by mail. */
async function confirmByMail(by: Caller, on: Domain = world.domain) {
  const { id } = await startStepUp(on, by, { feature: AUTHENTICATORS_FEATURE })
  await startMethod(on, by, id, 'email-otp')
  return attempt(on, by, id, { method: 'email-otp', response: { code: server.code() } })
}

/** Somebody who has known devices, and nothing enrolled any more, on a device that is new. */
async function onNewDevice(more: Partial<Caller> = {}): Promise<Caller> {
  const known = await person()
  const passkey = await world.enrolPasskey(known)
  await world.confirmed(known, () => removeAuthenticator(world.domain, known, passkey.id))
  return person({ sid: 's2', jkt: randomBytes(32).toString('base64url'), ...more })
}

describe('the first authenticator while the context is unusual', () => {
  test('takes a sign-in and then a code to the pinned address, one after the other', async () => {
    const caller = await onNewDevice()
    world.wait(301)
    expect(await asked(caller)).toEqual(['relogin'])
    const signedIn = { ...caller, login: { ...caller.login, authTime: world.clock.now() } }
    expect(await problemOf(begin(signedIn))).toMatchObject({
      requirement: { level: 'session', maxAgeSeconds: 300, methods: ['email-otp'] },
      next: { methods: ['email-otp'] },
    })
    expect(await problemOf(requestToken(world.domain, signedIn, { feature: AUTHENTICATORS_FEATURE }))).toMatchObject({
      code: 'insufficient_user_authentication',
      requirement: { methods: ['email-otp'] },
    })
    expect(await confirmByMail(signedIn)).toMatchObject({ status: 'done' })
    expect(await requestToken(world.domain, signedIn, { feature: AUTHENTICATORS_FEATURE })).toMatchObject({ token: expect.any(String) })
    expect(await begin(signedIn)).toMatchObject({ method: 'passkey' })
  })

  test('threat: a code by mail alone would be enough, or an old one', async () => {
    const caller = await onNewDevice()
    await confirmByMail(caller)
    const stale = { ...caller, login: { ...caller.login, authTime: world.clock.now() - 301 } }
    expect(await asked(stale)).toEqual(['relogin'])
    world.wait(301)
    expect(await asked({ ...caller, login: { ...caller.login, authTime: world.clock.now() } })).toEqual(['email-otp'])
  })

  test('threat: a code of another session or device would be enough', async () => {
    const caller = await onNewDevice()
    await confirmByMail(caller)
    for (const thief of [
      { ...caller, sid: 's3' },
      { ...caller, jkt: randomBytes(32).toString('base64url') },
    ])
      expect(await asked(thief)).toEqual(['email-otp'])
  })

  test('threat: an address that has just changed would be enough; whoever has none is told who can help', async () => {
    const thief = await onNewDevice({ email: { address: 'eve@example.com', verified: true } })
    const nobody = await world.caller({ sub: 'bob', email: { address: 'bob@example.com', verified: false } })
    const passkey = await world.enrolPasskey(nobody)
    await world.confirmed(nobody, () => removeAuthenticator(world.domain, nobody, passkey.id))
    for (const by of [thief, { ...nobody, sid: 's2', jkt: 'another-device-key' }])
      expect(await problemOf(begin(by))).toMatchObject({
        code: 'denied',
        detail: expect.stringContaining('support@example.com'),
        reasons: [{ code: 'risk_elevated' }],
      })
    expect(server.inbox()).toEqual([])
  })

  test('is told of who can help where no mail is configured', async () => {
    const caller = await onNewDevice()
    const { mail: _, ...silent } = world.domain
    expect((await problemOf(begin(caller, silent))).code).toBe('denied')
  })
})

describe('the first authenticator', () => {
  const answer = (by: Caller, { id, start }: Registration, on = world.domain) =>
    finishRegistration(on, by, id, { response: softAuthenticator().register((start as { challenge: string }).challenge) })

  test('threat: of many that were begun at once more than one would be let in by the sign-in alone', async () => {
    const sessions = await Promise.all(
      Array.from({ length: 8 }, (_, index) => person({ sid: `s${index}`, jkt: `${index}`.padEnd(43, 'x') })),
    )
    const begun = await Promise.all(sessions.map(async (by) => ({ by, registration: await begin(by) })))
    const { won, lost } = await tally(begun.map(({ by, registration }) => answer(by, registration)))
    expect([won, new Set(lost)]).toEqual([1, new Set(['insufficient_user_authentication'])])
    expect((await listAuthenticators(world.domain, sessions[0] as Caller)).authenticators).toHaveLength(1)
  })

  test('threat: of a thief would be enrolled although all sessions are ended while it is', async () => {
    const thief = await person()
    await world.arrive(thief)
    const registration = await begin(thief)
    const { authenticators } = world.domain.store
    // the end comes when all has been looked at and nothing is written yet
    const create: typeof authenticators.create = async (input) => {
      await endSessions(world.domain, { subject: thief.subject })
      return authenticators.create(input)
    }
    const on: Domain = { ...world.domain, store: { ...world.domain.store, authenticators: { ...authenticators, create } } }
    expect((await problemOf(answer(thief, registration, on))).code).toBe('session_ended')
    expect(await authenticators.list(thief.subject)).toEqual([])
  })
})

describe('a policy that asks for a code by mail as well', () => {
  const policy = definePolicy({ ...POLICY.document, enrollment: { first: ['email-otp', 'relogin'] } } as never)
  const strict = (): Domain => ({ ...world.domain, policy: () => ({ policy, revision: 2, digest: policy.digest }) })

  test('gets both for the first one, the sign-in first', async () => {
    const caller = await person()
    const old = { ...caller, login: { ...caller.login, authTime: world.clock.now() - 301 } }
    expect(await asked(old, strict())).toEqual(['relogin'])
    expect(await asked(caller, strict())).toEqual(['email-otp'])
    await confirmByMail(caller, strict())
    expect(await asked(old, strict())).toEqual(['relogin'])
    expect(await begin(caller, strict())).toMatchObject({ method: 'passkey' })
  })

  test('threat: mail alone would be listed', async () => {
    const mailOnly = definePolicy({ ...POLICY.document, enrollment: { first: ['email-otp'] } } as never)
    const on: Domain = { ...world.domain, policy: () => ({ policy: mailOnly, revision: 2, digest: mailOnly.digest }) }
    const caller = await person({ login: { method: 'login', level: 'session', amr: [], authTime: 0 } })
    expect(await asked(caller, on)).toEqual(['relogin'])
  })

  test('tells who can help where no code can be sent', async () => {
    const caller = await world.caller({ sub: 'bob' })
    expect(await problemOf(begin(caller, strict()))).toMatchObject({
      code: 'denied',
      detail: expect.stringContaining('support@example.com'),
    })
  })

  test('ends a step-up whose method is not the next one any more', async () => {
    const caller = await person()
    const { id } = await startStepUp(strict(), caller, { feature: AUTHENTICATORS_FEATURE })
    const stale = { ...caller, login: { ...caller.login, authTime: world.clock.now() - 301 } }
    expect((await problemOf(startMethod(strict(), stale, id, 'email-otp'))).code).toBe('step_up_expired')
  })

  test('asks nobody who has something strong for it', async () => {
    const caller = await person()
    await world.enrolPasskey(caller)
    await nameAddress(world.domain, { subject: caller.subject, address: 'new@example.com', by: 'admin' })
    expect(await world.confirmed(caller, () => begin(caller, strict()), strict())).toMatchObject({ method: 'passkey' })
  })
})

test('a sign-in at the login provider ends the first of the two step-ups, and then the code is asked for', async () => {
  const provider = await startScriptedProvider({ now: () => world.clock.now(), clientSecret: SECRET })
  onTestFinished(provider.close)
  const relogin = { issuer: provider.issuer, clientId: 'stile', clientSecret: SECRET, redirectUris: ['https://app.example/done'] }
  const [issuer] = world.domain.options.issuers
  const policy = definePolicy({ ...POLICY.document, enrollment: { first: ['relogin', 'email-otp'] } } as never)
  const there = await createWorld({
    policy,
    options: {
      issuers: [{ id: 'main', issuer: issuer?.issuer as string, jwks: 'https://login.example/jwks', audience: 'stile', relogin }],
      mail: { from: 'no-reply@example.com', url: server.url },
    },
  })
  onTestFinished(there.close)
  const caller = await person({ login: { method: 'login', level: 'session', amr: [], authTime: 1 } })
  await there.arrive(caller)
  const stepUp = await startStepUp(there.domain, caller, { feature: AUTHENTICATORS_FEATURE })
  const start = stepUp.status === 'open' ? (stepUp.methods[0]?.start as ReloginStart | undefined) : undefined
  const body = { method: 'relogin', response: provider.signIn(start?.url ?? '') }
  expect(await attempt(there.domain, caller, stepUp.id, body)).toMatchObject({ status: 'done' })
  expect(await asked(caller, there.domain)).toEqual(['email-otp'])
  await confirmByMail(caller, there.domain)
  expect(await begin(caller, there.domain)).toMatchObject({ method: 'passkey' })
})

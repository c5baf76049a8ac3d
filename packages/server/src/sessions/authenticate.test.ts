import { expect, onTestFinished, test } from 'vitest'
import { createTestDomain, TEST_CLIENT, type TestDevice, type TestDomain, type TestDomainOverrides } from '../domain.test-support.ts'
import { createCallerReader } from './authenticate.ts'
import { signOut } from './end-sessions.ts'

async function start(overrides: TestDomainOverrides = {}) {
  const world = await createTestDomain(overrides)
  onTestFinished(() => world.close())
  return { ...world, callers: createCallerReader(world.domain, { fetch: globalThis.fetch }) }
}

/** A request as a browser makes it. */
async function request(device: TestDevice, token: string, change: Readonly<Record<string, unknown>> = {}) {
  const dpop = await device.proof({ method: 'GET', path: '/v1/state', token })
  return { method: 'GET', path: '/v1/state', authorization: `Bearer ${token}`, dpop, client: TEST_CLIENT, ...change }
}

const noWrites = async ({ domain }: TestDomain): Promise<void> => {
  // what was refused for its token can be sent again: nothing of it was remembered
  expect(await domain.store.changes.head()).toBe(1)
}

test('a session token and a proof of the device key tell who is asking', async () => {
  const { callers, issuer, device, clock } = await start()
  const mine = await device()
  expect(await callers.authenticate(await request(mine, issuer.mint({ act: { sub: 'support' } })))).toEqual({
    issuer: 'main',
    sub: 'alice',
    subject: 'main|alice',
    account: 'acme',
    sid: 's1',
    jkt: mine.jkt,
    client: TEST_CLIENT,
    login: { method: 'login', level: 'session', amr: [], authTime: clock.now() },
    vouchedBy: 'first',
    actor: 'support',
    expiresAt: clock.now() + 300,
  })
})

test('without a session claim the session is that of the device, and without an account the subject is one', async () => {
  const { callers, issuer, device } = await start()
  const mine = await device()
  const caller = await callers.authenticate(await request(mine, issuer.mint({ sid: undefined, account: undefined })))
  expect(caller).toMatchObject({ sid: `dev-${mine.jkt}`, account: 'main|alice' })
})

test.each([
  ['no credentials', undefined],
  ['an empty header', ''],
  ['a scheme without a token', 'Bearer'],
  ['two tokens', 'Bearer a.b.c, Bearer d.e.f'],
  ['a token of each scheme', 'DPoP a.b.c, Bearer d.e.f'],
  ['both schemes before one token', 'DPoP Bearer a.b.c'],
  ['a token with spaces', 'Bearer a b'],
  ['another scheme', 'Basic YTpi'],
  ['a repeated header', ['Bearer a.b.c', 'Bearer d.e.f']],
])('%s is unauthenticated', async (_, authorization) => {
  const { callers, issuer, device } = await start()
  const sent = await request(await device(), issuer.mint(), { authorization })
  await expect(callers.authenticate(sent)).rejects.toMatchObject({ code: 'unauthenticated' })
})

test.each(['DPoP', 'dpop', 'Bearer', 'BEARER'])(
  'the scheme %s is taken, and a proof of the device key is demanded with it',
  async (scheme) => {
    const { callers, issuer, device } = await start()
    const [token, mine] = [issuer.mint(), await device()]
    const authorization = `${scheme} ${token}`
    await expect(callers.authenticate(await request(mine, token, { authorization }))).resolves.toMatchObject({ jkt: mine.jkt })
    const without = await request(mine, token, { authorization, dpop: undefined })
    await expect(callers.authenticate(without)).rejects.toMatchObject({ code: 'invalid_dpop_proof' })
  },
)

test('a stolen session token is worth nothing without the device key', async () => {
  const { callers, issuer, device } = await start()
  const token = issuer.mint()
  const thief = await device()
  await expect(callers.authenticate(await request(thief, token, { dpop: undefined }))).rejects.toMatchObject({
    code: 'invalid_dpop_proof',
  })
  const forAnother = await thief.proof({ method: 'GET', path: '/v1/state', token: issuer.mint({ sub: 'mallory' }) })
  await expect(callers.authenticate(await request(thief, token, { dpop: forAnother }))).rejects.toMatchObject({
    code: 'invalid_dpop_proof',
  })
})

test('threat: a session token that was given to one device key is shown with the key of a thief', async () => {
  const world = await start()
  const { callers, issuer, device } = world
  const [mine, thief] = [await device(), await device()]
  const token = issuer.mint({ cnf: { jkt: mine.jkt } })
  await expect(callers.authenticate(await request(thief, token))).rejects.toMatchObject({ code: 'invalid_token' })
  expect(await world.domain.store.sessions.list({ subject: 'main|alice', now: world.clock.now() })).toEqual([])
  await expect(callers.authenticate(await request(mine, token))).resolves.toMatchObject({ jkt: mine.jkt })
})

test('a proof without the nonce of this server is sent back for one, and then passes', async () => {
  const { callers, issuer, device } = await start()
  const token = issuer.mint()
  const mine = await device()
  const dpop = await mine.proof({ method: 'GET', path: '/v1/state', token, nonce: null })
  await expect(callers.authenticate(await request(mine, token, { dpop }))).rejects.toMatchObject({ code: 'use_dpop_nonce' })
  const again = await mine.proof({ method: 'GET', path: '/v1/state', token, nonce: callers.nonce() })
  await expect(callers.authenticate(await request(mine, token, { dpop: again }))).resolves.toMatchObject({ jkt: mine.jkt })
})

test('the target is the public URL of the configuration with the path, and the query does not matter', async () => {
  const { callers, issuer, device } = await start({ options: { publicUrl: 'https://app.example/stile' } })
  const token = issuer.mint()
  const mine = await device()
  await expect(callers.authenticate(await request(mine, token, { path: '/v1/state?audience=x' }))).resolves.toMatchObject({
    sub: 'alice',
  })
  await expect(callers.authenticate(await request(mine, token, { path: '/v1/events' }))).rejects.toMatchObject({
    code: 'invalid_dpop_proof',
  })
})

test('an overheard request cannot be sent again', async () => {
  const { callers, issuer, device } = await start()
  const sent = await request(await device(), issuer.mint())
  await callers.authenticate(sent)
  await expect(callers.authenticate(sent)).rejects.toMatchObject({ code: 'invalid_dpop_proof' })
})

test.each([
  ['an hour slow', -3600],
  ['an hour fast', 3600],
])('a browser whose clock is %s gets in with a fresh nonce, and never with an old one', async (_, wrong) => {
  const { callers, issuer, device, clock } = await start()
  const mine = await device()
  const token = issuer.mint({ exp: clock.now() + 3600 })
  const send = async (nonce: string) => {
    const dpop = await mine.proof({ method: 'GET', path: '/v1/state', token, nonce, claims: { iat: clock.now() + wrong } })
    return callers.authenticate(await request(mine, token, { dpop }))
  }
  const nonce = callers.nonce()
  await expect(send(nonce)).resolves.toMatchObject({ jkt: mine.jkt })
  clock.advance(60)
  await expect(send(nonce)).rejects.toMatchObject({ code: 'use_dpop_nonce' })
  await expect(send(callers.nonce())).resolves.toMatchObject({ jkt: mine.jkt })
})

test('an overheard request cannot be sent again later, while its nonce is still accepted', async () => {
  const { callers, issuer, device, domain, clock } = await start()
  const sent = await request(await device(), issuer.mint())
  await callers.authenticate(sent)
  for (const seconds of [16, 28]) {
    clock.advance(seconds)
    await domain.store.sweep(clock.now())
    await expect(callers.authenticate(sent)).rejects.toMatchObject({ code: 'invalid_dpop_proof' })
  }
})

test('whoever has no valid session token makes the service write nothing', async () => {
  const world = await start()
  const { callers, issuer, device } = world
  const mine = await device()
  const expired = issuer.mint({ exp: 1 })
  const sent = await request(mine, expired)
  await expect(callers.authenticate(sent)).rejects.toMatchObject({ code: 'invalid_token' })
  await noWrites(world)
  // the proof was not remembered either: sent again it fails for the token, not for having been used
  await expect(callers.authenticate(sent)).rejects.toMatchObject({ code: 'invalid_token' })
  expect(await world.arrive(world.unseen({ jkt: mine.jkt }))).toBe('new')
})

test('a session that was ended is ended on every device, and stays so for new tokens', async () => {
  const { callers, issuer, device, domain, clock } = await start()
  const [one, two] = [await device(), await device()]
  const caller = await callers.authenticate(await request(one, issuer.mint()))
  await callers.authenticate(await request(two, issuer.mint()))
  await signOut(domain, caller)
  for (const each of [one, two, await device()])
    await expect(callers.authenticate(await request(each, issuer.mint()))).rejects.toMatchObject({ code: 'session_ended' })
  const [change] = (await domain.store.changes.after({ cursor: 1, limit: 10 })).slice(-1)
  expect(change).toMatchObject({ type: 'revoked', subject: 'main|alice', sid: 's1', before: clock.now() })
  await expect(callers.authenticate(await request(one, issuer.mint({ sid: 's2' })))).resolves.toMatchObject({ sid: 's2' })
})

test('without a session claim, the end of a session keeps its old tokens out and lets the next login in', async () => {
  const { callers, issuer, device, domain, clock } = await start()
  const mine = await device()
  const login = clock.now()
  const hour = { sid: undefined, exp: login + 3600 }
  const old = issuer.mint({ ...hour, auth_time: login })
  const proof = { method: 'totp', level: 'mfa', amr: ['otp'], authTime: login } as const
  const caller = await callers.authenticate(await request(mine, old))
  const key = { subject: caller.subject, sid: caller.sid, jkt: mine.jkt }
  const change = { at: login, type: 'proofs', subject: caller.subject, sid: caller.sid } as const
  await domain.store.proofs.record({ key, proof, change })
  clock.advance(10)
  await signOut(domain, caller)
  const refusedOnes = [old, issuer.mint({ ...hour, auth_time: undefined }), issuer.mint({ ...hour, auth_time: login })]
  for (const token of refusedOnes)
    await expect(callers.authenticate(await request(mine, token))).rejects.toMatchObject({ code: 'session_ended' })
  clock.advance(5)
  await expect(callers.authenticate(await request(mine, issuer.mint(hour)))).resolves.toMatchObject({ sid: caller.sid })
  expect(await domain.store.proofs.list(key)).toEqual([])
  for (const token of refusedOnes)
    await expect(callers.authenticate(await request(mine, token))).rejects.toMatchObject({ code: 'session_ended' })
})

test('a session token of an issuer whose clock is fast does not outlive the end of its session', async () => {
  const { callers, issuer, device, domain, clock } = await start()
  const mine = await device()
  const token = issuer.mint({ sid: undefined, auth_time: clock.now() + 20 })
  await signOut(domain, await callers.authenticate(await request(mine, token)))
  await expect(callers.authenticate(await request(mine, token))).rejects.toMatchObject({ code: 'session_ended' })
})

test('a session with a name of its own stays ended, also for a later login', async () => {
  const { callers, issuer, device, domain, clock } = await start()
  const mine = await device()
  await signOut(domain, await callers.authenticate(await request(mine, issuer.mint())))
  clock.advance(10)
  await expect(callers.authenticate(await request(mine, issuer.mint()))).rejects.toMatchObject({ code: 'session_ended' })
})

test('ending the session of someone who acts for a subject leaves the subject signed in', async () => {
  const { callers, issuer, device, domain } = await start()
  const [support, own] = [await device(), await device()]
  const caller = await callers.authenticate(await request(support, issuer.mint({ act: { sub: 'support' } })))
  await signOut(domain, caller)
  await expect(callers.authenticate(await request(support, issuer.mint({ act: { sub: 'support' } })))).rejects.toMatchObject({
    code: 'session_ended',
  })
  await expect(callers.authenticate(await request(own, issuer.mint()))).resolves.toMatchObject({ sub: 'alice' })
})

test('a session that was unused for too long is over until its user signs in again', async () => {
  const { callers, issuer, device, clock } = await start({ options: { session: { idleSeconds: 600, absoluteSeconds: 3600 } } })
  const mine = await device()
  const login = clock.now()
  await callers.authenticate(await request(mine, issuer.mint({ auth_time: login })))
  clock.advance(601)
  await expect(callers.authenticate(await request(mine, issuer.mint({ auth_time: login })))).rejects.toMatchObject({
    code: 'session_ended',
  })
  await expect(callers.authenticate(await request(mine, issuer.mint({ auth_time: undefined })))).rejects.toMatchObject({
    code: 'session_ended',
  })
  await expect(callers.authenticate(await request(mine, issuer.mint()))).resolves.toMatchObject({ sid: 's1' })
})

test('no error holds the token, the proof or a part of them', async () => {
  const { callers, issuer, device } = await start()
  const mine = await device()
  const token = issuer.mint({ aud: 'another' })
  const sent = await request(mine, token)
  for (const change of [{}, { dpop: undefined }, { url: '/other' }, { authorization: `Basic ${token}` }]) {
    const error = await callers.authenticate({ ...sent, ...change }).catch((each) => each)
    const text = `${error.stack} ${JSON.stringify(error.toProblem())} ${String(error.cause)}`
    for (const part of [...token.split('.'), ...sent.dpop.split('.')]) expect(text).not.toContain(part)
  }
})

test('a store that fails is not the fault of the caller', async () => {
  const world = await start()
  const { callers, issuer, device, domain } = world
  const sent = await request(await device(), issuer.mint())
  await domain.store.close()
  await expect(callers.authenticate(sent)).rejects.not.toMatchObject({ code: expect.stringMatching(/^(invalid|unauth|session)/) })
})

test('threat: a script signs proofs for later. With the nonce that it had they pass for a minute', async () => {
  const { callers, issuer, device, clock } = await start()
  const mine = await device()
  clock.advance(15 - (clock.now() % 15))
  const nonce = callers.nonce()
  const token = issuer.mint()
  const signedAhead = async (iat: number) => mine.proof({ method: 'GET', path: '/v1/state', token, nonce, claims: { iat } })
  const loot = await Promise.all([...Array(12).keys()].map((each) => signedAhead(clock.now() + each * 25)))
  const codes: string[] = []
  for (const dpop of loot) {
    const sent = await request(mine, token, { dpop })
    codes.push(
      await callers.authenticate(sent).then(
        () => 'passed',
        ({ code }) => code,
      ),
    )
    clock.advance(25)
  }
  expect(codes).toEqual([...Array(3).fill('passed'), ...Array(9).fill('use_dpop_nonce')])
})

test('a client that calls every 45 seconds takes the nonce of the answer before, and is never asked twice', async () => {
  const { callers, issuer, device, clock } = await start()
  const mine = await device()
  for (let call = 0; call < 20; call++) {
    const nonce = callers.nonce()
    clock.advance(45)
    const token = issuer.mint()
    const dpop = await mine.proof({ method: 'GET', path: '/v1/state', token, nonce })
    await expect(callers.authenticate(await request(mine, token, { dpop }))).resolves.toMatchObject({ sub: 'alice' })
    clock.advance(1)
  }
})

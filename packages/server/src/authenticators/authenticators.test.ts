import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { GUESSES_PER_CEREMONY, guessesLeft } from '../guesses/guesses.ts'
import { hotp } from '../methods/totp/hotp.ts'
import { softAuthenticator } from '../methods/webauthn/authenticator.test-support.ts'
import type { Caller } from '../sessions/caller.ts'
import { attempt, startStepUp } from '../step-ups/index.ts'
import { challengeOf, createWorld, decodeBase32, problemOf, tally, type World } from '../step-ups/world.test-support.ts'
import type { Domain } from '../tokens/domain.ts'
import { finishRegistration, listAuthenticators, removeAuthenticator, renameAuthenticator, startRegistration } from './index.ts'

let world: World
let caller: Caller
beforeEach(async () => {
  world = await createWorld()
  caller = await world.caller({ displayName: '  Ada Lovelace ' })
})
afterEach(() => world.close())

async function begin(method: 'passkey' | 'totp', by = caller) {
  const { id, start } = await world.confirmed(by, () => startRegistration(world.domain, by, { method }))
  return { id, start: start as Record<string, unknown> & { challenge: string } }
}

const finish = (id: string, body: unknown, by = caller) => finishRegistration(world.domain, by, id, body)

describe('enrolling', () => {
  test('a passkey asks for a discoverable one without attestation, and for none that is there already', async () => {
    const first = await world.enrolPasskey(caller)
    const { start } = await begin('passkey')
    expect(start).toMatchObject({
      rp: { id: 'app.example', name: 'Example' },
      user: { name: 'Ada Lovelace', displayName: 'Ada Lovelace' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
      excludeCredentials: [{ id: first.credentialId, type: 'public-key', transports: ['internal'] }],
      timeout: 600_000,
      hints: ['client-device', 'hybrid'],
    })
    expect((start.pubKeyCredParams as { alg: number }[]).map(({ alg }) => alg)).toEqual([-8, -7, -257])
    expect(Buffer.from(start.challenge, 'base64url')).toHaveLength(32)
  })

  test('gives every passkey of a subject the same user handle, which says nothing of them', async () => {
    const [first, second] = [await begin('passkey'), await begin('passkey')]
    const handle = (start: Record<string, unknown>) => Buffer.from((start.user as { id: string }).id, 'base64url')
    expect(handle(first.start)).toEqual(handle(second.start))
    expect(handle(first.start)).toHaveLength(32)
    expect(handle(first.start).toString()).not.toContain('alice')
  })

  test('an app shows a secret of 160 bits once, and keeps it sealed', async () => {
    const { id, start } = await begin('totp')
    expect(start).toEqual({
      secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
      uri: `otpauth://totp/Example:Ada%20Lovelace?secret=${start.secret}&issuer=Example&algorithm=SHA1&digits=6&period=30`,
    })
    const kept = await world.domain.store.registrations.get(id)
    expect(JSON.stringify(kept)).not.toContain(start.secret)
  })

  test('counts as a proof given now', async () => {
    await world.enrolPasskey(caller)
    expect(await startStepUp(world.domain, caller, { feature: 'approve' })).toMatchObject({ status: 'done' })
  })

  test('remembers what bound it', async () => {
    const app = await world.enrolApp(caller)
    const passkey = await world.enrolPasskey(caller)
    const get = (id: string) => world.domain.store.authenticators.get({ subject: caller.subject, id })
    expect(await get(app.id)).toMatchObject({ boundBy: { method: 'login', level: 'session' } })
    expect(await get(passkey.id)).toMatchObject({ boundBy: { method: 'totp', level: 'mfa' } })
  })

  test('names what nobody named, and never takes a name twice', async () => {
    for (let count = 0; count < 3; count++) await world.enrolPasskey(caller)
    await world.enrolApp(caller)
    const { authenticators } = await listAuthenticators(world.domain, caller)
    expect(authenticators.map(({ name }) => name).sort()).toEqual(['Authenticator app', 'Passkey', 'Passkey 2', 'Passkey 3'])
    expect(
      authenticators.every((each) =>
        Object.keys(each).every((key) => ['id', 'method', 'level', 'name', 'createdAt', 'lastUsedAt', 'boundBy'].includes(key)),
      ),
    ).toBe(true)
  })

  test('takes a name that was chosen, trimmed', async () => {
    const { id, start } = await begin('passkey')
    expect(await finish(id, { name: '  Yubi 🔑 ', response: softAuthenticator().register(start.challenge) })).toMatchObject({
      name: 'Yubi 🔑',
    })
  })

  test.each(['', '   ', 'x'.repeat(65), 'a\u0000b', 'a\nb', '\u202Egnp.exe', 'lone \ud800', 7, null, ['x']])(
    'refuses the name %j and leaves the enrolment open',
    async (name) => {
      const { id, start } = await begin('passkey')
      const response = softAuthenticator().register(start.challenge)
      expect(await problemOf(finish(id, { name, response }))).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/name' }] })
      expect(await finish(id, { response })).toMatchObject({ name: 'Passkey' })
    },
  )

  test.each([undefined, null, [], 'passkey', {}, { method: 'email-otp' }, { method: 'recovery-code' }, { method: ['passkey'] }])(
    'refuses the body %j',
    async (body) => {
      expect((await problemOf(startRegistration(world.domain, caller, body))).code).toBe('invalid_request')
    },
  )

  test('may take longer than the proof that allowed it stays fresh', async () => {
    world.wait(290)
    const { id, start } = await begin('passkey')
    world.wait(400)
    expect(await finish(id, { response: softAuthenticator().register(start.challenge) })).toMatchObject({ method: 'passkey' })
  })

  test('ends at twenty', async () => {
    for (let count = 0; count < 19; count++) await world.enrolPasskey(caller)
    const spare = await begin('passkey')
    await world.enrolApp(caller)
    // before anybody is asked for a proof
    expect((await problemOf(startRegistration(world.domain, caller, { method: 'totp' }))).code).toBe('conflict')
    expect((await problemOf(finish(spare.id, { response: softAuthenticator().register(spare.start.challenge) }))).code).toBe('conflict')
    expect((await listAuthenticators(world.domain, caller)).authenticators).toHaveLength(20)
  })
})

describe('an attacker who enrols', () => {
  test('cannot enrol a credential that anybody has enrolled', async () => {
    const device = softAuthenticator()
    const first = await begin('passkey')
    await finish(first.id, { response: device.register(first.start.challenge) })
    world.hold(caller, { method: 'passkey', answer: (stepUp) => device.assert(challengeOf(stepUp)) })
    const mallory = await world.caller({ sub: 'mallory' })
    for (const by of [mallory, caller]) {
      const { id, start } = await begin('passkey', by)
      expect((await problemOf(finish(id, { response: device.register(start.challenge) }, by))).code).toBe('conflict')
    }
    expect((await listAuthenticators(world.domain, mallory)).authenticators).toEqual([])
  })

  test('cannot answer an enrolment twice, not even after a failure', async () => {
    const { id, start } = await begin('passkey')
    const response = softAuthenticator().register(start.challenge)
    expect(await problemOf(finish(id, { response: softAuthenticator().register('AAAA') }))).toMatchObject({
      code: 'attempt_failed',
      failure: 'challenge_used',
    })
    expect((await problemOf(finish(id, { response }))).code).toBe('registration_expired')
  })

  test.each(['passkey', 'totp'] as const)('in a burst with one right answer enrols one %s', async (method) => {
    const { id, start } = await begin(method)
    const code = method === 'totp' ? codeOf(start.secret as string) : ''
    const response = method === 'totp' ? { code } : softAuthenticator().register(start.challenge)
    const { won, lost } = await tally(Array.from({ length: 20 }, () => finish(id, { response })))
    expect({ won, lost: new Set(lost) }).toEqual({ won: 1, lost: new Set(['registration_expired']) })
    expect(await guessesLeft(world.domain, { subject: caller.subject, budget: 'owner' })).toBe(GUESSES_PER_CEREMONY)
    expect((await listAuthenticators(world.domain, caller)).authenticators).toHaveLength(1)
  })

  test('has five wrong codes, then the enrolment is gone', async () => {
    const { id, start } = await begin('totp')
    const right = codeOf(start.secret as string)
    const wrong = right === '000000' ? '111111' : '000000'
    for (const left of [4, 3, 2, 1, 0])
      expect(await problemOf(finish(id, { response: { code: wrong } }))).toMatchObject({ failure: 'wrong_code', attemptsLeft: left })
    expect((await problemOf(finish(id, { response: { code: right } }))).code).toBe('registration_expired')
  })

  test('an app loses no guess by what cannot be a code, and may type the digits of any script', async () => {
    const { id, start } = await begin('totp')
    for (const code of ['', '12345', '1234567', 'abcdef', undefined, 123456])
      expect(await problemOf(finish(id, { response: { code } }))).toMatchObject({
        failure: 'response_malformed',
        attemptsLeft: 5,
        errors: [{ pointer: '/response/code' }],
      })
    const code = codeOf(start.secret as string).replace(/\d/g, (digit) => String.fromCodePoint(0x0966 + Number(digit)))
    expect(await finish(id, { response: { code } })).toMatchObject({ method: 'totp' })
  })

  test('and waits ten minutes is too late', async () => {
    const { id, start } = await begin('passkey')
    world.wait(600)
    expect((await problemOf(finish(id, { response: softAuthenticator().register(start.challenge) }))).code).toBe('registration_expired')
  })

  test.each(['', 'reg_', '../reg_AAAAAAAAAAAAAAAAAAAAAA', 'su_AAAAAAAAAAAAAAAAAAAAAA'])(
    'with the id %j is told it has ended',
    async (id) => {
      expect((await problemOf(finish(id, { response: {} }))).code).toBe('registration_expired')
    },
  )

  test('and moves the sealed secret of somebody else to their own enrolment cannot use it', async () => {
    const mallory = await world.caller({ sub: 'mallory' })
    const { id, start } = await begin('totp')
    const own = await begin('totp', mallory)
    const stolen = await world.domain.store.registrations.get(id)
    const planted = await world.domain.store.registrations.take(own.id)
    if (stolen === null || planted === null) throw new Error('the enrolments are open')
    await world.domain.store.registrations.create({ ...planted, secret: stolen.secret })
    const code = codeOf(start.secret as string)
    // it is a fault of the store and no guess, however often
    for (let count = 0; count < 12; count++)
      await expect(finish(own.id, { response: { code } }, mallory)).rejects.toThrow(expect.objectContaining({ code: 'not_authentic' }))
    expect((await listAuthenticators(world.domain, mallory)).authenticators).toEqual([])
  })
})

describe('managing', () => {
  test('a name is changed and shown', async () => {
    const passkey = await world.enrolPasskey(caller)
    expect(await renameAuthenticator(world.domain, caller, passkey.id, { name: ' Laptop ' })).toMatchObject({
      id: passkey.id,
      name: 'Laptop',
    })
    expect((await listAuthenticators(world.domain, caller)).authenticators).toMatchObject([{ name: 'Laptop' }])
  })

  test('nobody reaches the authenticators of another subject', async () => {
    const passkey = await world.enrolPasskey(caller)
    const mallory = await world.caller({ sub: 'mallory' })
    await world.enrolPasskey(mallory)
    for (const id of [passkey.id, 'auth_unknown', ''])
      expect([
        (await problemOf(renameAuthenticator(world.domain, mallory, id, { name: 'x' }))).code,
        (await problemOf(removeAuthenticator(world.domain, mallory, id))).code,
      ]).toEqual(['not_found', 'not_found'])
    expect((await listAuthenticators(world.domain, caller)).authenticators).toHaveLength(1)
  })

  test('what is removed proves nothing any more, and neither does what it has proven', async () => {
    const passkey = await world.enrolPasskey(caller)
    expect(await startStepUp(world.domain, caller, { feature: 'approve' })).toMatchObject({ status: 'done' })
    await world.confirmed(caller, () => removeAuthenticator(world.domain, caller, passkey.id))
    expect((await problemOf(startStepUp(world.domain, caller, { feature: 'approve' }))).code).toBe('enrollment_required')
    expect((await listAuthenticators(world.domain, caller)).authenticators).toEqual([])
  })

  test('removing the passkey while its step-up is open ends its use', async () => {
    const passkey = await world.enrolPasskey(caller)
    await world.enrolApp(caller)
    const stepUp = await startStepUp(world.domain, caller, { feature: 'pay', operation: { amount: '1', currency: 'EUR' } })
    await world.confirmed(caller, () => removeAuthenticator(world.domain, caller, passkey.id))
    const answer = { method: 'passkey', response: passkey.assert(challengeOf(stepUp)) }
    expect((await problemOf(attempt(world.domain, caller, stepUp.id, answer))).code).toBe('method_unavailable')
  })
})

test.each([
  ['registrations', 'take'],
  ['authenticators', 'create'],
] as const)('if %s.%s of the store fails, no guess is counted, nothing is enrolled and the enrolment stays open', async (part, verb) => {
  const { id, start } = await begin('totp')
  const fails = async () => {
    throw new Error('disk I/O error')
  }
  const { store } = world.domain
  const domain: Domain = { ...world.domain, store: { ...store, [part]: { ...store[part], [verb]: fails } } }
  const response = { code: codeOf(start.secret as string) }
  for (let count = 0; count < 12; count++) await expect(finishRegistration(domain, caller, id, { response })).rejects.toThrow('disk')
  expect((await listAuthenticators(world.domain, caller)).authenticators).toEqual([])
  expect(await finish(id, { response })).toMatchObject({ method: 'totp', level: 'mfa' })
})

function codeOf(secret: string): string {
  return hotp(decodeBase32(secret), Math.floor(world.clock.now() / 30))
}

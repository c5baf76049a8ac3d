import { createHash, randomBytes } from 'node:crypto'
import { canonicalJson } from '@stile/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Caller } from '../sessions/caller.ts'
import { sessionKey } from '../sessions/session-key.ts'
import { loadStanding } from '../standing/standing.ts'
import { attempt, startMethod, startStepUp } from '../step-ups/index.ts'
import {
  type App,
  challengeOf,
  claimsOf,
  createWorld,
  issuedOf,
  type Passkey,
  problemOf,
  tally,
  type World,
} from '../step-ups/world.test-support.ts'
import { answerTo, ask, changesOf } from './changes.test-support.ts'
import { finishRegistration, renameAuthenticator } from './index.ts'

let world: World
let alice: Caller
let passkey: Passkey
beforeEach(async () => {
  world = await createWorld()
  alice = await world.caller()
  passkey = await world.enrolPasskey(alice)
})
afterEach(() => world.close())

const newKey = () => randomBytes(32).toString('base64url')
const { add, begun, codes, count, open, prove, remove } = changesOf(() => ({ world, alice, passkey }))

describe('the operation of a change', () => {
  test('says what is changed, and its digest is that of the operation in canonical form', async () => {
    expect(await begun(add('security-key'))).toEqual({
      change: 'add',
      method: 'security-key',
      id: expect.stringMatching(/^reg_[\w-]{22}$/),
    })
    expect(await begun(codes())).toEqual({ change: 'codes', id: expect.stringMatching(/^codes_[\w-]{22}$/) })
    expect(await begun(remove(passkey.id))).toEqual({ change: 'remove', id: passkey.id, method: 'passkey', name: 'Passkey' })
    const kept = await world.domain.store.operations.list(sessionKey(alice))
    expect(kept.map(({ params }) => params.change)).toEqual(['remove', 'codes', 'add'])
    for (const { feature, account, audience, params, salt, digest } of kept) {
      expect(audience).toBe(world.domain.options.publicUrl)
      const input = `stile-op-v1\0${canonicalJson({ feature, account, audience, params, salt })}`
      expect(digest).toBe(createHash('sha256').update(input).digest('base64url'))
    }
    expect(new Set(kept.map(({ salt }) => salt)).size).toBe(3)
  })

  test('threat: an answer says that a change is proven, although the change was gone when the proof was kept', async () => {
    const operation = await begun(remove(passkey.id))
    const stepUp = await open(operation)
    const { operations } = world.domain.store
    const domain = { ...world.domain, store: { ...world.domain.store, operations: { ...operations, prove: async () => false } } }
    const response = passkey.assert(challengeOf(stepUp))
    expect(await problemOf(attempt(domain, alice, stepUp.id, { method: 'passkey', response }))).toMatchObject({ code: 'step_up_expired' })
  })

  test('names the enrolment that it lets in', async () => {
    const operation = await begun(add())
    await prove(operation)
    expect(await add()).toMatchObject({ id: operation.id })
  })

  test('is for the client that names none the one that was begun last', async () => {
    await begun(codes())
    const operation = await begun(add('passkey'))
    expect(await prove(undefined)).toMatchObject({ status: 'done', operation })
    expect(await add('passkey')).toMatchObject({ method: 'passkey' })
  })

  test('gives a token for what was proven before, and the proof is not remembered', async () => {
    world.wait()
    const issued = issuedOf(await prove(await begun(codes())))
    expect(claimsOf(issued)).toMatchObject({ auth_time: world.clock.now() - 3600 })
    expect((await loadStanding(world.domain, alice)).proofs).toHaveLength(2)
    expect(await startStepUp(world.domain, alice, { feature: 'approve' })).toMatchObject({ status: 'open' })
  })

  test('is done at once if its answer was lost on the way, and asks for no second proof', async () => {
    const operation = await begun(codes())
    await prove(operation)
    expect(await open(operation)).toMatchObject({ status: 'done', operation })
  })

  test('offers no sign-in: whoever signs in is not shown what for', async () => {
    const operation = await begun(codes())
    const stepUp = await open(operation)
    expect(stepUp).toMatchObject({ methods: [{ method: 'passkey' }] })
    expect((await problemOf(startMethod(world.domain, alice, stepUp.id, 'relogin'))).code).toBe('method_unavailable')
  })

  test.each([
    ['another method', { method: 'passkey' }],
    ['another id', { id: 'reg_AAAAAAAAAAAAAAAAAAAAAA' }],
    ['one more parameter', { name: 'Mine' }],
    ['another change', { change: 'codes' }],
  ])('threat: a step-up would be started for the operation with %s', async (_, other) => {
    const operation = await begun(add('totp'))
    expect((await problemOf(open({ ...operation, ...other }))).code).toBe('invalid_operation')
  })

  test.each([null, 'add', [], {}, { change: { add: true } }])('is not %j', async (operation) => {
    await begun(add('totp'))
    expect((await problemOf(open(operation))).code).toBe('invalid_operation')
  })

  test('threat: another session, device, subject or account would prove or use it', async () => {
    const operation = await begun(codes())
    const others = [
      await world.caller({ sid: 's2' }),
      await world.caller({ jkt: newKey() }),
      await world.caller({ account: 'other' }),
      await world.caller({ sub: 'mallory' }),
    ]
    for (const other of others.slice(0, 3)) expect((await problemOf(open(operation, other))).code).toBe('invalid_operation')
    await prove(operation)
    for (const other of others.slice(0, 3)) expect((await problemOf(codes(other))).code).toBe(ask)
    const mallory = others[3] as Caller
    await world.enrolPasskey(mallory)
    expect((await problemOf(open(operation, mallory))).code).toBe('invalid_operation')
    expect((await problemOf(codes(mallory))).code).toBe(ask)
    expect((await codes()).codes).toHaveLength(10)
  })

  test('threat: it would be begun with one key and finished with another', async () => {
    const stepUp = await open(await begun(add('passkey')))
    const thief = await world.caller({ jkt: newKey() })
    const response = passkey.assert(challengeOf(stepUp))
    expect((await problemOf(attempt(world.domain, thief, stepUp.id, { method: 'passkey', response }))).code).toBe('step_up_expired')
    await attempt(world.domain, alice, stepUp.id, { method: 'passkey', response })
    const { id, start } = await add('passkey')
    expect((await problemOf(finishRegistration(world.domain, thief, id, { response: answerTo(start) }))).code).toBe('registration_expired')
  })

  test('threat: it would be used twice', async () => {
    await prove(await begun(codes()))
    await codes()
    expect((await problemOf(codes())).code).toBe(ask)
    await prove(await begun(add('passkey')))
    const { id, start } = await add('passkey')
    await finishRegistration(world.domain, alice, id, { response: answerTo(start) })
    expect((await problemOf(add('passkey'))).code).toBe(ask)
  })

  test('threat: sixteen at once would make recovery codes on one proof', async () => {
    await prove(await begun(codes()))
    const { won, lost } = await tally(Array.from({ length: 16 }, () => codes()))
    expect([won, new Set(lost)]).toEqual([1, new Set([ask])])
  })

  test('threat: sixteen at once would add or remove on one proof', async () => {
    await prove(await begun(add('passkey')))
    const { id, start } = await add('passkey')
    const finish = () => finishRegistration(world.domain, alice, id, { response: answerTo(start) })
    const { won } = await tally(Array.from({ length: 16 }, finish))
    expect(won).toBe(1)
    expect(await count()).toBe(2)
    await prove(await begun(remove(passkey.id)))
    expect((await tally(Array.from({ length: 16 }, () => remove(passkey.id)))).won).toBe(1)
  })

  test('threat: sixteen answers at once would prove it more than once', async () => {
    const app = await world.enrolApp(alice)
    expect(app.id).toBeTruthy()
    const operation = await begun(codes())
    const opened = await Promise.all(Array.from({ length: 4 }, () => open(operation)))
    const { won, lost } = await tally(
      opened.map((each) => attempt(world.domain, alice, each.id, { method: 'passkey', response: passkey.assert(challengeOf(each)) })),
    )
    expect([won, new Set(lost)]).toEqual([1, new Set(['step_up_expired'])])
  })

  test('threat: it would be proven by what was removed since, or is switched off', async () => {
    const second = await world.enrolPasskey(alice)
    const elsewhere = await world.caller({ sid: 's2' })
    const stepUp = await open(await begun(codes()))
    await attempt(world.domain, alice, stepUp.id, { method: 'passkey', response: passkey.assert(challengeOf(stepUp)) })
    await world.confirmed(elsewhere, () => remove(passkey.id, elsewhere))
    expect((await problemOf(codes())).code).toBe(ask)
    expect(second.id).toBeTruthy()
  })

  test('threat: what was proven with something weaker would do once something stronger is enrolled', async () => {
    const bob = await world.caller({ sub: 'bob' })
    const app: App = await world.enrolApp(bob)
    const operation = await begun(add('totp', bob))
    const stepUp = await open(operation, bob)
    await attempt(world.domain, bob, stepUp.id, { method: 'totp', response: { code: app.code() } })
    world.clock.advance(30)
    const { id } = await add('totp', bob)
    await world.enrolPasskey(await world.caller({ sub: 'bob', sid: 's2' }))
    expect(await problemOf(finishRegistration(world.domain, bob, id, { response: { code: '000000' } }))).toMatchObject({
      code: ask,
      requirement: { level: 'phr' },
    })
  })

  test('threat: it would never expire', async () => {
    const waiting = await begun(codes())
    world.wait(601)
    expect((await problemOf(open(waiting))).code).toBe('invalid_operation')
    await prove(await begun(codes()))
    world.wait(301)
    expect((await problemOf(codes())).code).toBe(ask)
  })

  test('threat: it would outlive its session', async () => {
    await prove(await begun(codes()))
    const { subject, sid } = alice
    const at = world.clock.now()
    const change = { at, type: 'revoked', subject, sid, before: at } as const
    await world.domain.store.sessions.end({ subject, sid, now: at, change })
    expect((await problemOf(codes())).code).toBe(ask)
  })

  test('a creation that is cancelled or fails costs no second proof', async () => {
    await prove(await begun(add('passkey')))
    const cancelled = await add('passkey')
    const again = await add('passkey')
    expect((await problemOf(finishRegistration(world.domain, alice, again.id, { response: answerTo(cancelled.start) }))).code).toBe(
      'attempt_failed',
    )
    const last = await add('passkey')
    expect(await finishRegistration(world.domain, alice, last.id, { response: answerTo(last.start) })).toMatchObject({
      method: 'passkey',
      boundBy: { method: 'passkey', level: 'phr' },
    })
  })

  test('is kept for a credential that is enrolled already', async () => {
    await prove(await begun(add('passkey')))
    const { id, start } = await add('passkey')
    const same = passkey.register((start as { challenge: string }).challenge)
    expect((await problemOf(finishRegistration(world.domain, alice, id, { response: same }))).code).toBe('conflict')
    expect(await add('passkey')).toMatchObject({ method: 'passkey' })
  })

  test('an enrolment that began in time may take as long as it is open', async () => {
    await prove(await begun(add('passkey')))
    world.wait(290)
    const { id, start } = await add('passkey')
    world.wait(590)
    expect(await finishRegistration(world.domain, alice, id, { response: answerTo(start) })).toMatchObject({ method: 'passkey' })
  })

  test('the last authenticator goes with a proof of its own, and what was begun before is let in by no sign-in that is old', async () => {
    world.wait()
    await prove(await begun(add('passkey')))
    const { id, start } = await add('passkey')
    await prove(await begun(remove(passkey.id)))
    await remove(passkey.id)
    expect(await count()).toBe(0)
    expect(await problemOf(finishRegistration(world.domain, alice, id, { response: answerTo(start) }))).toMatchObject({
      code: ask,
      requirement: { level: 'session', methods: ['relogin'] },
    })
  })

  test('of many that wait, those begun last stay', async () => {
    const first = await begun(codes())
    for (let each = 0; each < 8; each++) await begun(codes())
    expect(await world.domain.store.operations.list(sessionKey(alice))).toHaveLength(8)
    expect((await problemOf(open(first))).code).toBe('invalid_operation')
  })

  test('a name takes any fresh proof, such as that of enrolling, and an operation of its own later', async () => {
    const rename = () => renameAuthenticator(world.domain, alice, passkey.id, { name: 'Desk' })
    expect(await rename()).toMatchObject({ name: 'Desk' })
    world.wait()
    const operation = await begun(renameAuthenticator(world.domain, alice, passkey.id, { name: 'Lap' }))
    expect(operation).toEqual({ change: 'rename', id: passkey.id, name: 'Desk', to: 'Lap' })
    await prove(operation)
    expect((await problemOf(rename())).code).toBe(ask)
    expect(await renameAuthenticator(world.domain, alice, passkey.id, { name: 'Lap' })).toMatchObject({ name: 'Lap' })
  })

  test('threat: another session would stop a new name by giving another one meanwhile', async () => {
    const other = await world.caller({ sid: 's2' })
    const rename = (name: string, by = alice) => renameAuthenticator(world.domain, by, passkey.id, { name })
    world.wait()
    await prove(await begun(rename('Desk')))
    await world.confirmed(other, () => rename('Mine', other))
    expect((await problemOf(rename('Mine'))).code).toBe(ask)
    expect(await rename('Desk')).toMatchObject({ name: 'Desk' })
  })
})

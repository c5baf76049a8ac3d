import { randomBytes } from 'node:crypto'
import { RECOVERY_FEATURE } from '@stile/protocol'
import { describe, expect, test } from 'vitest'
import { guessesLeft, takeGuess } from '../guesses/guesses.ts'
import type { Caller } from '../sessions/caller.ts'
import { loadStanding } from '../standing/standing.ts'
import { startStepUp } from '../step-ups/index.ts'
import { requestToken } from '../step-ups/request-token.ts'
import { claimsOf, issuedOf, problemOf, tally } from '../step-ups/world.test-support.ts'
import type { Domain } from '../tokens/domain.ts'
import { makeRecoveryCodes, recoveryOf } from './index.ts'
import { fails, useLostKeys } from './recovery.test-support.ts'

const setup = useLostKeys()
const { begin, codeAt, redeem } = setup

describe('a recovery code', () => {
  test('lets in one authenticator, with a sign-in, and says for ever that it was a code', async () => {
    expect((await problemOf(begin())).code).toBe('insufficient_user_authentication')
    expect(await redeem({ code: codeAt(0) })).toEqual({
      expiresAt: setup.world.clock.now() + 600,
      methods: ['passkey', 'security-key', 'totp'],
    })
    expect(await setup.world.addPasskey(setup.alice)).toMatchObject({
      level: 'phr',
      boundBy: { method: 'recovery-code', level: 'session' },
    })
    expect(await recoveryOf(setup.world.domain, setup.alice)).toMatchObject({ codesLeft: 9, email: { hint: 'a•••@example.com' } })
    expect(await setup.world.notices()).toEqual(['recovery_used alice@example.com', 'authenticator_added alice@example.com'])
  })

  test('opens the gate also on a device that is new', async () => {
    const elsewhere = setup.world.signedIn(setup.alice, { sid: 's2', jkt: randomBytes(32).toString('base64url') })
    await setup.world.arrive(elsewhere)
    expect((await loadStanding(setup.world.domain, elsewhere)).risk.band).toBe('elevated')
    await redeem({ code: codeAt(0) }, elsewhere)
    expect(await setup.world.addPasskey(elsewhere)).toMatchObject({ level: 'phr' })
    expect((await loadStanding(setup.world.domain, elsewhere)).risk.band).toBe('normal')
  })

  test('threat: the devices of whoever took the account over stay known after it was recovered', async () => {
    const { domain } = setup.world
    const elsewhere = setup.world.signedIn(setup.alice, { sid: 's2', jkt: randomBytes(32).toString('base64url') })
    await setup.world.arrive(elsewhere)
    await setup.world.addPasskey(elsewhere)
    const bandOf = async (caller: Caller) => (await loadStanding(domain, caller)).risk.band
    expect([await bandOf(setup.alice), await bandOf(elsewhere)]).toEqual(['normal', 'normal'])
    await redeem({ code: codeAt(0) })
    expect([await bandOf(setup.alice), await bandOf(elsewhere)]).toEqual(['normal', 'elevated'])
  })

  test('is read as people type it', async () => {
    expect(
      await redeem({ code: ` ${codeAt(0).toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} ` }),
    ).toBeDefined()
  })

  test('threat: would prove a level', async () => {
    await redeem({ code: codeAt(0) })
    for (const feature of ['export', 'approve'])
      expect(await startStepUp(setup.world.domain, setup.alice, { feature })).toMatchObject({ status: 'open' })
    expect((await loadStanding(setup.world.domain, setup.alice)).proofs).toEqual([setup.alice.login])
  })

  test('threat: would be used up before the sign-in, which is asked for first', async () => {
    setup.world.clock.advance(301)
    for (let count = 0; count < 12; count++)
      expect(await problemOf(redeem({ code: codeAt(0) }))).toMatchObject({
        code: 'insufficient_user_authentication',
        status: 401,
        feature: RECOVERY_FEATURE,
        requirement: { level: 'session', maxAgeSeconds: 300, methods: ['relogin'] },
        next: { methods: ['relogin'] },
      })
    expect(await setup.world.notices()).toEqual([])
    expect(await redeem({ code: codeAt(0) }, setup.world.signedIn(setup.alice))).toBeDefined()
  })

  test('threat: an old passkey proof or a code by mail would stand for the sign-in', async () => {
    setup.world.clock.advance(301)
    const { subject, sid, jkt } = setup.alice
    for (const method of ['passkey', 'email-otp'] as const)
      await setup.world.domain.store.proofs.record({
        key: { subject, sid, jkt },
        proof: { method, level: 'session', amr: [], authTime: setup.world.clock.now() },
        change: { at: setup.world.clock.now(), type: 'proofs', subject, sid },
      })
    expect((await problemOf(redeem({ code: codeAt(0) }))).code).toBe('insufficient_user_authentication')
  })

  test('threat: a sign-in in another session or on another device would stand for the one here', async () => {
    const { subject } = setup.alice
    setup.world.clock.advance(301)
    for (const other of [
      { sid: 's2', jkt: setup.alice.jkt },
      { sid: setup.alice.sid, jkt: 'phone' },
    ]) {
      await setup.world.arrive({ ...setup.alice, ...other })
      const kept = await setup.world.domain.store.proofs.record({
        key: { subject, ...other },
        proof: { method: 'relogin', level: 'session', amr: [], authTime: setup.world.clock.now() },
        change: { at: setup.world.clock.now(), type: 'proofs', subject, sid: other.sid },
      })
      expect(kept).toBe(true)
    }
    expect((await problemOf(redeem({ code: codeAt(0) }))).code).toBe('insufficient_user_authentication')
  })

  test('threat: would count twice, in a row or at the same time, and buy a second ticket', async () => {
    const others = Array.from({ length: 8 }, (_, index) => ({ ...setup.alice, sid: `s${index}`, jkt: `device-${index}` }))
    for (const each of others) await setup.world.arrive(each)
    const { won, lost } = await tally(others.map((by) => redeem({ code: codeAt(0) }, by)))
    expect([won, new Set(lost)]).toEqual([1, new Set(['recovery_failed'])])
    const begun = await Promise.allSettled(others.map((by) => begin(by)))
    expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await problemOf(redeem({ code: codeAt(0) }))).code).toBe('recovery_failed')
    expect(await recoveryOf(setup.world.domain, setup.alice)).toMatchObject({ codesLeft: 9 })
  })

  test('costs no guess however often it is sent at once, or again while its ticket is open', async () => {
    const { won, lost } = await tally(Array.from({ length: 16 }, () => redeem({ code: codeAt(0) })))
    expect({ won, lost: new Set(lost) }).toEqual({ won: 1, lost: new Set(['recovery_failed']) })
    expect((await problemOf(redeem({ code: codeAt(0) }))).code).toBe('recovery_failed')
    const { subject } = setup.alice
    const left = () => guessesLeft(setup.world.domain, { subject, budget: 'recovery', ceremony: 'su_any' })
    expect(await left()).toBe(5)
    // one that was never right costs one each time, beside a right one and after it
    await tally([redeem({ code: codeAt(1) }), ...Array.from({ length: 7 }, () => redeem({ code: '0000-0000-0000-0000' }))])
    expect(await left()).toBe(3)
    // and so does a right one in another session: it was no double click
    const elsewhere = setup.world.signedIn(setup.alice, { sid: 's2', jkt: 'another-device' })
    await setup.world.arrive(elsewhere)
    expect((await problemOf(redeem({ code: codeAt(1) }, elsewhere))).code).toBe('recovery_failed')
    expect(await left()).toBe(2)
  })

  test('threat: of another subject would recover', async () => {
    const bob = await setup.world.person('bob', { jkt: 'bobs-device' })
    expect((await problemOf(redeem({ code: codeAt(0) }, bob))).code).toBe('recovery_failed')
    expect(await redeem({ code: codeAt(0) })).toBeDefined()
  })

  test('threat: would tell by its words whether it is unknown, used or replaced', async () => {
    await redeem({ code: codeAt(0) })
    const former = codeAt(1)
    await setup.world.addPasskey(setup.alice)
    await setup.world.confirmed(setup.alice, () => makeRecoveryCodes(setup.world.domain, setup.alice))
    const problems = []
    for (const code of [codeAt(0), former, '0000-0000-0000-0000']) problems.push(await problemOf(redeem({ code })))
    expect(new Set(problems.map((each) => JSON.stringify(each))).size).toBe(1)
    expect(problems[0]).toMatchObject({ code: 'recovery_failed', status: 422 })
    const link = 'A'.repeat(43)
    expect(await problemOf(redeem({ link }))).toEqual(problems[0])
  })

  test('threat: would tell by the work it takes: the store is asked the same for every code', async () => {
    const { store } = setup.world.domain
    const asked: string[] = []
    const watched: Domain = {
      ...setup.world.domain,
      store: {
        ...store,
        recovery: {
          ...store.recovery,
          redeem: (input) => {
            asked.push(`${input.proof.kind} ${input.proof.digest.length} ${input.notices?.length}`)
            return store.recovery.redeem(input)
          },
        },
      },
    }
    for (const code of ['0000-0000-0000-0000', codeAt(0)]) await redeem({ code }, setup.alice, watched).catch(() => undefined)
    expect(asked).toEqual(['code 43 1', 'code 43 1'])
  })

  test('costs no guess if what was typed cannot be one', async () => {
    for (const code of ['hello', '0000-0000-0000-000', '0000-0000-0000-000U', '-'.repeat(16)])
      for (let count = 0; count < 4; count++)
        expect(await problemOf(redeem({ code }))).toMatchObject({ code: 'recovery_failed', errors: [{ pointer: '/code' }] })
    expect((await problemOf(redeem({ code: '' }))).code).toBe('invalid_request')
    expect(await guessesLeft(setup.world.domain, { subject: setup.alice.subject, budget: 'recovery', ceremony: 'su_any' })).toBe(5)
    expect(await redeem({ code: codeAt(0) })).toBeDefined()
  })

  test('threat: would be guessed without end', async () => {
    for (let count = 0; count < 10; count++) expect((await problemOf(redeem({ code: '0000-0000-0000-0000' }))).code).toBe('recovery_failed')
    expect(await problemOf(redeem({ code: codeAt(0) }))).toMatchObject({ code: 'too_many_attempts', retryAfter: 900 })
    // what else can be guessed is not closed by that
    expect(await startStepUp(setup.world.domain, setup.alice, { feature: 'export' })).toMatchObject({ attemptsLeft: 5 })
    const bob = await setup.world.person('bob', { jkt: 'bobs-device' })
    expect((await problemOf(redeem({ code: codeAt(0) }, bob))).code).toBe('recovery_failed')
    setup.world.clock.advance(900)
    expect(await redeem({ code: codeAt(0) }, setup.world.signedIn(setup.alice))).toBeDefined()
  })

  test.each(['owner', 'others'] as const)(
    'threat: would be closed to its owner by guesses of everything else, in the budget of %s',
    async (budget) => {
      const { subject } = setup.alice
      for (let count = 0; count < 10; count++) await takeGuess(setup.world.domain, { subject, budget })
      expect(await guessesLeft(setup.world.domain, { subject, budget })).toBe(0)
      expect(await redeem({ code: codeAt(0) })).toBeDefined()
    },
  )

  test('costs nothing where it is right, or where the store fails', async () => {
    const { store } = setup.world.domain
    const broken: Domain = { ...setup.world.domain, store: { ...store, recovery: { ...store.recovery, redeem: fails } } }
    for (let count = 0; count < 12; count++) await expect(redeem({ code: codeAt(0) }, setup.alice, broken)).rejects.toThrow('disk')
    for (let count = 0; count < 6; count++) await redeem({ code: codeAt(count) })
    expect(await guessesLeft(setup.world.domain, { subject: setup.alice.subject, budget: 'recovery' })).toBe(5)
  })

  test('ends all other sessions, and the tokens of this one that were issued before', async () => {
    const phone = { ...setup.alice, sid: 's2', jkt: 'phone' }
    await setup.world.arrive(phone)
    const before = issuedOf(await startStepUp(setup.world.domain, setup.alice, { feature: 'view' }))
    await redeem({ code: codeAt(0) })
    expect([await setup.world.arrive(setup.alice), await setup.world.arrive(phone)]).toEqual(['known', 'ended'])
    const revoked = await setup.world.domain.store.changes.revokedBefore(setup.alice.subject)
    expect(claimsOf(before).iat as number).toBeLessThanOrEqual(revoked)
    expect(claimsOf(await requestToken(setup.world.domain, setup.alice, {})).iat as number).toBeGreaterThan(revoked)
  })

  test('threat: while acting for somebody would be seen, made or used', async () => {
    const actor = { ...setup.alice, actor: 'support-7' }
    expect(await recoveryOf(setup.world.domain, actor)).toEqual({ codesLeft: 0 })
    for (const refused of [redeem({ code: codeAt(0) }, actor), makeRecoveryCodes(setup.world.domain, actor), redeem({ link: 'x' }, actor)])
      expect(await problemOf(refused)).toMatchObject({ code: 'denied', reasons: [{ code: 'actor_not_allowed' }] })
    await redeem({ code: codeAt(0) })
    expect((await problemOf(begin(actor))).code).toBe('denied')
    expect(await problemOf(startStepUp(setup.world.domain, actor, { feature: RECOVERY_FEATURE }))).toMatchObject({ code: 'denied' })
  })

  test.each([
    undefined,
    null,
    {},
    [],
    'x',
    { code: 7 },
    { code: '' },
    { code: ['x'] },
    { code: 'a', link: 'b' },
    { code: 'x'.repeat(600) },
  ])('is not read from the body %j', async (body) => {
    expect((await problemOf(redeem(body as object))).code).toBe('invalid_request')
  })
})

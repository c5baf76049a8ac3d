import { randomBytes } from 'node:crypto'
import { RECOVERY_FEATURE } from '@stile/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { authenticatorsGate } from '../authenticators/gate.ts'
import { removeAuthenticator, renameAuthenticator, startRegistration } from '../authenticators/index.ts'
import type { Caller } from '../sessions/caller.ts'
import { loadStanding } from '../standing/standing.ts'
import { startStepUp } from '../step-ups/index.ts'
import { requestToken } from '../step-ups/request-token.ts'
import { claimsOf, issuedOf, problemOf, tally } from '../step-ups/world.test-support.ts'
import type { Domain } from '../tokens/domain.ts'
import { makeRecoveryCodes, makeRecoveryLink, recoveryOf, redeemRecovery, sendRecoveryLink } from './index.ts'
import { createRecoveryWorld, PAGE, type RecoveryWorld } from './world.test-support.ts'

let world: RecoveryWorld
let alice: Caller
let codes: readonly string[]
beforeEach(async () => {
  world = await createRecoveryWorld()
  const enrolled = await world.person()
  codes = await world.withCodes(enrolled)
  await world.notices()
  alice = world.signedIn(enrolled)
  await world.arrive(alice)
})
afterEach(() => world.close())

const codeAt = (index: number): string => codes[index] as string
const redeem = (proof: object, by = alice, on: Domain = world.domain) => redeemRecovery(on, by, proof)
const tokenIn = (url: string) => /^https:\/\/app\.example\/recover#stile-recovery=([A-Za-z0-9_-]{43})$/.exec(url)?.[1] as string
const begin = (by = alice, method = 'passkey') => startRegistration(world.domain, by, { method })
const fails = () => Promise.reject(new Error('disk I/O error'))
/** Other signals than the device key could raise it so far. */
const dangerous = (): Domain => ({
  ...world.domain,
  store: { ...world.domain.store, devices: { ...world.domain.store.devices, find: async () => ({ any: true, bound: false }) } },
})

describe('a recovery code', () => {
  test('lets in one authenticator, with a sign-in, and says for ever that it was a code', async () => {
    expect((await problemOf(begin())).code).toBe('insufficient_user_authentication')
    expect(await redeem({ code: codeAt(0) })).toEqual({
      expiresAt: world.clock.now() + 600,
      methods: ['passkey', 'security-key', 'totp'],
    })
    expect(await world.addPasskey(alice)).toMatchObject({ level: 'phr', boundBy: { method: 'recovery-code', level: 'session' } })
    expect(await recoveryOf(world.domain, alice)).toMatchObject({ codesLeft: 9, email: { hint: 'a•••@example.com' } })
    expect(await world.notices()).toEqual(['recovery_used alice@example.com', 'authenticator_added alice@example.com'])
  })

  test('opens the gate also on a device that is new', async () => {
    const elsewhere = world.signedIn(alice, { sid: 's2', jkt: randomBytes(32).toString('base64url') })
    await world.arrive(elsewhere)
    expect((await loadStanding(world.domain, elsewhere)).risk.band).toBe('elevated')
    await redeem({ code: codeAt(0) }, elsewhere)
    expect(await world.addPasskey(elsewhere)).toMatchObject({ level: 'phr' })
    expect((await loadStanding(world.domain, elsewhere)).risk.band).toBe('normal')
  })

  test('is read as people type it', async () => {
    expect(
      await redeem({ code: ` ${codeAt(0).toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} ` }),
    ).toBeDefined()
  })

  test('threat: would prove a level', async () => {
    await redeem({ code: codeAt(0) })
    for (const feature of ['export', 'approve'])
      expect(await startStepUp(world.domain, alice, { feature })).toMatchObject({ status: 'open' })
    expect((await loadStanding(world.domain, alice)).proofs).toEqual([alice.login])
  })

  test('threat: would be used up before the sign-in, which is asked for first', async () => {
    world.clock.advance(301)
    for (let count = 0; count < 12; count++)
      expect(await problemOf(redeem({ code: codeAt(0) }))).toMatchObject({
        code: 'insufficient_user_authentication',
        status: 401,
        feature: RECOVERY_FEATURE,
        requirement: { level: 'session', maxAgeSeconds: 300, methods: ['relogin'] },
        next: { methods: ['relogin'] },
      })
    expect(await world.notices()).toEqual([])
    expect(await redeem({ code: codeAt(0) }, world.signedIn(alice))).toBeDefined()
  })

  test('threat: an old passkey proof or a code by mail would stand for the sign-in', async () => {
    world.clock.advance(301)
    const { subject, sid, jkt } = alice
    for (const method of ['passkey', 'email-otp'] as const)
      await world.domain.store.proofs.record({
        key: { subject, sid, jkt },
        proof: { method, level: 'session', amr: [], authTime: world.clock.now() },
        change: { at: world.clock.now(), type: 'proofs', subject, sid },
      })
    expect((await problemOf(redeem({ code: codeAt(0) }))).code).toBe('insufficient_user_authentication')
  })

  test('threat: a sign-in in another session or on another device would stand for the one here', async () => {
    const { subject } = alice
    world.clock.advance(301)
    for (const other of [
      { sid: 's2', jkt: alice.jkt },
      { sid: alice.sid, jkt: 'phone' },
    ])
      await world.domain.store.proofs.record({
        key: { subject, ...other },
        proof: { method: 'relogin', level: 'session', amr: [], authTime: world.clock.now() },
        change: { at: world.clock.now(), type: 'proofs', subject, sid: other.sid },
      })
    expect((await problemOf(redeem({ code: codeAt(0) }))).code).toBe('insufficient_user_authentication')
  })

  test('threat: would count twice, in a row or at the same time, and buy a second ticket', async () => {
    const others = Array.from({ length: 8 }, (_, index) => ({ ...alice, sid: `s${index}`, jkt: `device-${index}` }))
    const { won, lost } = await tally(others.map((by) => redeem({ code: codeAt(0) }, by)))
    expect([won, new Set(lost)]).toEqual([1, new Set(['recovery_failed'])])
    const begun = await Promise.allSettled(others.map((by) => begin(by)))
    expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await problemOf(redeem({ code: codeAt(0) }))).code).toBe('recovery_failed')
    expect(await recoveryOf(world.domain, alice)).toMatchObject({ codesLeft: 9 })
  })

  test('threat: of another subject would recover', async () => {
    const bob = await world.person('bob', { jkt: 'bobs-device' })
    expect((await problemOf(redeem({ code: codeAt(0) }, bob))).code).toBe('recovery_failed')
    expect(await redeem({ code: codeAt(0) })).toBeDefined()
  })

  test('threat: would tell by its words whether it is unknown, used, replaced or no code at all', async () => {
    await redeem({ code: codeAt(0) })
    const former = codeAt(1)
    await world.addPasskey(alice)
    await makeRecoveryCodes(world.domain, alice)
    const problems = []
    for (const code of [codeAt(0), former, '0000-0000-0000-0000', 'hello', '０'.repeat(16)])
      problems.push(await problemOf(redeem({ code })))
    expect(new Set(problems.map((each) => JSON.stringify(each))).size).toBe(1)
    expect(problems[0]).toMatchObject({ code: 'recovery_failed', status: 422 })
    const link = 'A'.repeat(43)
    expect(await problemOf(redeem({ link }))).toEqual(problems[0])
  })

  test('threat: would tell by the work it takes: the store is asked the same, whatever was typed', async () => {
    const { store } = world.domain
    const asked: string[] = []
    const watched: Domain = {
      ...world.domain,
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
    for (const code of ['0000-0000-0000-0000', 'hello', codeAt(0)]) await redeem({ code }, alice, watched).catch(() => undefined)
    expect(asked).toEqual(['code 43 1', 'code 43 1', 'code 43 1'])
  })

  test('threat: would be guessed: it shares the budget of everything that can be', async () => {
    for (let count = 0; count < 10; count++) expect((await problemOf(redeem({ code: '0000-0000-0000-0000' }))).code).toBe('recovery_failed')
    expect(await problemOf(redeem({ code: codeAt(0) }))).toMatchObject({ code: 'too_many_attempts', retryAfter: 900 })
    const app = await startStepUp(world.domain, alice, { feature: 'export' })
    expect(app).toMatchObject({ attemptsLeft: 0 })
    const bob = await world.person('bob', { jkt: 'bobs-device' })
    expect((await problemOf(redeem({ code: codeAt(0) }, bob))).code).toBe('recovery_failed')
    world.clock.advance(900)
    expect(await redeem({ code: codeAt(0) }, world.signedIn(alice))).toBeDefined()
  })

  test('costs nothing where it is right, or where the store fails', async () => {
    const { store } = world.domain
    const broken: Domain = { ...world.domain, store: { ...store, recovery: { ...store.recovery, redeem: fails } } }
    for (let count = 0; count < 12; count++) await expect(redeem({ code: codeAt(0) }, alice, broken)).rejects.toThrow('disk')
    for (let count = 0; count < 6; count++) await redeem({ code: codeAt(count) })
    expect(await startStepUp(world.domain, alice, { feature: 'export' })).toMatchObject({ attemptsLeft: 5 })
  })

  test('ends all other sessions, and the tokens of this one that were issued before', async () => {
    const phone = { ...alice, sid: 's2', jkt: 'phone' }
    await world.arrive(phone)
    const before = issuedOf(await startStepUp(world.domain, alice, { feature: 'view' }))
    await redeem({ code: codeAt(0) })
    expect([await world.arrive(alice), await world.arrive(phone)]).toEqual(['known', 'ended'])
    const revoked = await world.domain.store.changes.revokedBefore(alice.subject)
    expect(claimsOf(before).iat as number).toBeLessThanOrEqual(revoked)
    expect(claimsOf(await requestToken(world.domain, alice, {})).iat as number).toBeGreaterThan(revoked)
  })

  test('threat: while acting for somebody would be seen, made or used', async () => {
    const actor = { ...alice, actor: 'support-7' }
    expect(await recoveryOf(world.domain, actor)).toEqual({ codesLeft: 0 })
    for (const refused of [redeem({ code: codeAt(0) }, actor), makeRecoveryCodes(world.domain, actor), redeem({ link: 'x' }, actor)])
      expect(await problemOf(refused)).toMatchObject({ code: 'denied', reasons: [{ code: 'actor_not_allowed' }] })
    await redeem({ code: codeAt(0) })
    expect((await problemOf(begin(actor))).code).toBe('denied')
    expect(await problemOf(startStepUp(world.domain, actor, { feature: RECOVERY_FEATURE }))).toMatchObject({ code: 'denied' })
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

describe('making codes', () => {
  test('gives ten, shown once, tells the owner, and replaces the former ones', async () => {
    await redeem({ code: codeAt(0) })
    await world.addPasskey(alice)
    await world.notices()
    const made = await makeRecoveryCodes(world.domain, alice)
    expect(new Set(made.codes).size).toBe(10)
    expect(await world.notices()).toEqual(['recovery_codes_made alice@example.com'])
    expect(await recoveryOf(world.domain, alice)).toMatchObject({ codesLeft: 10, codesMadeAt: world.clock.now() })
    expect((await problemOf(redeem({ code: codeAt(1) }))).code).toBe('recovery_failed')
    expect(await redeem({ code: made.codes[0] })).toBeDefined()
  })

  test('threat: a mere sign-in, or a ticket, would make a way back that lasts', async () => {
    for (const by of [alice, world.signedIn(alice, { sid: 's2' })])
      expect((await problemOf(makeRecoveryCodes(world.domain, by))).code).toBe('insufficient_user_authentication')
    await redeem({ code: codeAt(0) })
    expect((await problemOf(makeRecoveryCodes(world.domain, alice))).code).toBe('insufficient_user_authentication')
    const bob = await world.person('bob', { jkt: 'bobs-device' })
    expect(await problemOf(makeRecoveryCodes(world.domain, bob))).toMatchObject({
      code: 'denied',
      detail: expect.stringContaining('Add a'),
    })
  })
})

describe('a ticket', () => {
  const elsewhere = (): readonly Caller[] => [
    { ...alice, sid: 's2' },
    { ...alice, jkt: randomBytes(32).toString('base64url') },
  ]

  test('threat: would count in another session, on another device, or for another subject', async () => {
    await redeem({ code: codeAt(0) })
    for (const thief of elsewhere()) expect((await problemOf(begin(thief))).code).toBe('insufficient_user_authentication')
    const bob = await world.person('bob')
    await world.enrolPasskey(bob)
    world.clock.advance(301)
    expect((await problemOf(begin(world.signedIn(bob)))).code).toBe('insufficient_user_authentication')
    expect(await world.addPasskey(alice)).toBeDefined()
  })

  test('threat: would let in two, one after the other or at the same time', async () => {
    await redeem({ code: codeAt(0) })
    const apps = [await world.beginApp(alice), await world.beginApp(alice), await world.beginApp(alice)]
    const { won, lost } = await tally(apps.map((each) => world.finishApp(alice, each)))
    expect([won, new Set(lost)]).toEqual([1, new Set(['insufficient_user_authentication'])])
    expect((await problemOf(world.beginApp(alice))).code).toBe('insufficient_user_authentication')
    expect(await world.domain.store.authenticators.list(alice.subject)).toHaveLength(2)
  })

  test('threat: what was begun with it would say so where something else let it in', async () => {
    await redeem({ code: codeAt(0) })
    const begun = await world.beginApp(alice)
    await world.addPasskey(alice)
    expect(await world.finishApp(alice, begun)).toMatchObject({ boundBy: { method: 'passkey', level: 'phr' } })
  })

  test('threat: would never end, or outlive its session', async () => {
    await redeem({ code: codeAt(0) })
    world.clock.advance(599)
    const begun = await world.beginApp(alice)
    world.clock.advance(1)
    expect((await problemOf(begin())).code).toBe('insufficient_user_authentication')
    // what was begun in time may be finished
    expect(await world.finishApp(alice, begun)).toMatchObject({ method: 'totp' })

    const again = world.signedIn(alice)
    await redeem({ code: codeAt(1) }, again)
    const { subject, sid } = again
    const at = world.clock.now()
    await world.domain.store.sessions.end({
      subject,
      sid,
      now: at,
      keepUntil: at,
      change: { at, type: 'revoked', subject, sid, before: at },
    })
    expect((await problemOf(begin(again))).code).toBe('insufficient_user_authentication')
  })

  test('threat: would remove or rename what is enrolled', async () => {
    await redeem({ code: codeAt(0) })
    const [passkey] = await world.domain.store.authenticators.list(alice.subject)
    for (const refused of [
      removeAuthenticator(world.domain, alice, passkey?.id as string),
      renameAuthenticator(world.domain, alice, passkey?.id as string, { name: 'Mine' }),
    ])
      expect(await problemOf(refused)).toMatchObject({ code: 'insufficient_user_authentication', requirement: { level: 'phr' } })
  })

  test('threat: something weak that it let in would remove or rename what is strong, or add more', async () => {
    await redeem({ code: codeAt(0) })
    await world.finishApp(alice, await world.beginApp(alice))
    const [passkey] = await world.domain.store.authenticators.list(alice.subject)
    for (const refused of [begin(), removeAuthenticator(world.domain, alice, passkey?.id as string)])
      expect(await problemOf(refused)).toMatchObject({ requirement: { level: 'phr' } })
  })

  test('threat: of a code would open the gate while the context looks dangerous, which takes an administrator', async () => {
    await redeem({ code: codeAt(0) })
    const ticket = await world.domain.store.recovery.ticket(alice)
    const standing = await loadStanding(world.domain, alice)
    const gate = (band: 'elevated' | 'unknown' | 'high' | 'critical', by: 'recovery-code' | 'admin') =>
      authenticatorsGate(world.domain, { ...standing, risk: { band, reasons: [] } }, { ticket: ticket && { ...ticket, by } }).outcome
    expect((['elevated', 'unknown', 'high', 'critical'] as const).map((band) => gate(band, 'recovery-code'))).toEqual([
      'permit',
      'permit',
      'deny',
      'deny',
    ])
    expect((['elevated', 'unknown', 'high', 'critical'] as const).map((band) => gate(band, 'admin'))).toEqual(Array(4).fill('permit'))
    expect(authenticatorsGate(world.domain, { ...standing, caller: { ...alice, actor: 'x' } }, { ticket }).outcome).toBe('deny')
  })

  test('is not used up by an enrolment that fails', async () => {
    await redeem({ code: codeAt(0) })
    const { store } = world.domain
    const broken: Domain = { ...world.domain, store: { ...store, authenticators: { ...store.authenticators, create: fails } } }
    await expect(world.addPasskey(alice, broken)).rejects.toThrow('disk')
    expect(await world.addPasskey(alice)).toBeDefined()
  })

  test('opens the gate where the device is not known', async () => {
    await redeem({ code: codeAt(0) })
    expect(await world.addPasskey(alice, dangerous())).toMatchObject({ boundBy: { method: 'recovery-code' } })
  })
})

describe('the link of an administrator', () => {
  test('is sent to the pinned address, works once, and says for ever that it was one', async () => {
    const sent = await sendRecoveryLink(world.domain, alice.subject)
    expect(sent).toEqual({ expiresAt: world.clock.now() + 3600, sentTo: 'a•••@example.com' })
    const mail = world.server.newest('alice@example.com')
    const url = /https:\/\/app\.example\/recover#\S+/.exec(mail.text)?.[0] as string
    await redeem({ link: tokenIn(url) })
    expect(await world.addPasskey(alice)).toMatchObject({ boundBy: { method: 'admin', level: 'session' } })
    expect((await problemOf(redeem({ link: tokenIn(url) }))).code).toBe('recovery_failed')
    expect(await world.notices()).toEqual(['recovery_used alice@example.com', 'authenticator_added alice@example.com'])
  })

  test('threat: its token would stand in the store, or in a request to the page', async () => {
    const { url } = await makeRecoveryLink(world.domain, alice.subject)
    const [page, fragment] = url.split('#')
    expect(page).toBe(PAGE)
    expect(fragment).toMatch(/^stile-recovery=[A-Za-z0-9_-]{43}$/)
    const { store } = world.domain
    let kept = ''
    const openLink: typeof store.recovery.openLink = async (input) => {
      kept = JSON.stringify(input)
    }
    const watched: Domain = {
      ...world.domain,
      store: { ...store, recovery: { ...store.recovery, openLink } },
    }
    const hidden = await makeRecoveryLink(watched, alice.subject)
    expect(kept).not.toContain(tokenIn(hidden.url))
  })

  test('tells the pinned address where it is handed over instead of sent', async () => {
    await makeRecoveryLink(world.domain, alice.subject)
    expect(await world.notices()).toEqual(['recovery_link_requested alice@example.com'])
  })

  test('threat: a former one, one that has expired, or one of another subject would recover', async () => {
    const links = [await makeRecoveryLink(world.domain, alice.subject), await makeRecoveryLink(world.domain, alice.subject)]
    const [former, newer] = links.map(({ url }) => tokenIn(url))
    const bob = await world.person('bob', { jkt: 'bobs-device' })
    expect((await problemOf(redeem({ link: former }))).code).toBe('recovery_failed')
    expect((await problemOf(redeem({ link: newer }, bob))).code).toBe('recovery_failed')
    expect((await problemOf(redeem({ code: newer }))).code).toBe('recovery_failed')
    world.clock.advance(3600)
    expect((await problemOf(redeem({ link: newer }, world.signedIn(alice)))).code).toBe('recovery_failed')
  })

  test('threat: would be redeemed twice at the same time', async () => {
    const link = tokenIn((await makeRecoveryLink(world.domain, alice.subject)).url)
    const { won } = await tally(Array.from({ length: 8 }, (_, index) => redeem({ link }, { ...alice, jkt: `device-${index}` })))
    expect(won).toBe(1)
  })

  test('threat: somebody who guesses codes would keep people from the link that they were sent', async () => {
    for (let count = 0; count < 10; count++) await problemOf(redeem({ code: 'no' }))
    const link = tokenIn((await makeRecoveryLink(world.domain, alice.subject)).url)
    for (let count = 0; count < 12; count++) expect((await problemOf(redeem({ link: 'A'.repeat(43) }))).code).toBe('recovery_failed')
    expect(await redeem({ link })).toBeDefined()
  })

  test('threat: without a sign-in it would be used, or used up', async () => {
    const link = tokenIn((await makeRecoveryLink(world.domain, alice.subject)).url)
    world.clock.advance(301)
    expect((await problemOf(redeem({ link }))).code).toBe('insufficient_user_authentication')
    expect(await redeem({ link }, world.signedIn(alice))).toBeDefined()
  })

  test('is not there where it could not be sent, and the administrator is told', async () => {
    await world.server.stop()
    expect(await problemOf(sendRecoveryLink(world.domain, alice.subject))).toMatchObject({ code: 'mail_unavailable', status: 503 })
    expect(await problemOf(sendRecoveryLink(world.domain, 'main|nobody'))).toMatchObject({
      code: 'method_unavailable',
      detail: expect.stringContaining('address'),
    })
    const { mail: _, ...silent } = world.domain
    expect((await problemOf(sendRecoveryLink(silent, alice.subject))).detail).toContain('mail server')
    const homeless = { ...world.domain, options: { ...world.domain.options, recovery: {} } }
    for (const refused of [sendRecoveryLink(homeless, alice.subject), makeRecoveryLink(homeless, alice.subject)])
      expect((await problemOf(refused)).detail).toContain('recovery.url')
  })
})

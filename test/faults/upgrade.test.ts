import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSqliteStore } from '@stile/server/sqlite'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  AUDIENCE,
  type Clock,
  clockAt,
  type Hold,
  ORIGIN,
  type PersonOptions,
  type Product,
  RP_ID,
  startProduct,
} from '../fixtures/product.ts'
import { assertWith, type SoftKey } from '../fixtures/soft-key.ts'
import { restore } from '../fixtures/sql.ts'
import { begin, stepUpWithTotp } from '../support/ceremonies.ts'
import type { NodeClient } from '../support/node-client.ts'
import { codeAt } from '../support/totp.ts'

// each test starts a service on a file
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const FIXTURES = new URL('../fixtures/', import.meta.url)
const versions = readdirSync(FIXTURES).flatMap((name) => /^store-(\d+\.\d+\.\d+)$/.exec(name)?.[1] ?? [])

test('there is a store of every version since the first', () => {
  expect(versions).toContain('0.1.0')
})

describe.each(versions)('a store that version %s wrote', (version) => {
  const folder = new URL(`store-${version}/`, FIXTURES)
  const hold: Hold = JSON.parse(readFileSync(new URL('hold.json', folder), 'utf8'))
  const { alice, bob, keys } = hold
  let directory: string
  let database: string
  let clock: Clock
  let product: Product

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'stile-upgrade-'))
    database = join(directory, 'stile.db')
    restore(database, readFileSync(new URL('store.sql', folder), 'utf8'))
    clock = clockAt(hold.at + 10)
    product = await startProduct({ database, issuer: hold.issuer, now: clock.now })
  })
  afterEach(async () => {
    await product.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const aliceAtHome = () => product.person({ sub: 'alice', sid: alice.sid, account: 'acme', device: alice.device })
  const aliceElsewhere = (more: Partial<PersonOptions> = {}) => product.person({ sub: 'alice', sid: 'alice-2', account: 'acme', ...more })
  const bobWith = (sid: string) => product.person({ sub: 'bob', sid, account: 'late', device: bob.device })
  const stateOf = async (person: NodeClient) => {
    const answer = await person.service('GET', '/v1/state')
    expect(answer.status, answer.text).toBe(200)
    return answer.body as { revision: number; decisions: Record<string, { outcome: string }>; authenticators: { method: string }[] }
  }
  const stepUpWith = async (person: NodeClient, key: SoftKey, method: 'passkey' | 'security-key') => {
    const { id } = await begin(person, 'payouts.approve')
    const { body } = await person.service('POST', `/v1/step-ups/${id}/methods/${method}`, {})
    const offered = body.methods as { method: string; start?: { challenge: string } }[]
    const challenge = offered.find((each) => each.method === method)?.start?.challenge ?? ''
    const response = assertWith(key, { challenge, origin: ORIGIN, rpId: RP_ID })
    return person.service('POST', `/v1/step-ups/${id}/attempts`, { method, response })
  }

  test('keeps its open session, what was proven in it, and everything that was enrolled', async () => {
    const state = await stateOf(await aliceAtHome())
    expect(state.decisions['reports.export']).toMatchObject({ outcome: 'permit' })
    expect(state.decisions['payouts.approve']).toMatchObject({ outcome: 'step_up' })
    expect(state.authenticators.map(({ method }) => method).toSorted()).toEqual(['passkey', 'security-key', 'totp'])
  })

  test('lets the step-up that was open be finished, once', async () => {
    const person = await aliceAtHome()
    const response = assertWith(alice.passkey, { challenge: alice.open.challenge, origin: ORIGIN, rpId: RP_ID })
    const answer = () => person.service('POST', `/v1/step-ups/${alice.open.id}/attempts`, { method: 'passkey', response })
    expect(await answer()).toMatchObject({ status: 200, body: { status: 'done', issued: { acr: 'phr' } } })
    expect(await answer()).toMatchObject({ status: 410, body: { code: 'step_up_expired' } })
  })

  test('lets people step up with an app, a passkey and a security key on a device that is new', async () => {
    clock.advance(3600)
    const person = await aliceElsewhere()
    expect(await stepUpWithTotp(person, 'reports.export', codeAt(alice.totp, clock.now()))).toMatch(/^eyJ/)
    expect(await stepUpWith(person, alice.passkey, 'passkey')).toMatchObject({ status: 200, body: { issued: { acr: 'phr' } } })
    clock.advance(121)
    expect(await stepUpWith(person, alice.securityKey, 'security-key')).toMatchObject({ status: 200, body: { status: 'done' } })
  })

  test('threat: what was used up before the upgrade must stay used up: a code, a counter, a recovery code', async () => {
    const thief = await aliceElsewhere({ confirmed: true })
    const { id } = await begin(thief, 'reports.export')
    const replayed = await thief.service('POST', `/v1/step-ups/${id}/attempts`, { method: 'totp', response: { code: alice.usedCode } })
    expect(replayed.status, replayed.text).toBe(422)
    const copy = { ...alice.passkey, counter: alice.passkey.counter - 1 }
    expect(await stepUpWith(thief, copy, 'passkey')).toMatchObject({ status: 422, body: { failure: 'counter_regressed' } })

    const redeem = (code: string | undefined) => thief.service('POST', '/v1/recovery', { code })
    expect((await redeem(alice.recoveryCodes[0])).status).toBe(201)
    expect((await redeem(alice.recoveryCodes[0])).status).toBe(422)
  })

  test('gives the login of an open session to the device that was known in it, and to no other', async () => {
    const [home, thief] = [await aliceAtHome(), await aliceElsewhere({ sid: alice.sid })]
    const askedFor = async (person: NodeClient) =>
      (await person.service('POST', '/v1/recovery', { code: '0000-0000-0000-0000' })).body as { code: string; requirement?: object }
    // the owner of the login is asked for a code by mail beside it, any other key for a sign-in
    for (const wait of [0, 600]) {
      clock.advance(wait)
      expect(await askedFor(thief)).toMatchObject({ code: 'insufficient_user_authentication', requirement: { methods: ['relogin'] } })
      expect(await askedFor(home)).toMatchObject({ requirement: { methods: ['email-otp'] } })
    }
  })

  test('threat: a session that was ended must stay ended', async () => {
    expect(await (await bobWith(bob.endedSid)).service('GET', '/v1/state')).toMatchObject({ status: 401, body: { code: 'session_ended' } })
    expect((await stateOf(await bobWith('bob-2'))).authenticators).toMatchObject([{ method: 'totp' }])
  })

  test('tells every license as it was told before', async () => {
    for (const [account, license] of Object.entries(hold.licenses)) {
      const told = await product.admin('GET', `/licenses/${account}`, { key: keys.read })
      expect(await told.json(), account).toEqual(license)
    }
  })

  test('decides for every account by its license, for somebody who has enrolled nothing', async () => {
    const outcomes = {
      acme: 'enroll',
      trying: 'enroll',
      late: 'enroll',
      paused: 'deny',
      gone: 'upgrade',
      ended: 'upgrade',
      careful: 'enroll',
      nobody: 'upgrade',
    }
    for (const [account, outcome] of Object.entries(outcomes)) {
      const { decisions } = await stateOf(await product.person({ sub: account, sid: `${account}-1`, account }))
      expect(decisions['reports.export']?.outcome, account).toBe(outcome)
    }
  })

  test('goes on with the change log, so that no guard and no page misses a change', async () => {
    const before = await stateOf(await aliceAtHome())
    expect(before.revision).toBeGreaterThanOrEqual(hold.cursor)
    const body = { tier: 'pro', state: 'active' }
    expect((await product.admin('PUT', '/licenses/acme', { key: keys.write, body })).status).toBe(200)
    const after = await stateOf(await aliceAtHome())
    expect(after.revision).toBeGreaterThan(before.revision)
    expect(after.decisions['payouts.approve']).toMatchObject({ outcome: 'upgrade' })

    const feed = await fetch(`${product.url}/v1/feed?after=${await generation()}:${hold.cursor}`, {
      headers: { authorization: `Bearer ${keys.guard}` },
    })
    expect(feed.status).toBe(200)
    const reader = feed.body?.getReader()
    let text = ''
    while (!text.includes('event: license')) text += new TextDecoder().decode((await reader?.read())?.value)
    await reader?.cancel()
    expect(text).toContain('"account":"acme"')
  })

  test('verifies the tokens that were issued before, and signs with the same key', async () => {
    const jwks = createRemoteJWKSet(new URL(`${product.url}/.well-known/jwks.json`))
    const { payload, protectedHeader } = await jwtVerify(alice.token, jwks, {
      audience: AUDIENCE,
      currentDate: new Date((hold.at - 120) * 1000),
    })
    expect(payload).toMatchObject({ sub: 'app|alice', acr: 'phr' })
    const issued = await (await aliceAtHome()).service('POST', '/v1/tokens', {})
    expect((await jwtVerify(issued.body.token as string, jwks, { currentDate: new Date(clock.now() * 1000) })).protectedHeader.kid).toBe(
      protectedHeader.kid,
    )
  })

  test('threat: an API key that was revoked must stay revoked', async () => {
    const body = { tier: 'enterprise', state: 'active' }
    expect((await product.admin('PUT', '/licenses/late', { key: keys.revoked, body })).status).toBe(401)
    expect((await product.admin('PUT', '/licenses/late', { key: keys.read, body })).status).toBe(403)
  })

  test('keeps pinned addresses and the notices that wait to be sent', async () => {
    await product.close()
    const store = createSqliteStore({ path: database, now: clock.now })
    expect(await store.addresses.get('app|alice')).toMatchObject({ address: 'alice@example.com' })
    const waiting = await store.outbox.claim({ now: hold.at + 86_400, leaseSeconds: 1, limit: 20 })
    expect(waiting.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['authenticator_added', 'recovery_codes_made']))
    await store.close()
  })

  async function generation(): Promise<string> {
    const store = createSqliteStore({ path: database, now: clock.now })
    const name = await store.changes.generation()
    await store.close()
    return name
  }
})

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TEST_START } from '../domain.test-support.ts'
import { writeLicense } from '../licenses/licenses.ts'
import type { Caller } from '../sessions/caller.ts'
import { countCommits } from '../stores/sqlite/commits.test-support.ts'
import { openDatabase } from '../stores/sqlite/database/database.ts'
import { storeOn } from '../stores/sqlite/store.ts'
import type { Store } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'
import { attempt, startStepUp } from './index.ts'
import { challengeOf, createWorld, issuedOf, type Passkey, problemOf, type World } from './world.test-support.ts'

let world: World
let caller: Caller
let passkey: Passkey
let commits: () => number
let listed = 0

beforeEach(async () => {
  const counted = countCommits(openDatabase({ path: ':memory:', now: () => TEST_START }))
  commits = counted.commits
  world = await createWorld({ store: storeOn(counted.database) })
  caller = await world.caller()
  passkey = await world.enrolPasskey(caller)
  world.wait()
})
afterEach(() => world.close())

/** The domain, on a store in which something else happens right before a step-up is settled. */
function before(happens: () => Promise<unknown>): Domain {
  const { store } = world.domain
  const settle: Store['stepUps']['settle'] = async (input) => {
    await happens()
    return store.stepUps.settle(input)
  }
  return { ...world.domain, store: { ...store, stepUps: { ...store.stepUps, settle } } }
}

const answer = async (domain: Domain = world.domain) => {
  const stepUp = await startStepUp(world.domain, caller, { feature: 'approve' })
  return attempt(domain, caller, stepUp.id, { method: 'passkey', response: passkey.assert(challengeOf(stepUp)) })
}

describe('a step-up by passkey', () => {
  test('is three writes: it is opened, its challenge is taken, and all that comes of it is one', async () => {
    const before = commits()
    const stepUp = await startStepUp(world.domain, caller, { feature: 'approve' })
    expect(commits() - before).toBe(1)
    const response = passkey.assert(challengeOf(stepUp))
    const done = await attempt(world.domain, caller, stepUp.id, { method: 'passkey', response })
    expect(issuedOf(done).acr).toBe('phr')
    expect(commits() - before).toBe(3)
    const { store } = world.domain
    expect(await store.stepUps.get(stepUp.id)).toBeNull()
    expect((await store.proofs.list({ subject: caller.subject, sid: caller.sid, jkt: caller.jkt })).at(-1)).toMatchObject({
      authTime: world.clock.now(),
      authenticatorId: passkey.id,
    })
  })

  test('reads where the caller stands once for each request', async () => {
    listed = 0
    const { store } = world.domain
    const list: Store['authenticators']['list'] = (subject) => {
      listed += 1
      return store.authenticators.list(subject)
    }
    const domain = { ...world.domain, store: { ...store, authenticators: { ...store.authenticators, list } } }
    const stepUp = await startStepUp(domain, caller, { feature: 'approve' })
    await attempt(domain, caller, stepUp.id, { method: 'passkey', response: passkey.assert(challengeOf(stepUp)) })
    expect(listed).toBe(2)
  })

  test('threat: a license that ends while the answer is judged would still give a token', async () => {
    const ended = before(() => writeLicense(world.domain, 'acme', { tier: 'basic', state: 'active' }))
    expect((await problemOf(answer(ended))).code).toBe('license_required')
  })

  test('threat: a session that ends while the answer is judged would still give a token', async () => {
    const { subject, sid } = caller
    const now = world.clock.now()
    const ended = before(() =>
      world.domain.store.sessions.end({ subject, sid, now, change: { at: now, type: 'revoked', subject, sid, before: now } }),
    )
    expect((await problemOf(answer(ended))).code).toBe('session_ended')
  })

  test('threat: a passkey that is removed while its answer is judged would still give a token', async () => {
    const { subject, jkt } = caller
    const change = { at: world.clock.now(), type: 'authenticators', subject } as const
    const removed = before(() => world.domain.store.authenticators.remove({ subject, id: passkey.id, keepDevice: jkt, changes: [change] }))
    expect((await problemOf(answer(removed))).code).toBe('attempt_failed')
  })

  test('goes on if something of others has changed', async () => {
    const other = before(() => writeLicense(world.domain, 'another', { tier: 'basic', state: 'active' }))
    const begun = commits()
    expect(issuedOf(await answer(other)).acr).toBe('phr')
    expect(commits() - begun).toBe(4)
  })
})

import type { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TEST_START } from '../domain.test-support.ts'
import { writeLicense } from '../licenses/licenses.ts'
import type { Caller } from '../sessions/caller.ts'
import { openDatabase } from '../stores/sqlite/database/database.ts'
import { storeOn } from '../stores/sqlite/store.ts'
import type { Store } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'
import { attempt, startStepUp } from './index.ts'
import { challengeOf, createWorld, issuedOf, type Passkey, problemOf, type World } from './world.test-support.ts'

let world: World
let caller: Caller
let passkey: Passkey
let commits = 0
let listed = 0

/** The database, which counts its commits. */
function counting(database: DatabaseSync): DatabaseSync {
  return new Proxy(database, {
    get(target, name) {
      const member = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      if (name !== 'prepare') return member.bind(target)
      return (sql: string) => {
        const statement = target.prepare(sql)
        if (sql !== 'COMMIT') return statement
        return {
          run: () => {
            commits += 1
            return statement.run()
          },
        }
      }
    },
  })
}

beforeEach(async () => {
  world = await createWorld({ store: storeOn(counting(openDatabase({ path: ':memory:', now: () => TEST_START }))) })
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
    commits = 0
    const stepUp = await startStepUp(world.domain, caller, { feature: 'approve' })
    expect(commits).toBe(1)
    const response = passkey.assert(challengeOf(stepUp))
    const done = await attempt(world.domain, caller, stepUp.id, { method: 'passkey', response })
    expect(issuedOf(done).acr).toBe('phr')
    expect(commits).toBe(3)
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
    commits = 0
    expect(issuedOf(await answer(other)).acr).toBe('phr')
    expect(commits).toBe(4)
  })
})

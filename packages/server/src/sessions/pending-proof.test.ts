import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TEST_START } from '../domain.test-support.ts'
import { createSqliteStore } from '../stores/sqlite/index.ts'
import type { Store } from '../stores/store.ts'
import { createPendingProof, storeTaking } from './pending-proof.ts'

const USE = { key: 'dpop:proof', now: TEST_START, expiresAt: TEST_START + 300 }
const KEY = { subject: 'main|alice', sid: 's1', jkt: 'key' }
const SEEN = { subject: KEY.subject, jkt: KEY.jkt, now: TEST_START }
const STEP_UP = {
  id: 'su_1',
  key: KEY,
  account: 'acme',
  client: 'web',
  audience: 'api',
  feature: 'approve',
  requirement: { level: 'phr' },
  createdAt: TEST_START,
  expiresAt: TEST_START + 300,
} as const
const CHALLENGE = { id: 'su_1', method: 'passkey' } as const

let store: Store
/** Every verb that was called, in order. */
let called: string[]
beforeEach(() => {
  called = []
  store = noting(createSqliteStore({ path: ':memory:', now: () => TEST_START }))
})
afterEach(() => store.close())

const taking = (inner = store) => {
  const proof = createPendingProof(inner, USE)
  return { proof, on: storeTaking(inner, proof) }
}
const isRemembered = async () => !(await store.replay.once(USE))

/** The store, which notes what is called. */
function noting(inner: Store): Store {
  const noted = (verbs: object, name: string): object =>
    new Proxy(verbs, {
      get(target, verb) {
        const member: unknown = Reflect.get(target, verb)
        if (typeof member !== 'function') return noted(member as object, `${String(verb)}.`)
        return (...args: unknown[]) => {
          called.push(name + String(verb))
          return member.apply(target, args)
        }
      },
    })
  return noted(inner, '') as Store
}

/** The names of all verbs of the store. */
function verbsOf(inner: Store): readonly (readonly [keyof Store, string])[] {
  return (Object.keys(inner) as (keyof Store)[]).flatMap((name) =>
    typeof inner[name] === 'function' ? [] : Object.keys(inner[name]).map((verb) => [name, verb] as const),
  )
}

const READS = new Set(
  'proofs.list devices.find stepUps.get stepUps.isOver operations.list authenticators.list guesses.count licenses.get changes.head changes.revokedBefore addresses.get'.split(
    ' ',
  ),
)
/** What may read before, and writes after. */
const LOOKS = new Set(['sessions.touch', 'devices.see', 'stepUps.create', 'stepUps.takeChallenge'])

describe('a proof that was used before', () => {
  beforeEach(async () => void (await store.replay.once(USE)))

  test('threat: what a recorded request asks for would be written by a verb that does not wait', async () => {
    const verbs = verbsOf(store).filter(([name, verb]) => !READS.has(`${name}.${verb}`) && !LOOKS.has(`${name}.${verb}`))
    expect(verbs.length).toBeGreaterThan(50)
    for (const [name, verb] of verbs) {
      called = []
      const { on } = taking()
      const run = (on[name] as unknown as Record<string, () => Promise<unknown>>)[verb]
      await expect(run?.(), `${name}.${verb}`).rejects.toMatchObject({ code: 'invalid_dpop_proof' })
      expect(called).toEqual(['replay.once'])
    }
  })

  test('threat: a recorded request would open a step-up, take a challenge, draw out the session or name the device', async () => {
    await store.stepUps.create(STEP_UP, { started: { method: 'passkey', challenge: 'challenge' } })
    const touch = {
      key: KEY,
      account: 'acme',
      now: TEST_START,
      idleSeconds: 60,
      absoluteSeconds: 60,
      login: { by: 'none', issuedAt: TEST_START },
      active: true,
    }
    for (const write of [
      (on: Store) => on.stepUps.create({ ...STEP_UP, id: 'su_2' }),
      (on: Store) => on.stepUps.takeChallenge(CHALLENGE),
      (on: Store) => on.stepUps.takeChallenge({ ...CHALLENGE, challenge: 'challenge' }),
      (on: Store) => on.sessions.touch(touch as never),
      (on: Store) => on.devices.see({ ...SEEN, name: 'Phone' }),
    ]) {
      const { on, proof } = taking()
      await expect(write(on)).rejects.toMatchObject({ code: 'invalid_dpop_proof' })
      await expect(proof.take(), 'and goes on being refused').rejects.toMatchObject({ code: 'invalid_dpop_proof' })
    }
    expect(await store.stepUps.get('su_2')).toBeNull()
    expect(await store.sessions.expiresAt(KEY)).toBeNull()
    expect(await store.devices.see({ ...SEEN, name: 'Phone', readsOnly: true })).toBe(false)
    expect(await store.stepUps.takeChallenge(CHALLENGE)).toBe('challenge')
  })
})

describe('a proof that is new', () => {
  test('is remembered by itself, or with the first write, once', async () => {
    const { on, proof } = taking()
    await on.stepUps.create(STEP_UP, { started: { method: 'passkey', challenge: 'challenge' } })
    expect(called).toEqual(['stepUps.create'])
    expect(await on.stepUps.takeChallenge(CHALLENGE)).toBe('challenge')
    await on.stepUps.start({ ...CHALLENGE, challenge: 'second' })
    await proof.take()
    expect(called).toEqual(['stepUps.create', 'stepUps.takeChallengeWith', 'stepUps.start'])
    expect(await isRemembered()).toBe(true)
  })

  test('is not remembered by what only reads', async () => {
    await store.devices.see(SEEN)
    called = []
    const { on } = taking()
    await Promise.all([on.changes.head(), on.licenses.get('acme'), on.devices.see(SEEN), on.stepUps.get('su_1')])
    expect(called).not.toContain('replay.once')
    expect(await isRemembered()).toBe(false)
  })

  test('is still to be remembered if the write failed with the store', async () => {
    await store.stepUps.create(STEP_UP)
    const { on, proof } = taking()
    await expect(on.stepUps.create(STEP_UP)).rejects.toThrow(/UNIQUE/)
    await proof.take()
    expect(await isRemembered()).toBe(true)
  })
})

describe('threat: two writes of one request at the same moment', () => {
  test('remember the proof once, and both go through', async () => {
    const { proof } = taking()
    await Promise.all([proof.take(), proof.take(), proof.takeWith(async (use) => (use === undefined ? 'later' : 'first'))])
    expect(called.filter((verb) => verb === 'replay.once')).toHaveLength(1)
    expect(await isRemembered()).toBe(true)
  })

  test('the second remembers the proof if the first fails', async () => {
    const { proof } = taking()
    const outcomes = await Promise.allSettled([proof.takeWith(() => Promise.reject(new Error('injected'))), proof.take(), proof.take()])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    expect(await isRemembered()).toBe(true)
  })

  test('are both refused if the proof was used before', async () => {
    await store.replay.once(USE)
    const { proof } = taking()
    const outcomes = await Promise.allSettled([proof.take(), proof.take()])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })
})

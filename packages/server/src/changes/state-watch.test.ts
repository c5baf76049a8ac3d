import { setImmediate } from 'node:timers/promises'
import type { State } from '@stile/protocol'
import { expect, test } from 'vitest'
import { StileError } from '../error.ts'
import type { Change } from '../stores/store.ts'
import { affects } from './affects.ts'
import { watchState } from './state-watch.ts'
import type { ChangeStream } from './stream.ts'

const caller = { subject: 'main|alice', account: 'acme', sid: 's1', expiresAt: 1000 }

/** A stream that a test feeds by hand, and a clock that it moves. */
function setUp(load: (call: number) => Promise<Partial<State>>, knownRevision?: number) {
  let expiresAt: number | null = 5000
  const told: unknown[] = []
  const listeners = new Set<(changes: readonly Change[]) => void>()
  let time = 100
  let isReady = true
  let calls = 0
  const stream: ChangeStream = {
    start: async () => {},
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    sync: async () => 0,
    cursor: () => 0,
    close: () => {},
  }
  const watch = watchState({
    caller,
    stream,
    now: () => time,
    sessionExpiresAt: async () => expiresAt,
    load: async () => {
      const state = (await load(calls++)) as State
      return { revision: state.revision, changesAt: state.license?.changesAt, state }
    },
    isReady: () => isReady,
    ...(knownRevision === undefined ? {} : { knownRevision }),
    onState: (state) => told.push(state.revision),
    onEnd: (why) => told.push(why),
  })
  return {
    told,
    watch,
    calls: () => calls,
    /** Uses or ends the session: `null` ends it. */
    sessionTo(next: number | null) {
      expiresAt = next
    },
    /** Whether the client has taken what it was sent. */
    takes(next: boolean) {
      isReady = next
    },
    listeners,
    at(next: number) {
      time = next
      watch.tick()
    },
    emit: (...changes: object[]) => {
      for (const listener of [...listeners]) listener(changes as Change[])
    },
  }
}

const mine = { cursor: 1, at: 1, type: 'license', account: 'acme' }

test('a burst of changes while one state is computed leads to exactly one more', async () => {
  const gate = Promise.withResolvers<void>()
  const world = setUp(async (call) => {
    if (call === 0) await gate.promise
    return { revision: call + 1 }
  })
  for (let count = 0; count < 50; count++) world.emit(mine)
  gate.resolve()
  await expect.poll(() => world.told).toEqual([1, 2])
  expect(world.calls()).toBe(2)
  world.watch.close()
})

test('threat: a client that takes nothing fills the memory with states, and keeps the store busy', async () => {
  const world = setUp(async (call) => ({ revision: call + 1 }))
  await expect.poll(() => world.told).toEqual([1])
  world.takes(false)
  for (let count = 0; count < 20; count++) {
    world.emit(mine)
    await setImmediate()
    await setImmediate()
  }
  expect(world.told).toEqual([1])
  expect(world.calls()).toBe(1)
  world.takes(true)
  await expect.poll(() => world.told).toEqual([1, 2])
  expect(world.calls(), 'only the newest was computed').toBe(2)
  world.takes(false)
  world.emit(mine)
  await setImmediate()
  world.emit({ type: 'revoked', subject: 'main|alice', sid: 's1', before: 1 })
  expect(world.told, 'the end waits for nobody').toEqual([1, 2, 'session_ended'])
})

test('what the client knows already is not told, and all that comes later is', async () => {
  const world = setUp(async (call) => ({ revision: 7 + call }), 7)
  await expect.poll(() => world.calls()).toBe(1)
  expect(world.told).toEqual([])
  world.emit(mine)
  await expect.poll(() => world.told).toEqual([8])
  world.watch.close()
})

test('a license that changes by itself is told although the log is silent', async () => {
  const world = setUp(async (call) => ({ revision: 5, ...(call === 0 ? { license: { changesAt: 200 } as never } : {}) }))
  await expect.poll(() => world.told).toEqual([5])
  world.at(199)
  world.at(200)
  await expect.poll(() => world.told).toEqual([5, 5])
  world.watch.close()
})

test('the end of the session, or of its token, is told once, and nothing after it', async () => {
  for (const [act, why] of [
    [(world: ReturnType<typeof setUp>) => world.emit({ type: 'revoked', subject: 'main|alice', sid: 's1', before: 1 }), 'session_ended'],
    [(world: ReturnType<typeof setUp>) => world.at(1000), 'token_expired'],
  ] as const) {
    const world = setUp(async () => ({ revision: 1 }))
    await expect.poll(() => world.told).toEqual([1])
    act(world)
    act(world)
    world.emit(mine)
    expect(world.told).toEqual([1, why])
    expect(world.listeners.size, 'no listener is left behind').toBe(0)
  }
})

test('threat: a stream that nobody uses goes on after its session has expired', async () => {
  const world = setUp(async () => ({ revision: 1 }))
  world.sessionTo(200)
  world.emit(mine)
  await expect.poll(() => world.told).toEqual([1, 1])
  // used meanwhile
  world.sessionTo(300)
  world.at(200)
  await setImmediate()
  world.at(299)
  await setImmediate()
  expect(world.told).toEqual([1, 1])
  world.at(300)
  await expect.poll(() => world.told).toEqual([1, 1, 'session_ended'])
  expect(world.listeners.size).toBe(0)
})

test('threat: a stream whose session was ended without a change for it goes on', async () => {
  const world = setUp(async () => ({ revision: 1 }))
  await expect.poll(() => world.told).toEqual([1])
  world.sessionTo(null)
  world.emit(mine)
  await expect.poll(() => world.told).toEqual([1, 'session_ended'])
})

test('a token that has expired before the watch begins gets no state at all', async () => {
  const world = setUp(async () => ({ revision: 1 }))
  world.at(2000)
  await Promise.resolve()
  expect(world.told).toEqual(['token_expired'])
})

test('a state that cannot be computed ends the watch: the client must not go on with an old one unawares', async () => {
  const failed = setUp(async () => {
    throw new Error('store')
  })
  await expect.poll(() => failed.told).toEqual(['failed'])
  const ended = setUp(async () => {
    throw new StileError('session_ended', 'This session was ended. Sign in again.')
  })
  await expect.poll(() => ended.told).toEqual(['session_ended'])
})

test.each<[object, string]>([
  [{ type: 'policy', revision: 1, digest: 'x' }, 'state'],
  [{ type: 'license', account: 'acme' }, 'state'],
  [{ type: 'license', account: 'other' }, 'nothing'],
  [{ type: 'authenticators', subject: 'main|alice' }, 'state'],
  [{ type: 'authenticators', subject: 'main|bob' }, 'nothing'],
  [{ type: 'proofs', subject: 'main|alice', sid: 's1' }, 'state'],
  [{ type: 'proofs', subject: 'main|alice', sid: 's2' }, 'nothing'],
  [{ type: 'revoked', account: 'acme', before: 1 }, 'state'],
  [{ type: 'revoked', account: 'acme', subject: 'main|bob', before: 1 }, 'nothing'],
  [{ type: 'revoked', subject: 'main|alice', sid: 's1', before: 1 }, 'end'],
  [{ type: 'revoked', subject: 'main|alice', sid: 's2', before: 1 }, 'nothing'],
  [{ type: 'revoked', subject: 'main|bob', sid: 's1', before: 1 }, 'nothing'],
])('the change %o means: %s', (change, effect) => {
  expect(affects({ cursor: 1, at: 1, ...change } as Change, caller)).toBe(effect)
})

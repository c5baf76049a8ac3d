import { beforeEach, expect, test } from 'vitest'
import { loadDeviceKey, thumbprint } from './device-key.ts'
import { shareUnstoredPair } from './unstored-key.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }
const make = () => crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify'])

beforeEach(() => history.replaceState(null, ''))

test('a page whose state is its own finds it as it was', async () => {
  for (const state of [{ page: 3 }, 'a text', ['a list'], null]) {
    history.replaceState(state, '')
    await shareUnstoredPair(await make())
    expect(history.state).toEqual(state)
  }
})

test('what only looks like a kept pair is taken out of the state, and is not used', async () => {
  history.replaceState({ page: 3, 'stile:key': { privateKey: 'planted' } }, '')
  expect((await shareUnstoredPair(await make())).privateKey).toBeInstanceOf(CryptoKey)
  expect(history.state).toEqual({ page: 3 })
})

test('a browser without channels or locks has a key in memory', async () => {
  const { BroadcastChannel } = globalThis
  Reflect.deleteProperty(globalThis, 'BroadcastChannel')
  const key = await loadDeviceKey(10)
  globalThis.BroadcastChannel = BroadcastChannel
  expect(key.stored).toBe(false)
  expect(await thumbprint(key)).toMatch(/^[\w-]{43}$/)
})

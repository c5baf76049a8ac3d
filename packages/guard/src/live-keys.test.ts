import { afterEach, beforeEach, expect, test } from 'vitest'
import { createGuard, type Guard } from './guard.ts'
import {
  ada,
  brief,
  type Feature,
  type Keys,
  license,
  makeKeys,
  mfa,
  openWire,
  optionsFor,
  until,
  type Wire,
  withToken,
} from './wire.test-support.ts'

let wire: Wire
let guard: Guard<Feature>
let next: Keys

beforeEach(async () => {
  wire = await openWire()
  wire.licenses.set('acme', license('enterprise', 1))
  guard = createGuard(optionsFor(wire))
  await guard.ready()
  next = await makeKeys('service-2')
})
afterEach(async () => {
  await guard.close()
  await wire.close()
})

const using = async (token: string): Promise<string> =>
  brief(await guard.authorize(await withToken(wire.clock, token), 'reports.export', ada))
const fetches = (): number => wire.hits.get('/.well-known/jwks.json') ?? 0

test('threat: a signing key has leaked. What it signed is refused as soon as the feed says so, although it was good a moment ago', async () => {
  const token = await wire.token([mfa])
  expect(await using(token)).toBe('ok permit')
  wire.publish(next)
  wire.tell({ type: 'keys', withdrawn: [wire.keys.kid] })
  await until(async () => (await using(token)) === '401 invalid_token', 'the withdrawal')
  expect(await using(await wire.token([mfa]))).toBe('401 invalid_token')
  expect(await using(await wire.token([mfa], { keys: next }))).toBe('ok permit')
})

test('threat: a cache, or a process that has not heard, goes on publishing the withdrawn key', async () => {
  const token = await wire.token([mfa])
  wire.publish(wire.keys, next)
  wire.tell({ type: 'keys', withdrawn: [wire.keys.kid] })
  await until(async () => (await using(token)) === '401 invalid_token', 'the withdrawal')
  expect(await using(await wire.token([mfa], { keys: next }))).toBe('ok permit')
  // also when the keys are fetched again in the background
  wire.clock.now += 299
  wire.tell({ type: 'keys', withdrawn: [] })
  await until(() => fetches() >= 3, 'another look at the keys')
  expect(await using(await wire.token([mfa], { keys: wire.keys }))).not.toBe('ok permit')
})

test('threat: a withdrawn key counts for as long as the key set cannot be read', async () => {
  const token = await wire.token([mfa])
  expect(await using(token)).toBe('ok permit')
  // an answer that holds no key is none
  wire.publish()
  wire.tell({ type: 'keys', withdrawn: [wire.keys.kid] })
  await until(async () => (await using(token)) !== 'ok permit', 'the withdrawal')
})

test('a new key that is not published everywhere yet is looked for again within seconds', async () => {
  const before = fetches()
  wire.tell({ type: 'keys', withdrawn: [wire.keys.kid] })
  await until(() => fetches() > before, 'a look at the keys')
  const token = await wire.token([mfa], { keys: next })
  expect(await using(token)).not.toBe('ok permit')
  // that process has heard now too
  wire.publish(next)
  wire.clock.now += 1
  expect(await using(token)).toBe('ok permit')
})

test('a key that goes the ordinary way stays good for as long as it is published', async () => {
  const token = await wire.token([mfa])
  const before = fetches()
  wire.publish(wire.keys, next)
  wire.tell({ type: 'keys', withdrawn: [] })
  await until(() => fetches() > before, 'a look at the keys')
  expect([await using(token), await using(await wire.token([mfa], { keys: next }))]).toEqual(['ok permit', 'ok permit'])
})

test('threat: made-up key ids after a rotation become a flood of requests to the service', async () => {
  wire.tell({ type: 'keys', withdrawn: [] })
  const before = fetches()
  await until(() => fetches() > before, 'a look at the keys')
  const start = fetches()
  for (let index = 0; index < 30; index++) {
    expect(await using(await wire.token([mfa], { header: { kid: `made-up-${index}` } }))).toBe('401 invalid_token')
  }
  expect(fetches() - start).toBeLessThanOrEqual(1)
})

test('threat: a withdrawal that is not understood is passed over', async () => {
  const token = await wire.token([mfa])
  expect(await using(token)).toBe('ok permit')
  wire.publish(next)
  wire.tell({ type: 'keys', withdrawn: 7 })
  await until(async () => (await using(token)) === '401 invalid_token', 'the worst to be assumed')
})

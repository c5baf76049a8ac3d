import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSqliteStore } from '../stores/sqlite/index.ts'
import type { Store } from '../stores/store.ts'
import { openSecrets, SEALING_KEY_SETTING } from './open-secrets.ts'
import { createSealer, keyIdOf, sealedKeyId } from './seal.ts'

const [OLD, NEW, OTHER] = [1, 2, 3].map((each) => new Uint8Array(32).fill(each)) as [Uint8Array, Uint8Array, Uint8Array]
const CONTEXT = { table: 'authenticators', subject: 'main|ada', id: 'auth_1' }

let store: Store
beforeEach(() => {
  store = createSqliteStore({ path: ':memory:' })
})
afterEach(() => store.close())

const open = (secret: Uint8Array, ...previousSecrets: Uint8Array[]) => openSecrets(store, { secret, previousSecrets, random: randomBytes })
const switchTo = (secret: Uint8Array) => store.settings.set({ name: SEALING_KEY_SETTING, value: keyIdOf(secret) })
/** As a version wrote it that did not write down which secret seals. */
const keepKeyOf = (secret: Uint8Array) => {
  const sealedPrivateJwk = createSealer({ secret, random: randomBytes }).seal('{}', { table: 'signing_keys', subject: 'test', id: 'k' })
  return store.signingKeys.create({ kid: 'k', publicJwk: {}, sealedPrivateJwk, createdAt: 1, activeFrom: 1 })
}

test('a process with a new secret goes on with the former one until the store says otherwise', async () => {
  const former = await open(OLD)
  const both = await open(NEW, OLD)
  const sealed = both.sealer.seal('app', CONTEXT)
  expect(sealedKeyId(sealed)).toBe(keyIdOf(OLD))
  expect(Buffer.from(former.sealer.open(sealed, CONTEXT)).toString()).toBe('app')
  await switchTo(NEW)
  expect(await both.refresh()).toBe(true)
  const resealed = both.sealer.seal('app', CONTEXT)
  expect(sealedKeyId(resealed)).toBe(keyIdOf(NEW))
  expect(Buffer.from(both.sealer.open(sealed, CONTEXT)).toString()).toBe('app')
})

test('threat: a process that was not given the secret which seals now writes what nobody else can open', async () => {
  const former = await open(OLD)
  await switchTo(NEW)
  expect(await former.refresh()).toBe(false)
  expect(former.sealer.canSeal()).toBe(false)
  expect(() => former.sealer.seal('app', CONTEXT)).toThrow(expect.objectContaining({ code: 'secret_changed' }))
  const resealed = createSealer({ secret: NEW, random: randomBytes }).seal('app', CONTEXT)
  expect(() => former.sealer.open(resealed, CONTEXT)).toThrow(expect.objectContaining({ code: 'secret_changed' }))
})

test.each([
  ['only the new secret, before the rotation', [NEW]],
  ['another secret', [OTHER]],
  ['two others', [NEW, OTHER]],
])('threat: a start with %s makes a second set of keys', async (_, [secret = NEW, ...more]) => {
  await open(OLD)
  const before = await store.settings.get('sealed.hash-secret')
  await expect(open(secret, ...more)).rejects.toMatchObject({ code: 'secret_changed', message: expect.stringContaining(keyIdOf(OLD)) })
  expect(await store.settings.get('sealed.hash-secret')).toBe(before)
})

test('keyed hashes stay as they are when the secret is replaced, and are made of no secret of a new store', async () => {
  const { hashSecret, sealer } = await open(OLD)
  expect(hashSecret).not.toEqual(OLD)
  expect((await open(NEW, OLD)).hashSecret).toEqual(hashSecret)
  const value = await store.settings.get('sealed.hash-secret')
  expect(value).not.toContain(Buffer.from(hashSecret).toString('base64url'))
  expect(sealer.keyIds).toEqual([keyIdOf(OLD)])
})

test('a store from before goes on with the hashes that it has, whichever secret comes first', async () => {
  await keepKeyOf(OLD)
  const both = await open(NEW, OLD)
  expect(both.hashSecret).toEqual(OLD)
  expect(sealedKeyId(both.sealer.seal('app', CONTEXT))).toBe(keyIdOf(OLD))
  expect((await open(OLD)).hashSecret).toEqual(OLD)
})

test('threat: a store from before that is opened with another secret gets hashes that match nothing', async () => {
  await keepKeyOf(OLD)
  await expect(open(NEW)).rejects.toMatchObject({ code: 'secret_changed' })
  expect(await store.settings.get('sealed.hash-secret')).toBeNull()
})

test('processes that start together agree', async () => {
  const opened = await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? open(OLD) : open(OLD, NEW))))
  for (const { hashSecret } of opened) expect(hashSecret).toEqual(opened[0]?.hashSecret)
})

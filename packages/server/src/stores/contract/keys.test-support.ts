import { describe, expect, it } from 'vitest'
import type { ApiKeyRecord, SigningKeyRecord, Store } from '../store.ts'
import { burst, T0 } from './fixtures.test-support.ts'

const apiKey = (id: string, over: Partial<ApiKeyRecord> = {}): ApiKeyRecord => ({
  id,
  hash: `hash-${id}`,
  name: 'Billing',
  scope: 'licenses:write',
  createdAt: T0,
  expiresAt: T0 + 1000,
  ...over,
})

const signingKey = (kid: string, activeFrom: number): SigningKeyRecord => ({
  kid,
  publicJwk: { kty: 'EC', crv: 'P-256', x: kid },
  sealedPrivateJwk: 'v1.sealed',
  createdAt: T0,
  activeFrom,
})

/** Keys of machines, keys that sign, settings, and the store's own life. */
export function keysContract(store: () => Store): void {
  describe('api keys', () => {
    it('finds by hash and lists, with and without audience', async () => {
      const guard = apiKey('key_2', { scope: 'guard', audience: 'https://api.example.com', createdAt: T0 + 1 })
      await store().apiKeys.create(guard)
      await store().apiKeys.create(apiKey('key_1'))
      expect(await store().apiKeys.findByHash('hash-key_2')).toEqual(guard)
      expect(await store().apiKeys.findByHash('hash-key_3')).toBeNull()
      expect(await store().apiKeys.list()).toEqual([apiKey('key_1'), guard])
    })

    it('stays revoked since the first time', async () => {
      await store().apiKeys.create(apiKey('key_1'))
      expect(await store().apiKeys.revoke({ id: 'key_1', now: T0 + 5 })).toBe(true)
      expect(await store().apiKeys.revoke({ id: 'key_1', now: T0 + 9 })).toBe(true)
      expect(await store().apiKeys.revoke({ id: 'key_2', now: T0 })).toBe(false)
      expect((await store().apiKeys.findByHash('hash-key_1'))?.revokedAt).toBe(T0 + 5)
    })

    it('refuses two keys of one hash', async () => {
      await store().apiKeys.create(apiKey('key_1'))
      await expect(store().apiKeys.create(apiKey('key_2', { hash: 'hash-key_1' }))).rejects.toThrow()
      expect(await store().apiKeys.list()).toHaveLength(1)
    })
  })

  describe('signing keys', () => {
    it('takes one key per beginning in a burst, and lists by beginning', async () => {
      await store().signingKeys.create(signingKey('later', T0 + 10))
      const created = await burst((index) => store().signingKeys.create(signingKey(`kid-${index}`, T0)))
      expect(created.filter(Boolean)).toHaveLength(1)
      expect(await store().signingKeys.list()).toEqual([signingKey(`kid-${created.indexOf(true)}`, T0), signingKey('later', T0 + 10)])
    })

    it('forgets exactly the retired ones', async () => {
      await burst((index) => store().signingKeys.create(signingKey(`kid-${index}`, T0 + index)), 4)
      await store().signingKeys.retire({ kids: ['kid-0', 'kid-2', 'unknown'] })
      expect((await store().signingKeys.list()).map(({ kid }) => kid)).toEqual(['kid-1', 'kid-3'])
    })
  })

  describe('settings', () => {
    it('pins one value in a burst', async () => {
      const values = await burst((index) => store().settings.pin({ name: 'rpId', value: `value-${index}` }))
      expect(new Set(values).size).toBe(1)
      expect(await store().settings.pin({ name: 'rpId', value: 'late' })).toBe(values[0])
    })

    it('is set to another value on purpose', async () => {
      await store().settings.pin({ name: 'rpId', value: 'one' })
      await store().settings.set({ name: 'rpId', value: 'two' })
      expect(await store().settings.pin({ name: 'rpId', value: 'three' })).toBe('two')
    })
  })

  describe('the store itself', () => {
    it('checks that it can read and write', async () => {
      await store().check()
      await store().check()
    })

    it('finishes what is under way when it is closed, then refuses', async () => {
      const underWay = store().replay.once({ key: 'jti', now: T0, expiresAt: T0 + 1 })
      await store().close()
      expect(await underWay).toBe(true)
      await expect(store().replay.once({ key: 'jti', now: T0, expiresAt: T0 + 1 })).rejects.toThrow(/closed/)
      await expect(store().licenses.get('acme')).rejects.toThrow(/closed/)
      await expect(store().check()).rejects.toThrow(/closed/)
      await store().close()
    })
  })
}

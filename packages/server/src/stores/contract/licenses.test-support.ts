import { describe, expect, it } from 'vitest'
import type { Store } from '../store.ts'
import { ALL, burst, license, licenseChange, T0 } from './fixtures.test-support.ts'

/** Licenses, policies and the log of what changed. */
export function licensesContract(store: () => Store): void {
  const write = (record: ReturnType<typeof license>, expectedEpoch: number | null) =>
    store().licenses.write({ record, expectedEpoch, changes: [licenseChange(record.account)] })

  describe('licenses', () => {
    it('gives back what was written, with every member and with none of the optional ones', async () => {
      const full = license('acme', { endsAt: T0 + 9, raisedAt: T0 + 1, requires: { level: 'mfa', maxAgeSeconds: 60 }, state: 'past_due' })
      await write(full, null)
      await write(license('beta', { features: [] }), null)
      expect(await store().licenses.get('acme')).toEqual(full)
      expect(await store().licenses.get('beta')).toEqual(license('beta', { features: [] }))
      expect(await store().licenses.get('gamma')).toBeNull()
    })

    it('takes optional members away where a later record has none', async () => {
      await write(license('acme', { endsAt: T0 + 9, raisedAt: T0, requires: { level: 'phr' } }), null)
      await write(license('acme', { epoch: 2 }), 1)
      expect(await store().licenses.get('acme')).toEqual(license('acme', { epoch: 2 }))
    })

    it('is created by one caller of a burst, with one change', async () => {
      const written = await burst((index) => write(license('acme', { tier: `tier-${index}` }), null))
      expect(written.filter(Boolean)).toHaveLength(1)
      expect((await store().licenses.get('acme'))?.tier).toBe(`tier-${written.indexOf(true)}`)
      expect(await store().changes.after(ALL)).toEqual([{ cursor: expect.any(Number), ...licenseChange('acme') }])
    })

    it('is written by one caller of a burst that read the same epoch, with one change', async () => {
      await write(license('acme'), null)
      const cursor = await store().changes.head()
      const written = await burst((index) => write(license('acme', { epoch: 2, tier: `tier-${index}` }), 1))
      expect(written.filter(Boolean)).toHaveLength(1)
      expect((await store().licenses.get('acme'))?.tier).toBe(`tier-${written.indexOf(true)}`)
      expect(await store().changes.after({ ...ALL, cursor })).toHaveLength(1)
    })

    it('writes nothing where an epoch is expected and there is no license', async () => {
      expect(await write(license('acme', { epoch: 2 }), 1)).toBe(false)
      expect(await store().licenses.get('acme')).toBeNull()
      expect(await store().changes.head()).toBe(0)
    })

    it('lists by account, a page at a time', async () => {
      await burst((index) => write(license(`account-${String(index).padStart(2, '0')}`), null))
      const first = await store().licenses.list({ limit: 20 })
      const second = await store().licenses.list({ after: first.at(-1)?.account ?? '', limit: 20 })
      const third = await store().licenses.list({ after: second.at(-1)?.account ?? '', limit: 20 })
      const accounts = [...first, ...second, ...third].map(({ account }) => account)
      expect([first.length, second.length, third.length]).toEqual([20, 20, 10])
      expect(accounts).toEqual(Array.from({ length: 50 }, (_, index) => `account-${String(index).padStart(2, '0')}`))
    })
  })

  describe('policies', () => {
    const publish = (digest: string) => store().policies.publish({ digest, document: { format: 1, name: digest }, now: T0 })

    it('publishes one revision in a burst of the same document, with one change', async () => {
      expect(await store().policies.current()).toBeNull()
      const published = await burst(() => publish('one'))
      expect(new Set(published.map(({ revision }) => revision))).toEqual(new Set([1]))
      expect(await store().policies.current()).toEqual({
        revision: 1,
        digest: 'one',
        document: { format: 1, name: 'one' },
        publishedAt: T0,
      })
      expect(await store().changes.after(ALL)).toEqual([{ cursor: expect.any(Number), at: T0, type: 'policy', revision: 1, digest: 'one' }])
    })

    it('numbers different documents one after another, and a former one again', async () => {
      const published = await burst((index) => publish(`document-${index}`))
      expect(published.map(({ revision }) => revision).sort((one, other) => one - other)).toEqual(
        Array.from({ length: 50 }, (_, index) => index + 1),
      )
      expect((await publish('document-0')).revision).toBe(51)
      expect((await store().policies.current())?.digest).toBe('document-0')
    })
  })

  describe('changes', () => {
    it('gives those after a cursor, oldest first, as many as asked for', async () => {
      for (const account of ['a', 'b', 'c', 'd']) await write(license(account), null)
      const all = await store().changes.after(ALL)
      expect(all.map((change) => change.type === 'license' && change.account)).toEqual(['a', 'b', 'c', 'd'])
      expect(all.map(({ cursor }) => cursor)).toEqual(all.map(({ cursor }) => cursor).toSorted((one, other) => one - other))
      expect(await store().changes.after({ cursor: all[1]?.cursor ?? 0, limit: 1 })).toEqual([all[2]])
      expect(await store().changes.head()).toBe(all[3]?.cursor)
      expect(await store().changes.after({ cursor: await store().changes.head(), limit: 10 })).toEqual([])
    })

    it('appends every change of one write, in order', async () => {
      const changes = [licenseChange('acme'), { at: T0, type: 'revoked', account: 'acme', before: T0 }] as const
      await store().licenses.write({ record: license('acme'), expectedEpoch: null, changes })
      expect(await store().changes.after(ALL)).toEqual(changes.map((change) => ({ cursor: expect.any(Number), ...change })))
    })

    it('tells every watcher after a commit that changed something, and only then', async () => {
      const heads: Promise<number>[] = []
      let others = 0
      const stop = store().changes.watch(() => heads.push(store().changes.head()))
      const stopOther = store().changes.watch(() => {
        others += 1
      })
      await store().settings.set({ name: 'a', value: 'b' })
      expect(heads).toEqual([])
      await write(license('acme'), null)
      expect(await Promise.all(heads)).toEqual([await store().changes.head()])
      stop()
      await write(license('acme', { epoch: 2 }), 1)
      expect([heads.length, others]).toEqual([1, 2])
      stopOther()
    })

    it('has one generation', async () => {
      const [first, second] = await Promise.all([store().changes.generation(), store().changes.generation()])
      expect(first).toMatch(/^[A-Za-z0-9_-]{16,}$/)
      expect(second).toBe(first)
    })
  })
}

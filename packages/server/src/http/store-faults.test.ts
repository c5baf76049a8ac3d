import { expect, test } from 'vitest'
import type { Store } from '../stores/store.ts'
import { watchStore } from './store-faults.ts'

/** A store as a class, as somebody else may have written it. */
class Licenses {
  readonly #records = new Map([['acme', 'record']])
  async get(account: string): Promise<string | null> {
    if (account === 'broken') throw new Error('unreachable')
    return this.#records.get(account) ?? null
  }
}
class ClassStore {
  readonly licenses = new Licenses()
  check(): Promise<void> {
    throw new Error('closed')
  }
}

test('errors of the store are known as such, whatever throws them and however; others are not', async () => {
  const { store, failed } = watchStore(new ClassStore() as unknown as Store)
  expect(await store.licenses.get('acme')).toBe('record')
  const rejected = await store.licenses.get('broken').catch((error: unknown) => error)
  expect(rejected).toMatchObject({ message: 'unreachable' })
  expect(failed(rejected)).toBe(true)
  const thrown = await (async () => store.check())().catch((error: unknown) => error)
  expect(failed(thrown)).toBe(true)
  expect(failed(new Error('unreachable'))).toBe(false)
  expect(failed(undefined)).toBe(false)
})

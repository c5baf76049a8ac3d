import { createHash, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StileError } from '../error.ts'
import { createSqliteStore } from '../stores/sqlite/index.ts'
import type { ApiKeyRecord, ApiKeyScope, Store } from '../stores/store.ts'
import { createApiKey, verifyApiKey } from './api-keys.ts'

const T0 = 1_700_000_000
const API = 'https://api.example.com'
let store: Store
let time: number
const deps = () => ({ store, now: () => time, random: randomBytes })

beforeEach(() => {
  store = createSqliteStore({ path: ':memory:' })
  time = T0
})
afterEach(() => store.close())

const make = (scope: ApiKeyScope, audience?: string) =>
  createApiKey(deps(), { name: 'Billing', scope, ttlSeconds: 3600, ...(audience !== undefined && { audience }) })

/** The code of a refusal; its sentence must say nothing of the key. */
async function refusal(presented: string | undefined, scopes: readonly ApiKeyScope[], audience?: string): Promise<string> {
  const error = await verifyApiKey(deps(), presented, scopes, audience).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof StileError)) return 'accepted'
  const shown = `${JSON.stringify(error.toProblem())}${error.stack}`
  if (presented !== undefined && presented.length > 10) {
    expect(shown).not.toContain(presented)
    expect(shown).not.toContain(presented.slice(-20))
  }
  return error.code
}

describe('making a key', () => {
  it('gives 256 random bits with a prefix that shows the scope', async () => {
    expect((await make('guard', API)).key).toMatch(/^stile_g_[\w-]{43}$/)
    expect((await make('licenses:read')).key).toMatch(/^stile_lr_[\w-]{43}$/)
    expect((await make('licenses:write')).key).toMatch(/^stile_lw_[\w-]{43}$/)
  })

  it('threat: who can read the database would have the key', async () => {
    const { key, record } = await make('guard', API)
    expect(record).toEqual({
      id: expect.stringMatching(/^key_[\w-]{22}$/),
      hash: createHash('sha256').update(key).digest('base64url'),
      name: 'Billing',
      scope: 'guard',
      audience: API,
      createdAt: T0,
      expiresAt: T0 + 3600,
    })
    const stored = await store.apiKeys.list()
    expect(stored).toEqual([record])
    expect(JSON.stringify(stored)).not.toContain(key.slice(8))
  })

  it('refuses what would make no sense', async () => {
    const good = { name: 'Billing', scope: 'licenses:read', ttlSeconds: 60 } as const
    const bad = [
      { ...good, name: ' ' },
      { ...good, scope: 'admin' as ApiKeyScope },
      { ...good, scope: 'toString' as ApiKeyScope },
      { ...good, scope: 'guard' as const },
      { ...good, scope: 'guard' as const, audience: '' },
      { ...good, audience: API },
      ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map((ttlSeconds) => ({ ...good, ttlSeconds })),
    ]
    for (const input of bad) await expect(createApiKey(deps(), input)).rejects.toMatchObject({ code: 'invalid_request' })
    expect(await store.apiKeys.list()).toEqual([])
  })
})

describe('checking a key', () => {
  it('accepts a good one and answers its record', async () => {
    const { key, record } = await make('guard', API)
    expect(await verifyApiKey(deps(), key, ['guard'], API)).toEqual(record)
    expect(await verifyApiKey(deps(), key, ['guard'])).toEqual(record)
  })

  it('holds each scope to what it allows: writing includes reading, and nothing else includes anything', async () => {
    const scopes = ['guard', 'licenses:read', 'licenses:write'] as const
    const allowed = new Set(['guard>guard', 'licenses:read>licenses:read', 'licenses:write>licenses:write', 'licenses:write>licenses:read'])
    for (const has of scopes) {
      const { key } = await make(has, has === 'guard' ? API : undefined)
      for (const needs of scopes) {
        expect([has, needs, await refusal(key, [needs])]).toEqual([
          has,
          needs,
          allowed.has(`${has}>${needs}`) ? 'accepted' : 'insufficient_scope',
        ])
      }
      expect(await refusal(key, [])).toBe('insufficient_scope')
      expect(await refusal(key, scopes)).toBe('accepted')
    }
  })

  it('threat: the key of one API would be used to ask about another', async () => {
    const { key } = await make('guard', API)
    expect(await refusal(key, ['guard'], 'https://other.example.com')).toBe('insufficient_scope')
    expect(await refusal(key, ['guard'], '')).toBe('insufficient_scope')
    expect(await refusal((await make('licenses:read')).key, ['licenses:read'], API)).toBe('insufficient_scope')
  })

  it('threat: a leaked key would work for ever', async () => {
    const { key } = await make('licenses:read')
    time = T0 + 3599
    expect(await refusal(key, ['licenses:read'])).toBe('accepted')
    time = T0 + 3600
    expect(await refusal(key, ['licenses:read'])).toBe('unauthenticated')
  })

  it('threat: a revoked key would go on working', async () => {
    const { key, record } = await make('licenses:read')
    await store.apiKeys.revoke({ id: record.id, now: T0 })
    expect(await refusal(key, ['licenses:read'])).toBe('unauthenticated')
  })

  it('threat: something like the key, or its hash, would be accepted', async () => {
    const { key, record } = await make('licenses:read')
    const last = key.at(-1) === 'A' ? 'B' : 'A'
    const like = [
      undefined,
      '',
      record.hash,
      record.id,
      ` ${key}`,
      `${key} `,
      `${key}\n`,
      key.slice(0, -1),
      `${key}A`,
      key.toUpperCase(),
      `${key.slice(0, -1)}${last}`,
      key.replace('_lr_', '_lw_'),
      `stile_lr_${record.hash}`,
    ]
    for (const presented of like) expect(await refusal(presented, ['licenses:read'])).toBe('unauthenticated')
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 60 }), async (any) => (await refusal(any, ['licenses:read'])) === 'unauthenticated'),
    )
  })

  it('threat: a store that compares loosely would give the record of another key', async () => {
    const { key, record } = await make('licenses:read')
    const loose = (found: ApiKeyRecord) => ({ ...deps(), store: { apiKeys: { ...store.apiKeys, findByHash: async () => found } } })
    for (const hash of [record.hash.toLowerCase(), `${record.hash} `, '']) {
      await expect(verifyApiKey(loose({ ...record, hash }), key, ['licenses:read'])).rejects.toMatchObject({ code: 'unauthenticated' })
    }
  })

  it('never takes a store that fails for a key that is wrong, nor for one that is right', async () => {
    const { key } = await make('licenses:read')
    await store.close()
    const error = await verifyApiKey(deps(), key, ['licenses:read']).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toBeInstanceOf(StileError)
    expect(String(error)).not.toContain(key)
  })
})

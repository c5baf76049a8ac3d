import { createHash, timingSafeEqual } from 'node:crypto'
import { StileError } from '../error.ts'
import type { ApiKeyRecord, ApiKeyScope, Store } from '../stores/store.ts'

/** What the keys of machines need. */
export type ApiKeyDeps = Readonly<{
  store: Pick<Store, 'apiKeys'>
  /** Whole seconds since the epoch. */
  now: () => number
  /** Cryptographically strong random bytes. */
  random: (bytes: number) => Uint8Array
}>

const KEY_BYTES = 32
const ID_BYTES = 16

/** The scope shows in the key, so that people and secret scanners see what a key they find is for. */
const INITIALS: Readonly<Record<ApiKeyScope, string>> = {
  guard: 'g',
  'licenses:read': 'lr',
  'licenses:write': 'lw',
  'sessions:write': 'sw',
  'subjects:read': 'ur',
  'subjects:write': 'uw',
}

const FORM = new RegExp(`^stile_(?:${Object.values(INITIALS).join('|')})_[A-Za-z0-9_-]{43}$`)

/**
 * Makes the key of a machine: 256 random bits with a prefix, of one scope, expiring. Only its SHA-256 is kept, so the key is shown once.
 *
 * @param audience  the one audience of a `guard` key; other scopes have none
 * @param ttlSeconds  how long it is valid, in whole seconds
 * @throws StileError `invalid_request` for an empty name, an unknown scope, a missing or needless audience, or no lifetime
 */
export async function createApiKey(
  { store, now, random }: ApiKeyDeps,
  { name, scope, audience, ttlSeconds }: Readonly<{ name: string; scope: ApiKeyScope; audience?: string; ttlSeconds: number }>,
): Promise<Readonly<{ key: string; record: ApiKeyRecord }>> {
  if (name.trim() === '') throw new StileError('invalid_request', 'The key has no name. Name the machine that will use it.')
  if (!Object.hasOwn(INITIALS, scope)) {
    throw new StileError('invalid_request', `There is no such scope. Choose one of ${Object.keys(INITIALS).join(', ')}.`)
  }
  if ((scope === 'guard') !== (audience !== undefined && audience !== '')) {
    throw new StileError(
      'invalid_request',
      'A key of scope guard has exactly one audience and other keys have none. Give it, or leave it away.',
    )
  }
  if (!Number.isSafeInteger(ttlSeconds) || ttlSeconds <= 0) {
    throw new StileError('invalid_request', 'The key needs a lifetime in whole seconds, because every key expires.')
  }
  const key = `stile_${INITIALS[scope]}_${base64url(random(KEY_BYTES))}`
  const createdAt = now()
  const record: ApiKeyRecord = {
    id: `key_${base64url(random(ID_BYTES))}`,
    hash: hashOf(key),
    name,
    scope,
    ...(audience !== undefined && { audience }),
    createdAt,
    expiresAt: createdAt + ttlSeconds,
  }
  await store.apiKeys.create(record)
  return { key, record }
}

/**
 * Checks the key that a machine presents and what it may do.
 *
 * @param presented  the bearer token as it came
 * @param scopes  any of these will do; a key that may write may read the same
 * @param audience  if given, the key must be tied to it
 * @throws StileError `unauthenticated` for a key that is malformed, unknown, expired or revoked, all alike; `insufficient_scope` for a
 *   good key of another scope or audience. Neither says anything of the key.
 */
export async function verifyApiKey(
  { store, now }: Pick<ApiKeyDeps, 'store' | 'now'>,
  presented: string | undefined,
  scopes: readonly ApiKeyScope[],
  audience?: string,
): Promise<ApiKeyRecord> {
  const record = presented !== undefined && FORM.test(presented) ? await find(store, presented) : null
  if (record === null || record.revokedAt !== undefined || now() >= record.expiresAt) {
    throw new StileError('unauthenticated', 'The API key is missing, unknown, expired or revoked. Make a new one and configure it.')
  }
  if (!scopes.some((scope) => allows(record.scope, scope))) {
    throw new StileError('insufficient_scope', `This needs a key of scope ${scopes.join(' or ')}; the one presented has ${record.scope}.`)
  }
  if (audience !== undefined && record.audience !== audience) {
    throw new StileError('insufficient_scope', 'The key is tied to another audience. Use the key of the audience that is asked about.')
  }
  return record
}

async function find(store: ApiKeyDeps['store'], presented: string): Promise<ApiKeyRecord | null> {
  const hash = hashOf(presented)
  const record = await store.apiKeys.findByHash(hash)
  // the store's own comparison may be loose (collation, padding) and need not take constant time
  return record !== null && same(record.hash, hash) ? record : null
}

function allows(has: ApiKeyScope, needs: ApiKeyScope): boolean {
  return has === needs || (needs.endsWith(':read') && has === needs.replace(/read$/, 'write'))
}

function same(one: string, other: string): boolean {
  const left = Buffer.from(one)
  const right = Buffer.from(other)
  return left.length === right.length && timingSafeEqual(left, right)
}

function hashOf(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('base64url')
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

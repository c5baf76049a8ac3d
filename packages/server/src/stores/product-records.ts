import type { License, LicenseState } from '@stile/protocol'
import type { NewChange } from './change-log.ts'

/** The license as it is kept, before lifecycle and dates are applied. */
export type LicenseRecord = Readonly<{
  account: string
  id: string
  epoch: number
  tier: string
  features: readonly string[]
  state: LicenseState
  /** When the present state began. */
  stateSince: number
  /** When it expires by itself. */
  endsAt?: number
  raisedAt?: number
  requires?: License['requires']
  updatedAt: number
}>

/** The licenses of accounts. */
export interface LicenseStore {
  get(account: string): Promise<LicenseRecord | null>
  /** Writes only if the stored epoch still is `expectedEpoch` (null: there is none yet), in one transaction with the changes. */
  write(input: Readonly<{ record: LicenseRecord; expectedEpoch: number | null; changes: readonly NewChange[] }>): Promise<boolean>
  /** By account, in order, those after `after`. */
  list(input: Readonly<{ after?: string; limit: number }>): Promise<readonly LicenseRecord[]>
}

/** A policy as it was published. */
export type PublishedPolicyRecord = Readonly<{ revision: number; digest: string; document: unknown; publishedAt: number }>

/** The published policies; the newest is in force. */
export interface PolicyStore {
  current(): Promise<PublishedPolicyRecord | null>
  /** Publishes a document as the next revision, in one transaction with the change; nothing is written if the digest is in force. */
  publish(input: Readonly<{ digest: string; document: unknown; now: number }>): Promise<PublishedPolicyRecord>
}

/** What a key of a machine may do: one key has one scope. */
export type ApiKeyScope = 'guard' | 'licenses:read' | 'licenses:write' | 'sessions:write' | 'subjects:read' | 'subjects:write'

/** A key as it is kept: what it may do and until when, never the key itself. */
export type ApiKeyRecord = Readonly<{
  id: string
  /** SHA-256 of the key, base64url. */
  hash: string
  name: string
  scope: ApiKeyScope
  /** The one audience of a `guard` key. */
  audience?: string
  createdAt: number
  expiresAt: number
  revokedAt?: number
}>

/** The keys of machines. */
export interface ApiKeyStore {
  create(record: ApiKeyRecord): Promise<void>
  findByHash(hash: string): Promise<ApiKeyRecord | null>
  list(): Promise<readonly ApiKeyRecord[]>
  /** False if there is no such key. */
  revoke(input: Readonly<{ id: string; now: number }>): Promise<boolean>
}

/** A key that signs tokens; its private half is sealed. */
export type SigningKeyRecord = Readonly<{
  kid: string
  /** JWK without the private part. */
  publicJwk: Readonly<Record<string, unknown>>
  sealedPrivateJwk: string
  createdAt: number
  /** It signs from here on until the next key's `activeFrom`. */
  activeFrom: number
}>

/** The keys that sign tokens: former, present and next. */
export interface SigningKeyStore {
  list(): Promise<readonly SigningKeyRecord[]>
  /** Adds a key unless one with the same `activeFrom` exists, so that instances that start together agree. */
  create(record: SigningKeyRecord): Promise<boolean>
  /** The same, in one transaction with the change if the key was added. */
  publish(input: Readonly<{ record: SigningKeyRecord; change: NewChange }>): Promise<boolean>
  /**
   * Puts one key in the place of all others, in one transaction with the change that withdraws them. Answers the ids of those that are gone.
   */
  withdrawAll(input: Readonly<{ replacement: SigningKeyRecord; at: number }>): Promise<readonly string[]>
  /** Forgets keys that no token in use was signed with. */
  retire(input: Readonly<{ kids: readonly string[] }>): Promise<void>
}

/** Values that all instances must agree on. */
export interface SettingStore {
  get(name: string): Promise<string | null>
  /** The value of a name; if there is none yet, `value` is kept. Exactly one value wins. */
  pin(input: Readonly<{ name: string; value: string }>): Promise<string>
  set(input: Readonly<{ name: string; value: string }>): Promise<void>
}

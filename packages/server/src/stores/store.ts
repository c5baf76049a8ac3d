import type { Level, License, LicenseState, Method, Operation, Proof, Requirement } from '@stile/protocol'

/**
 * What the service must remember, by need and with the atomicity in the sentence. Every verb resolves after its commit.
 *
 * An error of the store is thrown as it is: the caller answers `service_unavailable` and counts nothing.
 */
export interface Store {
  readonly subjects: SubjectStore
  readonly sessions: SessionStore
  readonly proofs: ProofStore
  readonly devices: DeviceStore
  readonly stepUps: StepUpStore
  readonly registrations: RegistrationStore
  readonly attempts: AttemptStore
  readonly authenticators: AuthenticatorStore
  readonly totp: TotpStore
  readonly licenses: LicenseStore
  readonly policies: PolicyStore
  readonly replay: ReplayStore
  readonly changes: ChangeStore
  readonly apiKeys: ApiKeyStore
  readonly signingKeys: SigningKeyStore
  readonly settings: SettingStore
  /**
   * Deletes what has expired: step-ups, registrations, attempts, replays, sessions and their proofs; and of the change log what a newer
   * change of the same thing has made superfluous.
   */
  sweep(now: number): Promise<void>
  /** Throws where the store cannot read and write. */
  check(): Promise<void>
  /** Finishes what is under way, then lets go. Verbs called later reject. */
  close(): Promise<void>
}

/** One subject in one session on one device. A second key on one session is a new device and has proofs of its own. */
export type SessionKey = Readonly<{ subject: string; sid: string; jkt: string }>

export interface SubjectStore {
  /** The WebAuthn user handle of a subject; `candidate` is kept for ever by the first caller, all callers get the same. */
  userHandle(subject: string, candidate: string): Promise<string>
}

/** `new` and `known` may go on; `ended` was ended on purpose; `expired` outlived its idle or absolute lifetime. */
export type SessionStatus = 'new' | 'known' | 'ended' | 'expired'

export interface SessionStore {
  /**
   * Creates the session of a key or notes that it was seen (written at most once a minute). A session ended for a subject and sid is
   * ended for every key, also for keys seen later. An expired session begins anew, without its proofs, where `authTime` says that the
   * primary login was given after it had expired; an ended one where it was given after the end's `reopensAfter`. Older logins find it
   * ended even then.
   */
  touch(
    input: Readonly<{
      key: SessionKey
      account: string
      now: number
      idleSeconds: number
      absoluteSeconds: number
      /** When the primary login was given, where its issuer is trusted to say so. */
      authTime?: number
    }>,
  ): Promise<SessionStatus>
  /** Ends a session on all its devices and drops its proofs, open step-ups and registrations, in one transaction with the change. */
  end(
    input: Readonly<{
      subject: string
      sid: string
      now: number
      keepUntil: number
      /** Logins given after this instant begin it anew. Absent: none does; of several ends, the strictest counts. */
      reopensAfter?: number
      change: NewChange
    }>,
  ): Promise<void>
}

/** A proof as remembered; `authenticatorId` names what gave it, so that removing the authenticator removes the proof. */
export type StoredProof = Proof & Readonly<{ authenticatorId?: string }>

export interface ProofStore {
  /**
   * Keeps the newest proof per (method, level) of one key, in one transaction with the change; an older one than the kept changes nothing.
   * False, and nothing written, where the session was ended meanwhile, or ended after the proof and begun anew: it must not count.
   */
  record(input: Readonly<{ key: SessionKey; proof: StoredProof; change: NewChange }>): Promise<boolean>
  list(key: SessionKey): Promise<readonly StoredProof[]>
}

export interface DeviceStore {
  /** Remembers that a device key has proven to belong to a subject. Binding twice keeps the first time. */
  bind(input: Readonly<{ subject: string; jkt: string; now: number }>): Promise<void>
  /** Whether the subject has any bound device, and whether this is one. */
  find(input: Readonly<{ subject: string; jkt: string }>): Promise<Readonly<{ any: boolean; bound: boolean }>>
}

export type StepUpRecord = Readonly<{
  id: string
  key: SessionKey
  account: string
  client: string
  audience: string
  feature: string
  requirement: Requirement
  /** The operation of a bound step-up with its digest and salt (base64url). */
  operation?: Readonly<{ params: Operation; digest: string; salt: string }>
  createdAt: number
  expiresAt: number
}>

export interface StepUpStore {
  create(record: StepUpRecord): Promise<void>
  /** The record, also where it has expired: the caller compares `expiresAt`. */
  get(id: string): Promise<StepUpRecord | null>
  /** Stores the challenge of a started method and replaces a former one of that method. False where the step-up is gone. */
  start(input: Readonly<{ id: string; method: Method; challenge: string }>): Promise<boolean>
  /** Reads and deletes the challenge of a method: exactly one caller gets it. */
  takeChallenge(input: Readonly<{ id: string; method: Method }>): Promise<string | null>
  /** Reads and deletes the step-up: exactly one caller gets it. */
  take(id: string): Promise<StepUpRecord | null>
}

export type RegistrationRecord = Readonly<{
  id: string
  key: SessionKey
  method: Method
  /** Passkey: the challenge. TOTP: the sealed secret. */
  secret: string
  /** What bound it: the proof that allowed the enrolment. */
  boundBy: Readonly<{ method: Method | 'login'; level: Level }>
  createdAt: number
  expiresAt: number
}>

export interface RegistrationStore {
  create(record: RegistrationRecord): Promise<void>
  get(id: string): Promise<RegistrationRecord | null>
  /** Reads and deletes: exactly one caller gets it. */
  take(id: string): Promise<RegistrationRecord | null>
}

export interface AttemptStore {
  /** Counts one attempt in a window that begins with its first attempt; answers the count with this one, and when the window ends. */
  hit(input: Readonly<{ key: string; now: number; windowSeconds: number }>): Promise<Readonly<{ count: number; resetsAt: number }>>
  /** Takes back one attempt of the present window, for an attempt that was right or that failed through no fault of the user. */
  forgive(input: Readonly<{ key: string; now: number }>): Promise<void>
  /** The count of the present window, 0 where there is none. */
  count(input: Readonly<{ key: string; now: number }>): Promise<Readonly<{ count: number; resetsAt: number }>>
}

export type PasskeyData = Readonly<{
  method: 'passkey'
  /** base64url; unique over all subjects. */
  credentialId: string
  /** COSE key, base64url. */
  publicKey: string
  counter: number
  transports: readonly string[]
  aaguid: string
  backupEligible: boolean
  backupState: boolean
}>

export type TotpData = Readonly<{
  method: 'totp'
  /** The shared secret, sealed. */
  sealedSecret: string
  /** The newest time step that was accepted. */
  lastStep: number
}>

export type AuthenticatorRecord = Readonly<{
  id: string
  subject: string
  level: Level
  name: string
  createdAt: number
  lastUsedAt?: number
  boundBy: Readonly<{ method: Method | 'login'; level: Level }>
  data: PasskeyData | TotpData
}>

export interface AuthenticatorStore {
  list(subject: string): Promise<readonly AuthenticatorRecord[]>
  get(input: Readonly<{ subject: string; id: string }>): Promise<AuthenticatorRecord | null>
  findByCredentialId(credentialId: string): Promise<AuthenticatorRecord | null>
  /** False, and nothing written, where the credential id is taken by anyone or the subject has `limit` authenticators. */
  create(input: Readonly<{ record: AuthenticatorRecord; limit: number; change: NewChange }>): Promise<boolean>
  /** False where the subject has no such authenticator. */
  rename(input: Readonly<{ subject: string; id: string; name: string; change: NewChange }>): Promise<boolean>
  /** Removes it together with every proof it gave, in one transaction with the change. False where there is none. */
  remove(input: Readonly<{ subject: string; id: string; change: NewChange }>): Promise<boolean>
  /**
   * Compare-and-set of the signature counter: writes only where it still is `expectedCounter`; true for exactly one caller where the
   * counter moves. Passkeys that do not count stay at 0: there the challenge, taken once, is what keeps an assertion from counting twice.
   */
  touch(input: Readonly<{ id: string; expectedCounter: number; counter: number; backupState: boolean; now: number }>): Promise<boolean>
}

export interface TotpStore {
  /** Accepts a time step greater than the last one accepted: true for exactly one caller. Notes `lastUsedAt`. */
  accept(input: Readonly<{ authenticatorId: string; step: number; now: number }>): Promise<boolean>
}

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

export interface LicenseStore {
  get(account: string): Promise<LicenseRecord | null>
  /** Writes only where the stored epoch still is `expectedEpoch` (null: there is none yet), in one transaction with the changes. */
  write(input: Readonly<{ record: LicenseRecord; expectedEpoch: number | null; changes: readonly NewChange[] }>): Promise<boolean>
  /** By account, in order, those after `after`. */
  list(input: Readonly<{ after?: string; limit: number }>): Promise<readonly LicenseRecord[]>
}

export type PublishedPolicyRecord = Readonly<{ revision: number; digest: string; document: unknown; publishedAt: number }>

export interface PolicyStore {
  current(): Promise<PublishedPolicyRecord | null>
  /** Publishes a document as the next revision, in one transaction with the change; where the digest is the current one, nothing is written. */
  publish(input: Readonly<{ digest: string; document: unknown; now: number }>): Promise<PublishedPolicyRecord>
}

export interface ReplayStore {
  /** True for exactly one caller per key until `expiresAt`. */
  once(input: Readonly<{ key: string; now: number; expiresAt: number }>): Promise<boolean>
}

/** What has changed: the log behind events and feed. */
export type NewChange = Readonly<
  {
    at: number
  } & (
    | { type: 'license'; account: string }
    | { type: 'policy'; revision: number; digest: string }
    | { type: 'revoked'; account?: string; subject?: string; sid?: string; before: number }
    | { type: 'authenticators'; subject: string }
    | { type: 'proofs'; subject: string; sid: string }
  )
>

export type Change = NewChange & Readonly<{ cursor: number }>

export interface ChangeStore {
  /** The changes after a cursor, oldest first. */
  after(input: Readonly<{ cursor: number; limit: number }>): Promise<readonly Change[]>
  /** The newest cursor, 0 where nothing has changed yet. */
  head(): Promise<number>
  /** Names this store's life: another generation means that cursors of the former say nothing. */
  generation(): Promise<string>
  /** Calls the listener after a commit that appended changes; answers how to stop. */
  watch(listener: () => void): () => void
}

/** Keys of machines: 256 bits, prefixed, kept as a hash, expiring, of a single scope. */
export type ApiKeyScope = 'guard' | 'licenses:read' | 'licenses:write'

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

export interface ApiKeyStore {
  create(record: ApiKeyRecord): Promise<void>
  findByHash(hash: string): Promise<ApiKeyRecord | null>
  list(): Promise<readonly ApiKeyRecord[]>
  /** False where there is no such key. */
  revoke(input: Readonly<{ id: string; now: number }>): Promise<boolean>
}

export type SigningKeyRecord = Readonly<{
  kid: string
  /** JWK without the private part. */
  publicJwk: Readonly<Record<string, unknown>>
  sealedPrivateJwk: string
  createdAt: number
  /** It signs from here on until the next key's `activeFrom`. */
  activeFrom: number
}>

export interface SigningKeyStore {
  list(): Promise<readonly SigningKeyRecord[]>
  /** Adds a key unless one with the same `activeFrom` exists, so that instances that start together agree. */
  create(record: SigningKeyRecord): Promise<boolean>
  /** Forgets keys that no token in use was signed with. */
  retire(input: Readonly<{ kids: readonly string[] }>): Promise<void>
}

export interface SettingStore {
  /** The value of a name; where there is none yet, `value` is kept. Exactly one value wins. */
  pin(input: Readonly<{ name: string; value: string }>): Promise<string>
  set(input: Readonly<{ name: string; value: string }>): Promise<void>
}

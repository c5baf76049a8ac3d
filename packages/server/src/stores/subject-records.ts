import type { Level, Method, Operation, Requirement } from '@stile/protocol'
import type { NewChange } from './change-log.ts'
import type { NewNotice } from './mail-records.ts'
import type { UsedOperation } from './operation-records.ts'
import type { SessionKey, StoredProof } from './session-records.ts'

/** What WebAuthn knows a subject by. */
export interface SubjectStore {
  /** The WebAuthn user handle of a subject; `candidate` is kept for ever by the first caller, all callers get the same. */
  userHandle(subject: string, candidate: string): Promise<string>
}

/** One step-up under way. */
export type StepUpRecord = Readonly<{
  id: string
  key: SessionKey
  account: string
  client: string
  audience: string
  feature: string
  requirement: Requirement
  /** The operation of a bound step-up with its digest and salt (base64url). The `id` is there if the service keeps it until it is used. */
  operation?: Readonly<{ id?: string; params: Operation; digest: string; salt: string }>
  createdAt: number
  expiresAt: number
}>

/** Step-ups and the challenges of their methods; each is used once. */
export interface StepUpStore {
  /**
   * Together with the challenge of the method that it is started with, in one transaction. With `most`, so many for the same feature stay of the known
   * devices of a subject, and so many of all their other keys together: the oldest are dropped. With `use`, it is remembered as by
   * {@link ReplayStore.once} in the same transaction; `replayed`, and nothing written, if it was remembered before.
   */
  create(
    record: StepUpRecord,
    opened?: Readonly<{ started?: Readonly<{ method: Method; challenge: string }>; most?: number; use?: Use | undefined }>,
  ): Promise<'created' | 'replayed'>
  /** The record, even if it has expired: the caller compares `expiresAt`. */
  get(id: string): Promise<StepUpRecord | null>
  /** Stores the challenge of a started method and replaces a former one of that method. False if the step-up is gone. */
  start(input: Readonly<{ id: string; method: Method; challenge: string }>): Promise<boolean>
  /**
   * Takes the challenge of a method: exactly one caller gets it. If `challenge` is given, only if it is that one; another one stays, and
   * {@link isOver} knows the one that was taken.
   */
  takeChallenge(input: Readonly<{ id: string; method: Method; challenge?: string }>): Promise<string | null>
  /**
   * The same, and remembers a use as {@link ReplayStore.once} does, in one transaction. `replayed` if it was remembered before: the challenge then
   * stays for the answer that it was given for.
   */
  takeChallengeWith(
    input: Readonly<{ id: string; method: Method; use: Use | undefined }>,
  ): Promise<Readonly<{ challenge: string | null }> | 'replayed'>
  /**
   * Whether an answer comes too late: the step-up is gone, or this very challenge was taken by its value and no other was started since.
   * Tells the second of two right answers from a wrong one.
   */
  isOver(input: Readonly<{ id: string; method: Method; challenge?: string }>): Promise<boolean>
  /** Reads and deletes the step-up: exactly one caller gets it. */
  take(id: string): Promise<StepUpRecord | null>
  /**
   * Ends a step-up with what was proven, in one transaction: notes the use of the authenticator by compare-and-set of its counter, makes the device a
   * known one, keeps the proof with its change, and takes the step-up. Exactly one caller gets `settled`.
   *
   * Of anything else nothing is written: `used` if the counter has moved; `changed` if the step-up is gone, the session has ended, the
   * authenticator is not there any more, or the license of the account, the authenticators or a revocation of the subject, its session or its
   * account has changed after `revision`, so that what was decided on it may not hold any more.
   */
  settle(
    input: Readonly<{
      id: string
      key: SessionKey
      account: string
      /** The newest cursor of the change log before what the decision rests on was read. */
      revision: number
      proof: StoredProof
      use: AuthenticatorUse
      bindsDevice: boolean
      change: NewChange
    }>,
  ): Promise<'settled' | 'used' | 'changed'>
}

/** What was proven to bind an authenticator: a method, the primary login, or an administrator's word. */
export type BoundBy = Readonly<{ method: Method | 'login' | 'admin'; level: Level }>

/** One enrolment under way. */
export type RegistrationRecord = Readonly<{
  id: string
  key: SessionKey
  method: Method
  /** Passkey and security key: the challenge. TOTP: the sealed secret. */
  secret: string
  /** What bound it: the proof that allowed the enrolment. */
  boundBy: BoundBy
  createdAt: number
  expiresAt: number
}>

/** Enrolments under way; each is used once. */
export interface RegistrationStore {
  /** Keeps an enrolment; one of the same session and device that has this id already is replaced. */
  create(record: RegistrationRecord): Promise<void>
  get(id: string): Promise<RegistrationRecord | null>
  /** Reads and deletes: exactly one caller gets it. */
  take(id: string): Promise<RegistrationRecord | null>
}

/** Budgets of guesses, counted exactly. */
export interface AttemptStore {
  /**
   * Counts one attempt in a window that begins with its first attempt; answers the count with this one, and when the window ends. If
   * the window has `limit` attempts already, nothing is counted or written: `counted` is false, and `count` is without this one.
   */
  hit(
    input: Readonly<{ key: string; now: number; windowSeconds: number; limit: number }>,
  ): Promise<Readonly<{ counted: boolean; count: number; resetsAt: number }>>
  /**
   * Takes back one attempt of the window that a hit said ends at `resetsAt`, for an attempt that was right or that failed through no
   * fault of the user. If another window has begun since, nothing is written.
   */
  forgive(input: Readonly<{ key: string; resetsAt: number }>): Promise<void>
  /** The count of the present window, 0 if there is none. */
  count(input: Readonly<{ key: string; now: number }>): Promise<Readonly<{ count: number; resetsAt: number }>>
}

/** What is kept of a passkey or a security key (WebAuthn Level 3 §4, credential record). */
export type WebAuthnData = Readonly<{
  method: 'passkey' | 'security-key'
  /** base64url; unique over all subjects. */
  credentialId: string
  /** COSE key, base64url. */
  publicKey: string
  counter: number
  transports: readonly string[]
  aaguid: string
  backupEligible: boolean
  backupState: boolean
  /** The word of its maker, as it was verified at enrolment. Whether it is trusted is judged each time it counts. */
  attestation?: AttestationEvidence
}>

/** An attestation statement whose signature was right (WebAuthn Level 3 §6.5). */
export type AttestationEvidence = Readonly<{
  format: string
  /** X.509 in DER, base64url, the attestation certificate first; empty if the key vouched for itself. */
  certificates: readonly string[]
}>

/** What is kept of an authenticator app. */
export type TotpData = Readonly<{
  method: 'totp'
  /** The shared secret, sealed. */
  sealedSecret: string
  /** The newest time step that was accepted. */
  lastStep: number
  /** Wrong codes in a row since the last right one. */
  failures: number
  /** When too many of them have switched it off; it stays so. Seconds since the epoch. */
  disabledAt?: number
}>

/** One use of a passkey or a security key: the counter that was read before, and what the authenticator said. */
export type AuthenticatorUse = Readonly<{ id: string; expectedCounter: number; counter: number; backupState: boolean; now: number }>

/** An enrolled thing of a subject, with what bound it. */
export type AuthenticatorRecord = Readonly<{
  id: string
  subject: string
  level: Level
  name: string
  createdAt: number
  lastUsedAt?: number
  boundBy: BoundBy
  /**
   * The recovery that let it in, or that let in what has proven that it may be added: when a code or link was redeemed, in seconds since the
   * epoch, and whether its owner was told. It stays also if what was let in first is removed.
   */
  recovery?: Readonly<{ at: number; told: boolean }>
  data: WebAuthnData | TotpData
}>

/** The authenticators of subjects. What changes them puts its notices into the outbox in the same transaction. */
export interface AuthenticatorStore {
  list(subject: string): Promise<readonly AuthenticatorRecord[]>
  get(input: Readonly<{ subject: string; id: string }>): Promise<AuthenticatorRecord | null>
  findByCredentialId(credentialId: string): Promise<AuthenticatorRecord | null>
  /**
   * False, and nothing written, if the credential id is taken by anyone, the subject has `limit` authenticators, the session in which it was
   * begun has ended since, something is enrolled that is not among `beside`, or the ticket or operation that lets it in is gone. Either
   * is used up in the same transaction: it lets in one authenticator.
   */
  create(
    input: Readonly<{
      record: AuthenticatorRecord
      limit: number
      change: NewChange
      notices?: readonly NewNotice[]
      /** The session in which it was begun, and when. */
      begun?: Readonly<{ key: SessionKey; at: number }>
      /** The ids of all that may be enrolled already, if it was let in because there is nothing that could let it in. */
      beside?: readonly string[]
      /** The session whose ticket is used; it must expire later than `validAfter`. */
      ticket?: Readonly<{ key: SessionKey; validAfter: number }>
      operation?: UsedOperation
    }>,
  ): Promise<boolean>
  /** False, and nothing written, if the subject has no such authenticator, or the operation that it uses up is gone. */
  rename(
    input: Readonly<{
      subject: string
      id: string
      name: string
      change: NewChange
      notices?: readonly NewNotice[]
      operation?: UsedOperation
    }>,
  ): Promise<boolean>
  /**
   * Removes it together with every proof it gave, in one transaction with the changes and the operation that it uses up. False, and nothing
   * written, if there is none, or the operation is gone.
   *
   * Devices that nothing still enrolled vouches for are no longer known, apart from `keepDevice`, the one that it is removed on.
   * If it was the last, devices stay known: nothing could make them known again, and a thief may have removed it.
   */
  remove(
    input: Readonly<{
      subject: string
      id: string
      keepDevice: string
      changes: readonly NewChange[]
      notices?: readonly NewNotice[]
      operation?: UsedOperation
    }>,
  ): Promise<boolean>
  /**
   * Compare-and-set of the signature counter: writes only if it still is `expectedCounter`; true for exactly one caller if the
   * counter moves. Passkeys that do not count stay at 0: there the challenge, taken once, is what keeps an assertion from counting twice.
   */
  touch(input: AuthenticatorUse): Promise<boolean>
  /**
   * Switches an authenticator app off for good if it has `failures` wrong codes in a row, in one transaction with the change and the
   * notices. True for exactly one caller.
   */
  disable(
    input: Readonly<{ subject: string; id: string; failures: number; now: number; change: NewChange; notices?: readonly NewNotice[] }>,
  ): Promise<boolean>
}

/** Which time steps of the authenticator apps of a subject have been used. */
export interface TotpStore {
  /**
   * Accepts a time step greater than the last one accepted of any app of the subject: true for exactly one caller. Notes `lastUsedAt`, and
   * ends the row of wrong codes. False for an app that is switched off.
   */
  accept(input: Readonly<{ subject: string; authenticatorId: string; step: number; now: number }>): Promise<boolean>
}

/** One use of what may be used once: its name, and until when it is remembered. */
export type Use = Readonly<{ key: string; now: number; expiresAt: number }>

/** What may be used once. */
export interface ReplayStore {
  /** True for exactly one caller per key until `expiresAt`. */
  once(use: Use): Promise<boolean>
}

import type { ChangeStore } from './change-log.ts'
import type { DeviceStore } from './device-records.ts'
import type { GuessStore } from './guess-records.ts'
import type { AddressStore, OutboxStore } from './mail-records.ts'
import type { OperationStore } from './operation-records.ts'
import type { ApiKeyStore, LicenseStore, PolicyStore, SettingStore, SigningKeyStore } from './product-records.ts'
import type { RecoveryStore } from './recovery-records.ts'
import type { SealedStore } from './sealed-records.ts'
import type { ProofStore, SessionStore } from './session-records.ts'
import type {
  AttemptStore,
  AuthenticatorStore,
  RegistrationStore,
  ReplayStore,
  StepUpStore,
  SubjectStore,
  TotpStore,
} from './subject-records.ts'

export type * from './change-log.ts'
export type * from './device-records.ts'
export type * from './guess-records.ts'
export type * from './login-records.ts'
export type * from './mail-records.ts'
export type * from './operation-records.ts'
export type * from './product-records.ts'
export type * from './recovery-records.ts'
export type * from './sealed-records.ts'
export type * from './session-records.ts'
export type * from './subject-records.ts'

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
  readonly operations: OperationStore
  readonly registrations: RegistrationStore
  readonly attempts: AttemptStore
  readonly authenticators: AuthenticatorStore
  readonly totp: TotpStore
  readonly guesses: GuessStore
  readonly recovery: RecoveryStore
  readonly licenses: LicenseStore
  readonly policies: PolicyStore
  readonly replay: ReplayStore
  readonly changes: ChangeStore
  readonly addresses: AddressStore
  readonly outbox: OutboxStore
  readonly apiKeys: ApiKeyStore
  readonly signingKeys: SigningKeyStore
  readonly settings: SettingStore
  readonly sealed: SealedStore
  /**
   * Deletes what has expired: step-ups, operations, registrations, attempts, guesses, recovery links and tickets, replays, sessions and their proofs,
   * ends of sessions and keys, owners of logins, what devices without a session call themselves, notices that nobody sends. A session is forgotten
   * once it has expired on all its keys. Of the change log it deletes what a newer change of the same thing has made superfluous.
   */
  sweep(now: number): Promise<void>
  /** Throws if the store cannot read and write. */
  check(): Promise<void>
  /** Finishes what is under way, then lets go. Verbs called later reject. */
  close(): Promise<void>
}

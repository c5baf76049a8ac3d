import type { Operation } from '@stile/protocol'
import type { SessionKey, StoredProof } from './session-records.ts'

/** One operation that was begun in a session on a device: what is to be done, and the proof that was given for it and nothing else. */
export type OperationRecord = Readonly<{
  id: string
  key: SessionKey
  feature: string
  account: string
  audience: string
  params: Operation
  /** base64url */
  digest: string
  /** base64url */
  salt: string
  createdAt: number
  expiresAt: number
  /** Absent until its ceremony was completed. */
  proof?: StoredProof
}>

/** An operation that is used up by what it is for. */
export type UsedOperation = Readonly<{
  id: string
  key: SessionKey
  digest: string
  /** It counts only if its proof is not older than this. */
  provenAfter: number
}>

/**
 * Operations under way. Each is used once, by the verb that does what it is for: in one transaction with it, so that what fails or was
 * cancelled uses up nothing.
 */
export interface OperationStore {
  /** Keeps an operation. If more than `limit` of its session and device wait for a proof, the oldest of them are dropped. */
  begin(input: Readonly<{ record: OperationRecord; limit: number }>): Promise<void>
  /** Those of a session on a device, newest first, also if they have expired: the caller compares `expiresAt`. */
  list(key: SessionKey): Promise<readonly OperationRecord[]>
  /**
   * Takes a step-up and keeps its proof with the operation, in one transaction: true for exactly one caller. False, and nothing written,
   * if the step-up is gone, if the operation is gone or has its proof already, or if what gave the proof was removed.
   */
  prove(input: Readonly<{ stepUp: string; id: string; key: SessionKey; proof: StoredProof; expiresAt: number }>): Promise<boolean>
}

import type { NewChange } from './change-log.ts'

/** The kinds of rows that hold a sealed value. */
export const SEALED_KINDS = ['signing-key', 'authenticator', 'registration', 'sign-in', 'setting'] as const

/** A kind of row that holds a sealed value: an app's secret, one that is being enrolled, a sign-in that is under way. */
export type SealedKind = (typeof SEALED_KINDS)[number]

/** A sealed value and where it stands. */
export type SealedRecord = Readonly<{
  /** Of the row; a sign-in has that of its step-up. */
  id: string
  /** Whose it is; empty for what belongs to the service. */
  subject: string
  sealed: string
}>

/** What is sealed, for the replacement of the secret. */
export interface SealedStore {
  /** The sealed values of a kind that do not begin with `prefix`, by id, those after `after`. */
  list(input: Readonly<{ kind: SealedKind; prefix: string; after: string; limit: number }>): Promise<readonly SealedRecord[]>
  /** Puts `to` in the place of `from`. False if something else stands there now, or nothing. */
  replace(input: Readonly<{ kind: SealedKind; id: string; from: string; to: string }>): Promise<boolean>
  /** Sets a setting in one transaction with the change that tells of it. */
  announce(input: Readonly<{ name: string; value: string; change: NewChange }>): Promise<void>
}

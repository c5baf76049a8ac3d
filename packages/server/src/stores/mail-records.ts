/** What people are told of by mail, without being asked anything. */
export type NoticeKind =
  | 'authenticator_added'
  | 'authenticator_removed'
  | 'authenticator_renamed'
  | 'authenticator_disabled'
  | 'recovery_codes_made'
  | 'recovery_used'
  | 'recovery_link_requested'
  | 'address_changed'
  | 'sessions_ended'
  | 'device_forgotten'

/** What a notice says beside its kind: never a secret, because it is kept and sent in the clear. */
export type NoticeData = Readonly<Record<string, string | number>>

/** A notice that is to be sent. */
export type NewNotice = Readonly<{
  id: string
  subject: string
  /** The address that it goes to, as it was when the change happened. */
  to: string
  kind: NoticeKind
  data: NoticeData
  /** When the change happened, in seconds since the epoch. */
  at: number
}>

/** A notice that somebody has claimed to send; `attempt` counts from 1. */
export type ClaimedNotice = NewNotice & Readonly<{ attempt: number }>

/** Notices that wait to be sent. They are put there by the verbs that they tell of, in the same transaction. */
export interface OutboxStore {
  /**
   * Claims notices that are due, oldest first: each goes to exactly one caller until its lease ends. A caller that dies with a lease loses it,
   * so that a notice is sent at least once.
   */
  claim(input: Readonly<{ now: number; leaseSeconds: number; limit: number }>): Promise<readonly ClaimedNotice[]>
  /** Forgets a notice that was sent or given up. */
  done(input: Readonly<Pick<ClaimedNotice, 'id'>>): Promise<void>
  /** Puts off a notice that could not be sent; nothing is written if another caller has claimed it since. */
  postpone(input: Readonly<Pick<ClaimedNotice, 'id' | 'attempt'> & { dueAt: number }>): Promise<void>
}

/** Who named an address: a verified claim of the login, or an administrator. */
export type AddressSource = 'claim' | 'admin'

/** The address of a subject for mail that proves or tells something. */
export type AddressRecord = Readonly<{
  subject: string
  /** Goes up with every write, from 1. */
  version: number
  /** The pinned address. */
  address: string
  /** The last verified claim that was seen, so that only another one counts as a change. */
  claimed?: string
  /** Takes the place of the pinned address at `settlesAt`; until then no codes are sent. */
  pending?: Readonly<{ address: string; by: AddressSource; settlesAt: number }>
}>

/** The pinned addresses of subjects. */
export interface AddressStore {
  get(subject: string): Promise<AddressRecord | null>
  /**
   * Writes only if the stored version still is one below that of the record (1: there is none yet), in one transaction with the
   * notices. True for exactly one of several callers.
   */
  write(input: Readonly<{ record: AddressRecord; notices: readonly NewNotice[] }>): Promise<boolean>
}

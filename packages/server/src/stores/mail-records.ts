/** What people are told of by mail, without being asked anything. */
export type NoticeKind =
  | 'authenticator_added'
  | 'authenticator_removed'
  | 'authenticator_renamed'
  | 'authenticator_disabled'
  | 'codes_guessed'
  | 'recovery_codes_made'
  | 'recovery_used'
  | 'recovery_link_requested'
  | 'address_changed'
  | 'sessions_ended'
  | 'device_forgotten'
  | 'device_crowded_out'

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

/** Notices of one subject to one address that are told together. */
export type NoticeDigest = Readonly<{
  /** How many there are. */
  count: number
  /** At most 30: first what changes who can get in, then the others, each in the order in which they happened. */
  listed: readonly Readonly<Pick<NewNotice, 'kind' | 'data' | 'at'>>[]
  /** How many more there are of each kind. */
  more: Readonly<Partial<Record<NoticeKind, number>>>
}>

/** Several notices that are sent as one; `at` is when the first of them happened. */
type FoldedNotices = Omit<NewNotice, 'kind' | 'data'> & Readonly<{ kind: 'several_changes'; data: NoticeDigest }>

/** A notice that somebody has claimed to send; `attempt` counts from 1. */
export type ClaimedNotice = (NewNotice | FoldedNotices) & Readonly<{ attempt: number }>

/**
 * Notices that wait to be sent. They are put there by the verbs that they tell of, in the same transaction.
 *
 * The first notice of a subject opens a window of an hour. The first three of each budget in it are due at once; the others are put
 * together into one for each address, which is due when the window ends. What changes who can get into the account has a budget for each
 * kind, and the rest share one.
 */
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

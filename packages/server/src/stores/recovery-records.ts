import type { NewChange } from './change-log.ts'
import type { NewNotice } from './mail-records.ts'
import type { UsedOperation } from './operation-records.ts'
import type { SessionKey, SessionStore } from './session-records.ts'

/** What lets one authenticator in without a proof: in one session on one device, of a code or of an administrator. */
export type TicketRecord = Readonly<{
  key: SessionKey
  by: 'recovery-code' | 'admin'
  /** What it was given for, as {@link RecoveryStore.redeem} got it; absent for one of a version before 0.2.0. */
  digest?: string
  /** The recovery as it is kept with what it lets in; absent for one of a version before 0.2.0. */
  recovery?: Readonly<{ at: number; told: boolean }>
  expiresAt: number
}>

/** What subjects fall back on: codes, links of administrators, and the tickets that they yield. */
export interface RecoveryStore {
  /** How many codes are left, and when they were made. */
  codes(subject: string): Promise<Readonly<{ left: number; madeAt?: number }>>
  /**
   * Replaces all codes of a subject, in one transaction with the notices and the operation that it uses up. False, and nothing written, if
   * the operation is gone.
   */
  replaceCodes(
    input: Readonly<{
      subject: string
      digests: readonly string[]
      now: number
      change: NewChange
      notices?: readonly NewNotice[]
      operation?: UsedOperation
    }>,
  ): Promise<boolean>
  /** Opens a link; a former one of the subject is void from then on. In one transaction with the notices. */
  openLink(input: Readonly<{ subject: string; digest: string; expiresAt: number; notices?: readonly NewNotice[] }>): Promise<void>
  /** Voids a link if it still is that one. */
  closeLink(input: Readonly<{ subject: string; digest: string }>): Promise<void>
  /**
   * Uses up a code or a link of the subject of the key: true for exactly one caller. In one transaction it yields the ticket, which
   * replaces a former one of the session and says whether there were notices, ends the other sessions as {@link SessionStore.endAll} does, and takes the notices. False, and
   * nothing written, if there is no such code or link of this subject, the link has expired, or the session was ended meanwhile.
   */
  redeem(
    input: Readonly<{
      key: SessionKey
      proof: Readonly<{ kind: 'code' | 'link'; digest: string }>
      now: number
      ticketExpiresAt: number
      end: Parameters<SessionStore['endAll']>[0]
      notices?: readonly NewNotice[]
    }>,
  ): Promise<boolean>
  /** The ticket of a session on a device, even if it has expired: the caller compares. */
  ticket(key: SessionKey): Promise<TicketRecord | null>
}

import type { NewChange } from './change-log.ts'
import type { NewNotice } from './mail-records.ts'
import type { UsedOperation } from './operation-records.ts'
import type { SessionKey, SessionStore } from './session-records.ts'

/** A device key of a subject that is known, or that has an open session. */
export type DeviceRecord = Readonly<{
  jkt: string
  /** What it calls itself, such as `Firefox on Windows`; absent if nothing can be told of it. */
  name?: string
  firstSeenAt: number
  lastSeenAt: number
  /** Whether it has proven to belong to the subject. */
  known: boolean
  /** Whether a login belongs to it in an open session, or somebody has signed in on it there through the service. */
  signedIn: boolean
  /** Whether it has proven anything in an open session, be it a code by mail. */
  proven: boolean
}>

/** `any`: the subject has a bound device or had one that was forgotten. `bound`: this one is bound. */
export type KnownDevices = Readonly<{ any: boolean; bound: boolean }>

/** Which device keys a subject has, and which of them are known to belong to them. */
export interface DeviceStore {
  /**
   * Remembers that a device key has proven to belong to a subject, and with which authenticator. Binding twice keeps the first time; if
   * the subject has no such authenticator any more, or the key is in that session no more, as when the device is forgotten, or the session
   * has ended since the proof, nothing is written.
   */
  bind(input: Readonly<{ key: SessionKey; authenticatorId: string; provenAt: number; now: number }>): Promise<void>
  /** Whether a device key is known, and whether the subject has a known one at all. */
  find(input: Readonly<{ subject: string; jkt: string }>): Promise<KnownDevices>
  /**
   * Notes that a device key was seen, and what it calls itself; written if the name is another one, or once an hour. With `readsOnly`, nothing is
   * written; false if something would be.
   */
  see(input: Readonly<{ subject: string; jkt: string; name?: string; now: number; readsOnly?: boolean }>): Promise<boolean>
  /** Those that are known and those that have a session which has not expired, seen last first. */
  list(input: Readonly<{ subject: string; now: number }>): Promise<readonly DeviceRecord[]>
  /**
   * Forgets a device key: it is no longer known, and its sessions end as {@link SessionStore.end} does, with all that was proven and begun in
   * them. In one transaction with the change, and with the operation that it uses up. False, and nothing written, if the operation is gone.
   *
   * The session of `except` goes on for its other keys. For this key alone it ends, whether it was seen there or not: a login begins it again that
   * the issuer confirms for this key later, and what it owned of the login belongs to the key of `except` from here on.
   *
   * The key is also out of every session that it was not seen in. It begins one with a login that was given later, or if its token does not say when,
   * with a token that was made later. A key that forgets itself is kept out so only if it was known: others would leave ends without number.
   *
   * It stays on record that the subject had devices: other device keys are no less new for it.
   */
  forget(
    input: Readonly<{
      subject: string
      jkt: string
      /** The session that goes on. */
      except?: Pick<SessionKey, 'sid' | 'jkt'>
      /**
       * There if the device signs itself out: the session that it does so in, which ends as {@link SessionStore.end} says. Its other sessions begin
       * again with a later login.
       */
      signedOut?: Readonly<{ sid: string; confirmed: boolean; reopensAfter?: number }>
      now: number
      /** Tells of all that ends at once: it names no session. */
      change: NewChange
      notices?: readonly NewNotice[]
      operation?: UsedOperation
    }>,
  ): Promise<boolean>
}

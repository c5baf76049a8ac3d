import type { Proof } from '@stile/protocol'
import type { NewChange } from './change-log.ts'
import type { LoginClaim, LoginVoucher } from './login-records.ts'
import type { NewNotice } from './mail-records.ts'

/** One subject in one session on one device. A second key on one session is a new device and has proofs of its own. */
export type SessionKey = Readonly<{ subject: string; sid: string; jkt: string }>

/**
 * `new` and `known` may go on; `ended` was ended on purpose; `expired` outlived its idle or absolute lifetime; `full` is a new key that takes
 * the place of another one, which must be told: the touch gave no notices. `crowded` is a new key for which there is no room. `unwritten` is only
 * told to a touch that must not write, and says no more than that another one would.
 */
export type SessionStatus = 'new' | 'known' | 'ended' | 'expired' | 'full' | 'crowded' | 'unwritten'

/** What a touch found. */
export type SessionSeen = Readonly<{
  status: SessionStatus
  /** What says that the login is of this key; `none` also if the session may not go on. */
  login: LoginVoucher
  /** When the session expires unless it is used again, in seconds since the epoch; absent if it may not go on. */
  expiresAt?: number
}>

/**
 * How many device keys a subject has in all its sessions before one must go for the next: 200. Only keys that a login belongs to come on top.
 *
 * One goes of those that no login belongs to, that have proven nothing and are not bound: of the same session first, then of the others, the one
 * unseen longest. If there is none, the expired one goes that was seen first. After that, a key that its issuer confirms takes the place of
 * another such one, the first key of a login is let in beyond the number, and any other key is `crowded`: signed in again it owns a login. If the
 * last key of a session goes, the end of the session stays on record.
 */
export const MOST_KEYS = 200

/**
 * How many keys of a subject that signed themselves out alone are kept out one by one: 200. If there is one more, the end goes that was the first, and of
 * sessions without a name none begins any more with a login of before it.
 */
export const MOST_SIGNED_OUT = 200

/** What became of a session that was to begin again. `gone`: there is no such step-up any more. `too_early`: it was ended after the sign-in, or by its issuer. */
export type Reopened = 'reopened' | 'gone' | 'too_early'

/**
 * A key that signs itself out. It is the owner's if a login belongs to it, if it is a known device, or if somebody has signed in on it through the
 * service: anybody can bring another key who has got hold of a token.
 */
export type SigningOut = Readonly<{
  jkt: string
  /** Whether the session token names the key (`cnf`). */
  confirmed: boolean
}>

/** Who was seen in which session, to which key its login belongs, and which sessions were ended. */
export interface SessionStore {
  /**
   * Creates the session of a key or notes that it was seen (written at most once a minute). Whose the login is says {@link LoginVoucher}, and
   * which keys find room {@link MOST_KEYS}.
   *
   * A key that is new to a known session shares its life: it expires when the session does, as it was first seen and last used on any
   * key, so that another key draws out neither lifetime. An expired session begins again, without what belonged to it, if `login` is of this
   * key and was given after it had expired. Ends are found as {@link end}, {@link endAll} and {@link endNamed} say.
   *
   * If a key must go for this one that has not expired, the notices are taken in the same transaction; without them the answer is `full`,
   * and nothing is written.
   */
  touch(
    input: Readonly<{
      key: SessionKey
      account: string
      now: number
      idleSeconds: number
      absoluteSeconds: number
      login: LoginClaim
      /** Whether the subject does something: what a page does by itself draws out no session. */
      active: boolean
      /** What is told if another key is signed out to make room for this one. */
      notices?: readonly NewNotice[]
      /** Whether nothing may be written; the answer is `unwritten` if something would be. Default false. */
      readsOnly?: boolean
    }>,
  ): Promise<SessionSeen>
  /**
   * Ends a session on all its devices and drops all that belongs to it: proofs, step-ups, operations, registrations and tickets. In one
   * transaction with the change. It has then ended for every key, also for keys that are seen later.
   *
   * It begins again with a login that is of its key and was given after `reopensAfter`; older logins find it ended even then. If the issuer
   * says neither in which session nor when a login was given, a token that was made later begins it again: nobody is kept out for good. An end is
   * remembered for a year and a month after somebody last came with it.
   */
  end(
    input: Readonly<{
      subject: string
      sid: string
      /**
       * The key that signs itself out, and whether its token names it. Only if the key is the owner's, as {@link SigningOut} says, does a session
       * end that its issuer names. For any other key that session goes on without it.
       *
       * The end for that key, or of a session without a name, is remembered if it keeps anybody out: the token names the key, a login belongs to it, it
       * is a known device, or it has proven something. With the token of any other key, another one could come.
       */
      signedOut?: SigningOut
      now: number
      /**
       * Logins given after this instant begin it again, unless they were brought before the end: the clock of their issuer may be fast. Absent: none
       * does; of several ends, the strictest counts.
       */
      reopensAfter?: number
      change: NewChange
    }>,
  ): Promise<void>
  /**
   * Ends every session of a subject on all devices, apart from the one of `except`, and drops what {@link end} drops, in one transaction
   * with the one change. A session that begins meanwhile, or that nobody was seen in yet, is ended too
   * if its login was given at `now` or before, or its token was made then and does not say; later ones begin again. Another device on the sid of `except` is
   * ended like another session, and the login of that sid belongs to the spared one from here on. In the same transaction the devices are
   * forgotten if that is asked for, and the notices taken.
   */
  endAll(
    input: Readonly<{
      subject: string
      except?: Pick<SessionKey, 'sid' | 'jkt'>
      now: number
      /** Whether every device that is known, apart from that of `except`, is known no more. False by default. */
      forgetDevices?: boolean
      /** Tells of all of them at once: it names no session. */
      change: NewChange
      notices?: readonly NewNotice[]
    }>,
  ): Promise<void>
  /**
   * Ends the sessions that an issuer knows by one name, no matter of which subject, for good: even if nobody was seen in them yet. Drops what
   * {@link end} drops, in one transaction with a change for each subject.
   *
   * With `subject`, in the same transaction, the sessions of that subject which have no name end too, with a change for each: also those that
   * nobody was seen in yet, if the login or the token was given at `now` or before. Later ones begin again.
   */
  endNamed(
    input: Readonly<{
      issuer: string
      sid: string
      subject?: string
      now: number
      change: (subject: string, sid: string) => NewChange
    }>,
  ): Promise<void>
  /**
   * Begins the session of one key again after a sign-in that the service ran for that key, whatever ended it but its issuer. The session
   * has a new life with that proof alone, and every other key stays as it is. Takes the step-up that the sign-in was given in, all in one
   * transaction with the change: one caller gets `reopened`. With another answer nothing is written.
   */
  reopen(
    input: Readonly<{
      key: SessionKey
      account: string
      now: number
      idleSeconds: number
      absoluteSeconds: number
      stepUpId: string
      proof: StoredProof
      change: NewChange
      /** Taken if another key must go that has not expired, as with {@link touch}. */
      notices?: readonly NewNotice[]
    }>,
  ): Promise<Reopened>
  /** Whether its issuer has ended a session by its name, no matter of which subject: then {@link reopen} does not begin it again either. */
  isEndedByIssuer(session: Pick<SessionKey, 'subject' | 'sid'>): Promise<boolean>
  /** When the session of a key expires unless it is used again, in seconds since the epoch; `null` if it was not seen or was ended. */
  expiresAt(key: SessionKey): Promise<number | null>
  /** The sessions of a subject that have not ended or expired, one for each device, oldest first. */
  list(input: Readonly<{ subject: string; now: number }>): Promise<readonly OpenSession[]>
}

/** A session on one device, with when it was first and last seen. */
export type OpenSession = Readonly<{ sid: string; jkt: string; createdAt: number; seenAt: number }>

/** A proof as remembered; `authenticatorId` names what gave it, so that removing the authenticator removes the proof. */
export type StoredProof = Proof & Readonly<{ authenticatorId?: string }>

/** What each session has proven on each device. */
export interface ProofStore {
  /**
   * Keeps the newest proof per (method, level) of one key, in one transaction with the change; an older one than the kept changes nothing.
   * False, and nothing written, if the key is in no session any more, or its session ended after the proof and began again, or if what gave the
   * proof was removed: it must not count.
   */
  record(input: Readonly<{ key: SessionKey; proof: StoredProof; change: NewChange }>): Promise<boolean>
  list(key: SessionKey): Promise<readonly StoredProof[]>
}

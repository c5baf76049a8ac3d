import type { SessionKey } from '../stores/store.ts'
import type { Caller } from './caller.ts'

/**
 * What the session of a caller is remembered under.
 *
 * Someone who acts for a subject has a record of their own: the separator cannot occur in a subject, because control characters in `sub`
 * are refused. It never goes on the wire: changes and tokens name `caller.subject` and `caller.actor`.
 */
export function sessionKey(caller: Pick<Caller, 'subject' | 'sid' | 'jkt' | 'actor'>): SessionKey {
  const subject = caller.actor === undefined ? caller.subject : `${caller.subject}\u0000act:${caller.actor}`
  return { subject, sid: caller.sid, jkt: caller.jkt }
}

/** The session of an issuer that names none: that of the device key. */
export function deviceSession(jkt: string): string {
  return `dev-${jkt}`
}

/** Whether a session has no name of its issuer. */
export function isDeviceSession(sid: string): boolean {
  return /^dev-[A-Za-z0-9_-]{43}$/.test(sid)
}

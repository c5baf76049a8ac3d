import { actingSubject } from '../stores/session-names.ts'
import type { SessionKey } from '../stores/store.ts'
import type { Caller } from './caller.ts'

/** What the session of a caller is remembered under. Someone who acts for a subject has a record of their own. */
export function sessionKey({ subject, sid, jkt, actor }: Pick<Caller, 'subject' | 'sid' | 'jkt' | 'actor'>): SessionKey {
  return { subject: actor === undefined ? subject : actingSubject({ subject, actor }), sid, jkt }
}

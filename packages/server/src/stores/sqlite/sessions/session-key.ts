import type { SessionKey } from '../../store.ts'

/** Puts the three columns of a session key together again. */
export function keyOf({ subject, sid, jkt }: SessionKey): SessionKey {
  return { subject, sid, jkt }
}

/** Stands for every session of a subject among the ended ones: no session has an empty name. */
export const ALL_SESSIONS = ''

/** Stands for every session of a subject that has no name of its issuer: control characters are in no name of a session. */
export const UNNAMED_SESSIONS = '\u0000'

/** The first half of a subject, with its separator. Among the ended sessions it stands for every subject: none has an empty `sub`. */
export function issuerOf(subject: string): string {
  return subject.slice(0, subject.indexOf('|') + 1)
}

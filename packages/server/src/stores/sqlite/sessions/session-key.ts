import type { SessionKey } from '../../store.ts'

/** Puts the three columns of a session key together again. */
export function keyOf({ subject, sid, jkt }: SessionKey): SessionKey {
  return { subject, sid, jkt }
}

/** Parts a subject from who acts for them: it cannot occur in a subject, because control characters in `sub` are refused. */
const ACTING = '\u0000act:'

/**
 * What the sessions of somebody who acts for a subject are remembered under: they are their own. It never goes on the wire: changes and tokens
 * name the subject and the actor.
 */
export function actingSubject({ subject, actor }: Readonly<{ subject: string; actor: string }>): string {
  return `${subject}${ACTING}${actor}`
}

/** The subject alone, whether somebody acts for them or not. */
export function subjectOf(remembered: string): string {
  return remembered.split(ACTING, 1)[0] ?? remembered
}

/**
 * The name of a session to which its issuer gives none: that of the device key.
 *
 * An issuer that gives a session such a name itself does no harm. It counts as one without a name for that one key of that one subject, and
 * their issuer can begin and end all sessions of theirs anyway.
 */
export function deviceSession(jkt: string): string {
  return `dev-${jkt}`
}

import { ProtocolError } from './error.ts'
import { isName, MAX_NAME_LENGTH, NAME_RULE } from './name.ts'

/** Who someone is: the configured id of the issuer, and the `sub` that the issuer gave, byte for byte. */
export type Subject = Readonly<{ issuer: string; sub: string }>

const ISSUER = /^[a-z0-9-]{1,32}$/

/**
 * Writes a subject as `<issuer>|<sub>`. An issuer id has no `|`, so that no two subjects share a form.
 *
 * @throws ProtocolError `invalid_subject` if the issuer id is not `[a-z0-9-]{1,32}` or the sub no name
 */
export function formatSubject({ issuer, sub }: Subject): string {
  const subject = `${issuer}|${sub}`
  if (parseSubject(subject)?.issuer !== issuer) {
    throw new ProtocolError(
      'invalid_subject',
      `A subject needs an issuer id of [a-z0-9-], 1 to 32 characters, and a sub of 1 to ${MAX_NAME_LENGTH} characters, ${NAME_RULE}: check the issuer's configuration and its sub claim.`,
    )
  }
  return subject
}

/** Splits `<issuer>|<sub>` at the first `|`; `undefined` if it is no subject. Never throws. */
export function parseSubject(subject: string): Subject | undefined {
  const at = subject.indexOf('|')
  const issuer = subject.slice(0, Math.max(at, 0))
  const sub = subject.slice(at + 1)
  return ISSUER.test(issuer) && isName(sub) ? { issuer, sub } : undefined
}

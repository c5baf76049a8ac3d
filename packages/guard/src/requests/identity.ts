import { isName, MAX_ACCOUNT_LENGTH, MAX_NAME_LENGTH, NAME_RULE, parseSubject } from '@stile/protocol'

/** The caller as the application itself verified it: by its own cookie, session or token. */
export type Identity = Readonly<{
  /** The id of the issuer in the service's configuration, `[a-z0-9-]{1,32}`: not its URL. */
  issuer: string
  /** The `sub` of the subject at that issuer. */
  sub: string
  /** Who holds the license. */
  account: string
  /** The session of the primary login, if the application knows it: then a token of another session is refused. */
  sid?: string
  /** Who acts for the subject (RFC 8693 `act.sub`), such as support staff: then only features that allow it pass. */
  actor?: string
}>

/** The subject of an identity as `<issuer id>|<sub>`, or what is wrong with it, in words that repeat nothing of it. */
export type ReadIdentity = Readonly<{ subject: string; fault?: never } | { subject?: never; fault: string }>

/**
 * Reads what `identify` returned.
 *
 * It is checked although the application made it: an account called `..` or an issuer with a `|` would be somebody else's.
 */
export function readIdentity(identity: Identity): ReadIdentity {
  if (typeof identity !== 'object') return { fault: 'It is no object.' }
  const { issuer, sub, account, sid, actor } = identity
  const subject = `${issuer}|${sub}`
  if (typeof issuer !== 'string' || typeof sub !== 'string' || parseSubject(subject)?.issuer !== issuer) {
    if (isName(sub)) return { fault: 'Its issuer is not the id that the service has it under, [a-z0-9-] of 1 to 32 characters.' }
    return notName('sub', MAX_NAME_LENGTH)
  }
  if (!isName(account, MAX_ACCOUNT_LENGTH)) return notName('account', MAX_ACCOUNT_LENGTH)
  if (sid !== undefined && !isName(sid)) return notName('sid', MAX_NAME_LENGTH)
  if (actor !== undefined && !isName(actor)) return notName('actor', MAX_NAME_LENGTH)
  return { subject }
}

function notName(member: string, maxLength: number): ReadIdentity {
  return { fault: `Its ${member} is not a text of 1 to ${maxLength} characters, ${NAME_RULE}.` }
}

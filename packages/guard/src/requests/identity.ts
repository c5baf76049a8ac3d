import { parseSubject } from '@stile/protocol'

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

/** An account may itself be a subject: 32 characters of issuer, the bar, and 255. */
const MAX_LENGTH = 288
const LONE_SURROGATE = /\p{Surrogate}/u

/**
 * The subject of an identity as `<issuer id>|<sub>`, or `undefined` if `identify` returned something else than an identity.
 *
 * It is checked although the application made it: an account called `..` or an issuer with a `|` would be somebody else's.
 */
export function subjectOf(identity: Identity): string | undefined {
  if (typeof identity !== 'object') return undefined
  const { issuer, sub, account, sid, actor } = identity
  if (typeof issuer !== 'string' || typeof sub !== 'string') return undefined
  const subject = `${issuer}|${sub}`
  if (parseSubject(subject)?.issuer !== issuer || !isName(account) || account === '.' || account === '..') return undefined
  if ((sid !== undefined && !isName(sid)) || (actor !== undefined && !isName(actor))) return undefined
  return subject
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH && !LONE_SURROGATE.test(value)
}

/** The longest name that a login provider may give a subject, an account or a session, in characters. */
export const MAX_NAME_LENGTH = 255 as const

/** The longest name of an account, in characters: it may be a subject, which is an issuer id of 32, the bar and a name. */
export const MAX_ACCOUNT_LENGTH = 288 as const

/** What a name is, for messages that say why one was refused. */
export const NAME_RULE = 'without control characters, well-formed, and neither "." nor ".."' as const

/**
 * Whether a value can be kept, compared, shown and put into a path as a name: bounded, no control characters, no lone surrogates, and
 * neither `.` nor `..`, which URLs take for the way to another path (RFC 3986 §5.2.4).
 */
export function isName(value: unknown, maxLength: number = MAX_NAME_LENGTH): value is string {
  if (typeof value !== 'string' || value === '' || value === '.' || value === '..') return false
  return value.length <= maxLength && !/[\p{Cc}\p{Cs}]/u.test(value)
}

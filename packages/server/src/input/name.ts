/** The longest name that a login provider may give a subject, an account or a session, in characters. */
export const MAX_NAME_LENGTH = 255

/** Whether a value can be kept, compared and shown as a name: bounded, no control characters, no lone surrogates. */
export function isName(value: unknown, maxLength: number = MAX_NAME_LENGTH): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxLength && !/[\p{Cc}\p{Cs}]/u.test(value)
}

import { parseSubject } from '@stile/protocol'
import { StileError } from '../error.ts'
import type { FactsDomain } from '../options/domain.ts'

/** The longest name that a login provider may give a subject, an account or a session, in characters. */
export const MAX_NAME_LENGTH = 255

/** Whether a value can be kept, compared and shown as a name: bounded, no control characters, no lone surrogates. */
export function isName(value: unknown, maxLength: number = MAX_NAME_LENGTH): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxLength && !/[\p{Cc}\p{Cs}]/u.test(value)
}

/**
 * The subject that an administrator names. Whether anybody signed in as them is not looked at.
 *
 * @throws {StileError} `invalid_request` if it is not `<issuer id>|<sub>` of a configured issuer
 */
export function namedSubject({ options }: Pick<FactsDomain, 'options'>, text: string): string {
  const parsed = parseSubject(text)
  if (parsed !== undefined && isName(parsed.sub) && options.issuers.some(({ id }) => id === parsed.issuer)) return text
  throw new StileError(
    'invalid_request',
    'The subject is not "<issuer id>|<sub>" of an issuer that is configured. Send it as the token has it in "sub", percent-encoded.',
  )
}

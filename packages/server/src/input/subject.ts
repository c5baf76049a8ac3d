import { parseSubject } from '@stile/protocol'
import type { Domain } from '../domain.ts'
import { StileError } from '../error.ts'
import { isName } from './name.ts'

/**
 * The subject that an administrator names. Whether anybody signed in as them is not looked at.
 *
 * @throws {StileError} `invalid_request` where it is not `<issuer id>|<sub>` of a configured issuer
 */
export function namedSubject({ options }: Pick<Domain, 'options'>, text: string): string {
  const parsed = parseSubject(text)
  if (parsed !== undefined && isName(parsed.sub) && options.issuers.some(({ id }) => id === parsed.issuer)) return text
  throw new StileError(
    'invalid_request',
    'The subject is not "<issuer id>|<sub>" of an issuer that is configured. Send it as the token has it in "sub", percent-encoded.',
  )
}

import { parseSubject } from '@stile/protocol'
import { StileError } from '../error.ts'
import type { FactsDomain } from '../options/domain.ts'

// the one rule for names, which guards use too
export { isName, MAX_NAME_LENGTH } from '@stile/protocol'

/**
 * The subject that an administrator names. Whether anybody signed in as them is not looked at.
 *
 * @throws {StileError} `invalid_request` if it is not `<issuer id>|<sub>` of a configured issuer
 */
export function namedSubject({ options }: Pick<FactsDomain, 'options'>, text: string): string {
  const parsed = parseSubject(text)
  if (parsed !== undefined && options.issuers.some(({ id }) => id === parsed.issuer)) return text
  throw new StileError(
    'invalid_request',
    'The subject is not "<issuer id>|<sub>" of an issuer that is configured. Send it as the token has it in "sub", percent-encoded.',
  )
}

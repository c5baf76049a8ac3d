import { StileError } from '../../error.ts'
import { isName } from '../../input/name.ts'
import type { Call } from '../endpoint/endpoint.ts'

/** An account may be a subject, `<issuer id>|<sub>`: 32 characters, the bar, and 255. */
const MAX_ACCOUNT_LENGTH = 288

/** The account that a path names. */
export function accountOf(call: Call): string {
  const account = call.param('account')
  if (!isName(account, MAX_ACCOUNT_LENGTH))
    throw new StileError('invalid_request', 'The account in the path is not a name. Use a text without control characters.')
  return account
}
